import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Event, Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";
const isCall = (event: Event) => event.type === "call";
const typesOf = (events: readonly Event[]) =>
  events.filter((event) => event.id !== undefined && event.type !== "finding").map((event) => event.type);
const attemptFile = (id: string, name: string) => join(place.home, "sessions", id, "attempts/1", name);
const wrapperOf = (id: string) => Number(readFileSync(attemptFile(id, "started"), "utf8").split(" ")[0]);
const startTimeOf = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ")[19];

/** Cuts the journal before the record of who the agent is, as if the server had been killed there. */
const cutBehindAgent = () => {
  const journal = join(place.home, "journal/00000001.journal");
  const lines = readFileSync(journal, "utf8").split("\n");
  // Who the agent is and what it says are recorded side by side: either may come first.
  const agent = lines.findIndex((line) => /"(agent|agent-session|cover)"\t/.test(line));
  expect(agent).toBeGreaterThan(0);
  writeFileSync(journal, `${lines.slice(0, agent).join("\n")}\n`);
};

describe("a wrapper that was killed under its living agent", () => {
  it.each(["while the server runs", "while no server runs", "before it noted the agent's pid"])(
    "%s: the agent is taken back, and its end is seen",
    async (when) => {
      place.fifo("gate");
      place.steps(1, "started; call c1 one; wait_for gate; result c1 done; completed");
      let server = await place.start();
      const id = await server.submit(place.workspace);
      const before = await server.events(id, isCall);
      if (when === "while the server runs") process.kill(wrapperOf(id), "SIGKILL");
      await server.kill("SIGKILL");
      if (when !== "while the server runs") process.kill(wrapperOf(id), "SIGKILL");
      if (when === "before it noted the agent's pid") {
        // As if it had come to neither: the note is gone, and so is what was recorded of it.
        rmSync(attemptFile(id, "pid"));
        cutBehindAgent();
      }
      server = await place.start();
      const state = await server.session(id);
      expect(state).toMatchObject({ state: "live", attempts: [{ pid: place.pid(1) }] });
      const rest = server.events(id, isEnd, before.at(-1)?.id);
      await place.release("gate");
      expect(typesOf(await rest)).toEqual(["result", "turn-end", "exited", "run-ended"]);
      expect((await rest).at(-1)).toMatchObject({ state: "completed" });
      expect(place.starts()).toBe(1);
    },
  );
});

describe("a pid that another process has by now", () => {
  it("is no living agent and is never signalled, although nobody had recorded who the agent was", async () => {
    place.fifo("gate");
    // A tool that outlives the agent holds its FIFO: with it a pid alone would be believed.
    place.steps(1, "started; call c1 one; (exec sleep 60) <&0 & : >tool; wait_for gate");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await place.appears("tool");
    await first.events(id, isCall);
    await first.kill("SIGKILL");
    process.kill(wrapperOf(id), "SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    cutBehindAgent();
    const [pid, since] = readFileSync(attemptFile(id, "pid"), "utf8").trim().split(" ");
    expect(Number(pid)).toBe(place.pid(1));
    expect(since).not.toBe(startTimeOf(process.pid));
    writeFileSync(attemptFile(id, "pid"), `${process.pid} ${since}\n`);
    const second = await place.start();
    const state = await second.session(id);
    expect(String(state.state)).toMatch(/^interrupted/);
    expect((await second.post(`/api/sessions/${id}/stop`, {})).body.ending).toMatchObject([
      expect.stringContaining("sleep 60"),
    ]);
  });
});

describe("another boot", () => {
  const canMount = spawnSync("unshare", ["-m", "true"]).status === 0;

  it.skipIf(!canMount)("ends what was started before it, whoever has its pid", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, isCall);
    await first.kill("SIGKILL");
    const bootId = join(place.folder, "boot-id");
    writeFileSync(bootId, "11111111-1111-1111-1111-111111111111\n");
    const second = await place.startIn([
      "unshare",
      "-m",
      "sh",
      "-c",
      `mount --bind ${bootId} /proc/sys/kernel/random/boot_id && exec "$@"`,
      "sh",
    ]);
    const state = await second.session(id);
    expect(String(state.state)).toMatch(/^interrupted/);
    expect(JSON.stringify(state.findings)).toContain("ran before the machine was booted again");
    expect((await second.post(`/api/sessions/${id}/stop`, {})).status).toBe(409);
    expect(() => process.kill(place.pid(1), 0)).not.toThrow();
  });
});

describe("a spool", () => {
  it("that grew over its limit while no server ran ends the agent, and says why", async () => {
    place.fifo("gate");
    place.fifo("end");
    place.steps(
      1,
      "started; call c1 one; wait_for gate; head -c 300000 /dev/zero | tr '\\0' x; echo; : >big; wait_for end",
    );
    const limit = ["--spool-bytes-max", "200000"];
    const first = await place.start(...limit);
    const id = await first.submit(place.workspace);
    await first.events(id, isCall);
    await first.kill("SIGKILL");
    await place.release("gate");
    await place.appears("big");
    const second = await place.start(...limit);
    const end = await second.events(id, isEnd);
    expect(typesOf(end)).toEqual(["prompt", "session", "call", "unreadable", "limit", "exited", "run-ended"]);
    expect(end.at(-1)).toMatchObject({ state: "failed", reason: expect.stringContaining("200000 bytes") });
  });

  it("whose last line is torn while the agent lives is read on when the rest comes", async () => {
    place.fifo("gate");
    place.steps(
      1,
      `started; printf '{"type":"tool.call","id":"c1",'; : >half; wait_for gate; say '"name":"run_command","input":{}}'; result c1 done; completed`,
    );
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await place.appears("half");
    await first.kill("SIGKILL");
    const second = await place.start();
    expect((await second.session(id)).findings).toEqual([]);
    const rest = second.events(id, isEnd);
    await place.release("gate");
    expect(typesOf(await rest)).toEqual([
      "prompt",
      "session",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
  });
});

describe("an agent that waits for input", () => {
  it("goes on waiting over any number of servers", async () => {
    place.steps(1, 'started; read -r line; call "$line" one; result "$line" done; completed');
    let server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, (event) => event.type === "session");
    for (let life = 0; life < 2; life++) {
      await server.kill("SIGKILL");
      server = await place.start();
      expect((await server.session(id)).state).toBe("live");
    }
    const rest = server.events(id, isEnd);
    writeFileSync(attemptFile(id, "stdin"), "hello\n", { flag: "r+" });
    expect((await rest).find(isCall)).toMatchObject({ callId: "hello" });
  });
});
