import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { agentPath, type Event, loadAnew, type Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";
const isCall = (event: Event) => event.type === "call";
const callsOf = (session: Record<string, unknown>) =>
  (session.calls as { id: string; state: string; effect: string }[]).map(({ id, state, effect }) => [
    id,
    state,
    effect,
  ]);
const isThere = (pid: number) => {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
  return stat !== "" && stat.split(") ").at(-1)?.[0] !== "Z";
};
const pidIn = (name: string) => Number(readFileSync(join(place.workspace, name), "utf8"));

/** As agents start tools: in a session of their own, without the agent's descriptors. */
const tool = (script: string) => `setsid sh -c '${script}' </dev/null >/dev/null 2>&1 &`;

describe("a tool that outlives its agent", () => {
  it("keeps its call running over a restart, and the session is judged again when it is gone", async () => {
    place.fifo("gate");
    place.fifo("go-on");
    place.steps(
      1,
      `started; call c0 zero; result c0 done; call c1 one; ${tool("echo $$ >tool; read -r _ <go-on; echo done >effect")} wait_for gate`,
    );
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => isCall(event) && event.callId === "c1");
    await place.appears("tool");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const second = await place.start();
    const waiting = await second.session(id);
    expect(waiting.state).toBe("interrupted-indeterminate");
    expect(callsOf(waiting)).toEqual([
      ["c0", "result-elsewhere", "done"],
      ["c1", "running-orphan", "running"],
    ]);
    expect(JSON.stringify(waiting.findings)).toContain(`pid ${pidIn("tool")} `);
    const refused = await second.post(`/api/sessions/${id}/resume`, {});
    const named = {
      code: "tool-alive",
      calls: ["c1"],
      tools: [expect.stringContaining(`pid ${pidIn("tool")} `)],
    };
    expect(refused).toMatchObject({ status: 409, body: { error: named } });
    // Nobody can know yet what it comes to, so nobody can have seen it.
    const hurried = await second.post(`/api/sessions/${id}/resume`, { acknowledge: true });
    expect(hurried).toMatchObject({ status: 409, body: { error: { code: "tool-alive" } } });
    const resolved = second.events(id, (event) => event.type === "finding-resolved");
    await place.release("go-on");
    expect((await resolved).at(-1)?.findingId).toMatch(/^orphan-tool\//);
    expect(readFileSync(join(place.workspace, "effect"), "utf8")).toBe("done\n");
    const judged = await second.session(id);
    expect(callsOf(judged).at(-1)).toEqual(["c1", "indeterminate", "unknown"]);
    expect((await second.post(`/api/sessions/${id}/calls/c1/decision`, { outcome: "done" })).status).toBe(
      200,
    );
  });
});

describe("a tool that outlasts the wait for it", () => {
  it("is gone on beside where a person acknowledges, and the agent is told that its call may have happened", async () => {
    place.fifo("gate");
    place.steps(1, `started; call c1 one; ${tool("echo $$ >tool; exec sleep 60")} wait_for gate`);
    place.steps(2, "started; completed");
    const { startServer, listenHttp, realWorld } = await loadAnew(place.folder, "impatient");
    let outlasted = (_: string) => {};
    const said = new Promise<string>((resolve) => (outlasted = resolve));
    const options = {
      home: place.home,
      port: 0,
      agentCommands: { ada: agentPath },
      agentEnv: { PATH: "/usr/bin:/bin" },
      spoolBytesMax: 1_000_000,
      graceMs: 500,
      orphanWaitMs: 500,
    };
    const server = await startServer(await realWorld("/usr/bin:/bin"), options, listenHttp, outlasted);
    try {
      const client = place.at(server.url);
      const id = await client.submit(place.workspace);
      await client.events(id, isCall);
      await place.appears("tool");
      process.kill(place.pid(1), "SIGKILL");
      await client.events(id, isEnd);
      const early = await client.post(`/api/sessions/${id}/resume`, { acknowledge: true });
      expect(early).toMatchObject({ status: 409, body: { error: { code: "tool-alive" } } });
      expect(await said).toContain("still runs without its agent after 500 ms");
      expect((await client.post(`/api/sessions/${id}/resume`, {})).status).toBe(409);
      const late = await client.post(`/api/sessions/${id}/resume`, { acknowledge: true });
      expect(late.status).toBe(202);
      await client.events(id, (event) => isEnd(event) && event.attempt === 2);
      expect(place.argv(2)).toMatch(/outcome of the following tool calls is unknown[\s\S]*- c1 run_command/);
    } finally {
      await server.close();
      process.kill(pidIn("tool"), "SIGKILL");
    }
  });
});

describe("a stop", () => {
  it("ends the agent and its tools, in whatever session they are, and says what it ended", async () => {
    place.fifo("gate");
    place.steps(1, `started; call c1 one; ${tool("echo $$ >tool; exec sleep 60")} wait_for gate`);
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, isCall);
    await place.appears("tool");
    const stopped = await server.post(`/api/sessions/${id}/stop`, { who: "me" });
    expect(stopped.status).toBe(202);
    expect(stopped.body.ending).toEqual([
      expect.stringMatching(new RegExp(`^agent, pid ${place.pid(1)} `)),
      expect.stringContaining(`pid ${pidIn("tool")} `),
    ]);
    const events = await server.events(id, isEnd);
    expect(events.find((event) => event.type === "swept")).toMatchObject({
      ended: [expect.stringContaining("sleep 60")],
      left: [],
    });
    expect(events.at(-1)).toMatchObject({ state: "cancelled" });
    expect(isThere(pidIn("tool"))).toBe(false);
  });

  it("of an agent that is gone ends the tools that it left, and nobody else's", async () => {
    place.fifo("gate");
    place.steps(1, `started; call c1 one; ${tool("echo $$ >tool; exec sleep 60")} wait_for gate`);
    place.steps(2, `started; call c1 one; ${tool("echo $$ >other; exec sleep 61")} wait_for gate`);
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, isCall);
    await place.appears("tool");
    const neighbour = await server.submit(place.workspace, "another");
    await server.events(neighbour, isCall);
    await place.appears("other");
    process.kill(place.pid(1), "SIGKILL");
    await server.events(id, isEnd);
    expect((await server.post(`/api/sessions/${id}/stop`, {})).body.ending).toEqual([
      expect.stringContaining("sleep 60"),
    ]);
    expect(isThere(pidIn("tool"))).toBe(false);
    expect(isThere(pidIn("other"))).toBe(true);
    expect(callsOf(await server.session(id))).toEqual([["c1", "indeterminate", "unknown"]]);
    expect((await server.post(`/api/sessions/${id}/stop`, {})).status).toBe(409);
    await server.post(`/api/sessions/${neighbour}/stop`, {});
    await server.events(neighbour, isEnd);
    expect(isThere(pidIn("other"))).toBe(false);
  });

  it("that its server did not see through is seen through by the next", async () => {
    place.steps(
      1,
      `trap '' TERM; started; call c1 one; ${tool("echo $$ >tool; exec sleep 60")} while :; do sleep 0.05; done`,
    );
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, isCall);
    await place.appears("tool");
    expect((await first.post(`/api/sessions/${id}/stop`, {})).status).toBe(202);
    await first.kill("SIGKILL");
    const second = await place.start();
    expect((await second.events(id, isEnd)).at(-1)).toMatchObject({ state: "cancelled" });
    expect(isThere(pidIn("tool"))).toBe(false);
  });
});
