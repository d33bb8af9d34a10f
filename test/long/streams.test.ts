/**
 * Streams over any number of connections and server lives, and a client that does not read while 100 MB pass by.
 */
import { readFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { type Event, type Place, parseFrame, type TestServer } from "../orchestrator/helper.ts";
import { usePlace } from "../orchestrator/use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const residentMb = (server: TestServer, field: "VmHWM" | "VmRSS") =>
  Number(
    new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(
      readFileSync(`/proc/${server.child.pid}/status`, "utf8"),
    )?.[1],
  ) / 1024;

const opened = (server: TestServer, id: string) =>
  new Promise<IncomingMessage>((resolve) => get(`${server.url}/api/sessions/${id}/events`, resolve));

it("a client that reads nothing while 100 MB pass costs no memory, holds up nobody, and then gets all of it once", async () => {
  place.fifo("gate");
  // 10,000 lines of 10 kB.
  place.steps(
    1,
    `started; wait_for gate; text=$(head -c 10000 /dev/zero | tr '\\0' x); n=0; while [ $n -lt 10000 ]; do say "{\\"type\\":\\"assistant.text\\",\\"text\\":\\"$n $text\\"}"; n=$((n + 1)); done; completed`,
  );
  const server = await place.start();
  const id = await server.submit(place.workspace);
  await server.events(id, (event) => event.type === "session");
  const slow = await opened(server, id);
  slow.pause();
  const before = residentMb(server, "VmRSS");
  const quick = server.events(id, (event) => event.type === "run-ended");
  await place.release("gate");
  const all = await quick;
  const peak = residentMb(server, "VmHWM");
  console.log(`resident ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at most`);
  expect(peak - before).toBeLessThan(150);
  const events: Event[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of slow) {
    text += decoder.decode(chunk as Buffer, { stream: true });
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const event of frames.map(parseFrame)) if (event?.id !== undefined) events.push(event);
    if (events.at(-1)?.type === "run-ended") break;
  }
  expect(events.map((event) => event.id)).toEqual(
    all.filter((one) => one.id !== undefined).map((one) => one.id),
  );
  expect(events.filter((event) => event.type === "text")).toHaveLength(10_000);
}, 600_000);

it("1,000 slow clients hold nobody up, and every event comes once over reconnects at any place", async () => {
  place.steps(1, `started; ${"call c1 a; result c1 A; ".repeat(20)}completed`);
  const server = await place.start();
  const id = await server.submit(place.workspace);
  const whole = (await server.events(id, (event) => event.type === "run-ended")).filter(
    (event) => event.id !== undefined,
  );
  const slow = await Promise.all(Array.from({ length: 1_000 }, () => opened(server, id)));
  for (const one of slow) one.pause();
  const before = performance.now();
  const other = await server.submit(place.workspace, "another");
  expect(other).not.toBe(id);
  expect(performance.now() - before).toBeLessThan(30_000);
  const seen: Event[] = [];
  while (seen.at(-1)?.type !== "run-ended") {
    let left = 1 + (seen.length % 3);
    const next = await server.events(
      id,
      (event) => {
        if (event.id !== undefined) left -= 1;
        return left === 0;
      },
      seen.at(-1)?.id,
    );
    seen.push(...next.filter((event) => event.id !== undefined));
    if (seen.length === 9) {
      await server.kill("SIGTERM");
      break;
    }
  }
  const second = await place.start();
  const rest = await second.events(id, (event) => event.type === "run-ended", seen.at(-1)?.id);
  seen.push(...rest.filter((event) => event.id !== undefined));
  expect(seen.map((event) => event.id)).toEqual(whole.map((event) => event.id));
  for (const one of slow) one.destroy();
}, 600_000);
