/**
 * How long a line takes from the agent that writes it to a client, beside one fdatasync: with 1 and with 20 live sessions.
 *
 * Always: the agent itself notes the moment at which it writes, and the client the moment at which it has the bytes. The
 * syncs are made meanwhile, by a process of its own, at the same pace and on the same disk: what the disk does to the
 * one it does to the other. The same on a disk on which nothing of ours is going on is told beside it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import { Place, parseFrame } from "../test/orchestrator/helper.ts";
import { percentile } from "./numbers.ts";

/** Between 2 and 18 ms, so that one line may come while another is under way. */
const pausesMs = Array.from({ length: 17 }, (_, line) => 2 + ((line * 7) % 17));

/** Says a line whenever it is nudged, with the moment at which it does, in seconds since 1970. */
const agentScript = (fifo: string) =>
  `started; exec bash -c 'exec 5<>${fifo}; while read -r _ <&5; do printf "{\\"type\\":\\"assistant.text\\",\\"text\\":\\"%s\\"}\\n" "$EPOCHREALTIME"; done'`;

const nowMs = () => performance.timeOrigin + performance.now();

/** Syncs until it is told to end. */
class Syncs {
  readonly #child: ChildProcess;
  readonly #out: Promise<string>;

  constructor(folder: string) {
    const probe = join(import.meta.dirname, "sync-probe.mjs");
    const args = [probe, join(folder, "synced"), JSON.stringify(pausesMs)];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#out = this.#child.stdout === null ? Promise.resolve("[]") : text(this.#child.stdout);
  }

  async times(): Promise<readonly number[]> {
    this.#child.stdin?.end();
    return JSON.parse(await this.#out) as number[];
  }
}

/** Calls back with each event of a stream and the moment at which its bytes came: what a client then does is not asked. */
function follow(
  url: string,
  onEvent: (event: NonNullable<ReturnType<typeof parseFrame>>, atMs: number) => void,
): () => void {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding("utf8").write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  let rest = "";
  socket.on("data", (piece: string) => {
    const atMs = nowMs();
    const frames = (rest + piece).split("\n\n");
    rest = frames.pop() ?? "";
    for (const event of frames.map(parseFrame)) if (event !== undefined) onEvent(event, atMs);
  });
  return () => void socket.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Lines come when agents have something to say, each on its own. All at once is what a promise cannot be made for. So many
 * lines that forty decide p99: of a thousand, two standstills of the disk decide it.
 */
export async function latency(bundle: string): Promise<void> {
  await latencyOf(bundle, "1 live", { sessions: 1, lines: 4_000, atOnce: 1 });
  await latencyOf(bundle, "20 live", { sessions: 20, lines: 4_000, atOnce: 1 });
  await latencyOf(bundle, "20 live, all at the same instant", { sessions: 20, lines: 1_000, atOnce: 20 });
}

interface Load {
  readonly sessions: number;
  readonly lines: number;
  readonly atOnce: number;
}

async function latencyOf(bundle: string, name: string, { sessions, lines, atOnce }: Load): Promise<void> {
  const place = new Place(bundle);
  const ends: (() => void)[] = [];
  try {
    const server = await place.start();
    const times: number[] = [];
    const pipes: number[] = [];
    let onSeen = () => {};
    for (let n = 1; n <= sessions; n++) {
      place.fifo(`in-${n}`);
      place.steps(n, agentScript(`in-${n}`));
      const id = await server.submit(place.workspace, `task ${n}`);
      await server.events(id, (event) => event.type === "session");
      pipes.push(openSync(join(place.workspace, `in-${n}`), "w"));
      const end = follow(`${server.url}/api/sessions/${id}/events`, (event, atMs) => {
        if (event.type !== "text") return;
        times.push(atMs - Number(event.text) * 1_000);
        onSeen();
      });
      ends.push(end);
    }
    const seen = (count: number) =>
      new Promise<void>((resolve) => {
        onSeen = () => times.length >= count && resolve();
        onSeen();
      });
    const alone = await syncsFor(place.folder, 3_000);
    const beside = new Syncs(place.folder);
    for (let line = 0; line < lines; line += atOnce) {
      for (let n = line; n < line + atOnce; n++) writeSync(pipes[n % sessions] ?? 0, "go on\n");
      if (atOnce > 1) await seen(line + atOnce);
      await pause(pausesMs[line % pausesMs.length] ?? 1);
    }
    await seen(lines);
    const meanwhile = await beside.times();
    const quiet = [...alone, ...(await syncsFor(place.folder, 3_000))];
    for (const pipe of pipes) closeSync(pipe);
    const shown = percentile(times, 0.99);
    const beside99 = (syncs: readonly number[]) =>
      `${told(syncs)}: ${(shown / percentile(syncs, 0.99)).toFixed(1)} ×`;
    console.log(
      `latency: ${name}: agent to client ${told(times)}; one fdatasync meanwhile ${beside99(meanwhile)} (${atOnce > 1 ? "nothing promised" : "promised 2 ×"}), one with nothing else going on ${beside99(quiet)}`,
    );
  } finally {
    for (const end of ends) end();
    await place.clean();
  }
}

async function syncsFor(folder: string, ms: number): Promise<readonly number[]> {
  const syncs = new Syncs(folder);
  await pause(ms);
  return syncs.times();
}

function told(times: readonly number[]): string {
  return `p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${percentile(times, 0.99).toFixed(2)} ms`;
}
