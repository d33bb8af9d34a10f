/**
 * How long a line of an agent takes to a client, beside one fdatasync: with 1 and with 20 live sessions.
 *
 * Always: what is compared is measured in the same run, on the same disk, at the same pace.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Place, parseFrame } from "../test/orchestrator/helper.ts";
import { percentile } from "./numbers.ts";

/**
 * One fdatasync of a line, many times, on the same disk, and as often as lines come: one that comes while the disk stands
 * still waits from the moment at which it came, as a line of an agent does. Else a stall would be met by many lines and by
 * one sync.
 */
async function syncTimes(path: string, count: number): Promise<number[]> {
  const fd = openSync(join(path, "sync-probe"), "a");
  const line = `${"x".repeat(300)}\n`;
  const times: number[] = [];
  let due = performance.now();
  for (let n = 0; n < count; n++) {
    const left = due - performance.now();
    if (left > 0) await pause(left);
    // A timer that comes late is not the disk's doing.
    const from = left > 0 ? performance.now() : due;
    writeSync(fd, line);
    fdatasyncSync(fd);
    times.push(performance.now() - from);
    due += pauseMs(n);
  }
  closeSync(fd);
  return times;
}

/** Between 2 and 18 ms, so that one line may come while another is under way. */
function pauseMs(line: number): number {
  return 2 + ((line * 7) % 17);
}

/** Reads a stream with the moment at which each event's bytes came: what a client then does with them is not asked. */
function eventsAt(
  url: string,
  isLast: (event: NonNullable<ReturnType<typeof parseFrame>>, atMs: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        const atMs = performance.now();
        const frames = (text + piece).split("\n\n");
        text = frames.pop() ?? "";
        for (const event of frames.map(parseFrame))
          if (event !== undefined && isLast(event, atMs)) resolve(void request.destroy());
      });
    });
    request.once("error", reject);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Lines come when agents have something to say, each on its own; syncs are timed before and after, since one that
 * is timed between holds up the client that is to see the line. All at once is what a promise cannot be made for.
 */
export async function latency(bundle: string): Promise<void> {
  await latencyOf(bundle, "1 live", 1, 200, 1);
  await latencyOf(bundle, "20 live", 20, 400, 1);
  await latencyOf(bundle, "20 live, all at the same instant", 20, 400, 20);
}

async function latencyOf(
  bundle: string,
  name: string,
  sessions: number,
  lines: number,
  atOnce: number,
): Promise<void> {
  const place = new Place(bundle);
  try {
    const server = await place.start();
    const times: number[] = [];
    const pipes: number[] = [];
    let seen = () => {};
    const reading: Promise<unknown>[] = [];
    for (let n = 1; n <= sessions; n++) {
      place.fifo(`in-${n}`);
      place.steps(n, `started; exec cat in-${n}`);
      const id = await server.submit(place.workspace, `task ${n}`);
      await server.events(id, (event) => event.type === "session");
      pipes.push(openSync(join(place.workspace, `in-${n}`), "w"));
      const own = lines / sessions;
      let count = 0;
      const isLast = (event: { readonly type: string; readonly [field: string]: unknown }, atMs: number) => {
        if (event.type !== "text") return false;
        times.push(atMs - Number(event.text));
        seen();
        count += 1;
        return count === own;
      };
      reading.push(eventsAt(`${server.url}/api/sessions/${id}/events`, isLast));
    }
    const syncs = await syncTimes(place.folder, 200);
    for (let line = 0; line < lines; line += atOnce) {
      const until = line + atOnce;
      const all = new Promise<void>((resolve) => {
        seen = () => times.length >= until && resolve();
      });
      for (let n = line; n < until; n++)
        writeSync(pipes[n % sessions] ?? 0, `{"type":"assistant.text","text":"${performance.now()}"}\n`);
      if (atOnce > 1) await all;
      await pause(pauseMs(line));
    }
    await Promise.all(reading);
    syncs.push(...(await syncTimes(place.folder, 200)));
    for (const pipe of pipes) closeSync(pipe);
    const [sync, shown] = [percentile(syncs, 0.99), percentile(times, 0.99)];
    console.log(
      `latency: ${name}: agent to client p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${shown.toFixed(2)} ms; one fdatasync p50 ${percentile(syncs, 0.5).toFixed(2)} ms, p99 ${sync.toFixed(2)} ms: ${(shown / sync).toFixed(1)} ×; ${atOnce > 1 ? "nothing promised" : "promised 2 ×"}`,
    );
  } finally {
    await place.clean();
  }
}
