/**
 * Times one fdatasync after another, each of a line that was just written, until its stdin ends; then prints the times in
 * ms as JSON. A process of its own: a sync that is waited for holds nobody else up.
 *
 * Arguments: the file to write to, the pauses between them in ms as JSON. One that comes while the disk stands still
 * waits from the moment at which it was due, as a line of an agent does: else a stall would be met by many lines and by
 * one sync.
 */
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { performance } from "node:perf_hooks";

const [path = "", pauses = "[]"] = process.argv.slice(2);
const pausesMs = JSON.parse(pauses);
const fd = openSync(path, "a");
const line = `${"x".repeat(300)}\n`;
const times = [];
let over = false;
process.stdin.on("end", () => (over = true)).resume();
let due = performance.now();
for (let n = 0; !over; n++) {
  const left = due - performance.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  else await new Promise((resolve) => setImmediate(resolve));
  // A timer that comes late is not the disk's doing.
  const from = left > 0 ? performance.now() : due;
  writeSync(fd, line);
  fdatasyncSync(fd);
  times.push(performance.now() - from);
  due += pausesMs[n % pausesMs.length] ?? 1;
}
process.stdout.write(JSON.stringify(times));
