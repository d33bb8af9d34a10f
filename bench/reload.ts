/**
 * What a reload costs: the start with many sessions beside the start of an empty folder, what idle runs hold, and how
 * long a line of an agent takes to a client beside one fdatasync.
 *
 * Run: node --import tsx bench/reload.ts [start|idle|touch|latency] …   (all without arguments)
 * Always: what is compared is measured in this run, in turns, on the bundled server in processes of its own.
 * Promised: ready with 10,000 finished sessions and 20 active ones in at most 1.5 times the time of an empty folder;
 * from a touched source to adopted and streaming in at most 1.3 times a bare start;
 * agent to client at p99 in at most twice the p99 of one fdatasync, with 1 and with 20 live sessions.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { makeProgram, programFiles } from "../harness/launch/program.ts";
import { Place, type TestServer } from "../test/orchestrator/helper.ts";
import { addFinished } from "./finished.ts";
import { latency } from "./latency.ts";
import { median } from "./numbers.ts";
import { adoptedReloadMs, bareReloadMs, Watched } from "./touch.ts";

const rounds = 41;
const touches = 15;
const finishedSessions = Number(process.env.FINISHED ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const bundle = await writeProgram(folder);
const wanted = process.argv.slice(2);
const measures: Readonly<Record<string, () => Promise<void>>> = {
  start,
  idle,
  touch,
  latency: () => latency(bundle),
};
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
rmSync(folder, { recursive: true, force: true });

/** As the harness starts servers: CommonJS, so that settings of the runtime come in time, and V8's code beside it. */
async function writeProgram(into: string): Promise<string> {
  const program = await makeProgram(join(import.meta.dirname, "../src/orchestrator/main.ts"));
  for (const [end, content] of programFiles(program)) writeFileSync(join(into, `server${end}`), content);
  return join(into, "server.cjs");
}

/** User and system time of a process so far, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function statusKb(pid: number, field: string): number {
  return Number(
    new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1],
  );
}

/** Starts a server; resolves when it is ready. */
async function timed(place: Place): Promise<{ server: TestServer; wallMs: number; cpu: number }> {
  const before = performance.now();
  const server = await place.start();
  for (;;) {
    const { body } = await server.get("/health");
    if (body.ready === true) break;
  }
  const wallMs = performance.now() - before;
  return { server, wallMs, cpu: cpuMs(server.child.pid ?? 0) };
}

async function start(): Promise<void> {
  const empty = new Place(bundle);
  const full = new Place(bundle);
  try {
    const active = 20;
    full.fifo("gate");
    for (let n = 1; n <= active; n++) full.steps(n, "started; call c1 one; wait_for gate; completed");
    const first = await full.start();
    for (let n = 0; n < active; n++) {
      const id = await first.submit(full.workspace, `task ${n}`);
      await first.events(id, (event) => event.type === "call");
    }
    await first.kill("SIGKILL");
    await addFinished(full, finishedSessions);
    const times = {
      empty: [] as number[],
      full: [] as number[],
      emptyCpu: [] as number[],
      fullCpu: [] as number[],
    };
    // The first start after the history was written is not what a reload costs.
    await (await timed(full)).server.kill("SIGTERM");
    for (let round = 0; round < rounds; round++) {
      const bare = await timed(empty);
      times.empty.push(bare.wallMs);
      times.emptyCpu.push(bare.cpu);
      await bare.server.kill("SIGTERM");
      const loaded = await timed(full);
      times.full.push(loaded.wallMs);
      times.fullCpu.push(loaded.cpu);
      if (round === rounds - 1)
        console.log(
          `start: resident ${Math.round(statusKb(loaded.server.child.pid ?? 0, "VmRSS") / 1024)} MB`,
        );
      await loaded.server.kill("SIGTERM");
    }
    const ratio = (median(times.full) / median(times.empty)).toFixed(2);
    const cpu = (median(times.fullCpu) / median(times.emptyCpu)).toFixed(2);
    console.log(
      `start: empty ${Math.round(median(times.empty))} ms, ${finishedSessions} finished + ${active} active ${Math.round(median(times.full))} ms: ${ratio} × (processor time ${median(times.emptyCpu)} and ${median(times.fullCpu)} ms: ${cpu} ×); promised 1.5 ×`,
    );
  } finally {
    await empty.clean();
    await full.clean();
  }
}

async function idle(): Promise<void> {
  const place = new Place(bundle);
  const empty = new Place(bundle);
  const runs = 100;
  try {
    place.fifo("gate");
    for (let n = 1; n <= 49; n++) place.steps(n, "started; call c1 one; wait_for gate");
    const first = await place.start();
    let started = 0;
    for (let workspace = 0; workspace * 40 < runs; workspace++) {
      const path = join(place.folder, `work-${workspace}`);
      mkdirSync(path);
      for (let n = 0; n < 40 && started < runs; n++, started++) {
        place.stepsIn(path, n + 1, "started; call c1 one; exec sleep 600");
        const id = await first.submit(path, `task ${n}`);
        await first.events(id, (event) => event.type === "call");
      }
    }
    const live = Math.round(statusKb(first.child.pid ?? 0, "VmRSS") / 1024);
    const wrappers = place.wrapperPids().map((pid) => statusKb(pid, "RssAnon"));
    await first.kill("SIGKILL");
    const bare: number[] = [];
    const full: number[] = [];
    let resident = 0;
    for (let round = 0; round < rounds; round++) {
      const one = await timed(empty);
      bare.push(one.wallMs);
      await one.server.kill("SIGTERM");
      const two = await timed(place);
      full.push(two.wallMs);
      resident = Math.round(statusKb(two.server.child.pid ?? 0, "VmRSS") / 1024);
      await two.server.kill("SIGTERM");
    }
    console.log(
      `idle: ${runs} idle runs: server resident ${live} MB (after a restart ${resident} MB), a wrapper ${median(wrappers)} kB of its own; ready after ${Math.round(median(full))} ms beside ${Math.round(median(bare))} ms without any: ${(median(full) / median(bare)).toFixed(2)} ×`,
    );
  } finally {
    await place.clean();
    await empty.clean();
  }
}

/** A source is touched under its watcher: with one live session, and with none. */
async function touch(): Promise<void> {
  const place = new Place(bundle);
  const empty = new Place(bundle);
  place.steps(1, "started; call c1 one; exec sleep 600");
  const [loaded, bare] = [await Watched.start(place), await Watched.start(empty)];
  try {
    const client = place.at(loaded.url);
    const id = await client.submit(place.workspace);
    await client.events(id, (event) => event.type === "call");
    const times = { bare: [] as number[], adopted: [] as number[] };
    for (let round = 0; round < touches; round++) {
      times.bare.push(await bareReloadMs(bare, bundle));
      times.adopted.push(await adoptedReloadMs(loaded, bundle, id));
    }
    const ratio = (median(times.adopted) / median(times.bare)).toFixed(2);
    console.log(
      `touch: ready without a session ${Math.round(median(times.bare))} ms, adopted and streaming ${Math.round(median(times.adopted))} ms: ${ratio} ×; promised 1.3 ×`,
    );
  } finally {
    loaded.end();
    bare.end();
    await place.clean();
    await empty.clean();
  }
}
