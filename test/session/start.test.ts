/**
 * A session is gone on with by a start: what is put into the agent's store, and what is recorded before and after.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { exclusively, lifeOf } from "../../src/session/context.ts";
import { findAgent, nextAttempt, recordDispatch, startDispatched } from "../../src/session/dispatch.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  agentSession,
  asked,
  begun,
  cover,
  cwd,
  dispatch,
  ended,
  finished,
  home,
  id,
  named,
  project,
  run,
  runEnded,
  said,
  session,
  text,
  whole,
} from "./drafts.ts";
import { living, Machine, recorded, sessionOf, settled, spoken } from "./machine.ts";
import { goesOn, prepared, resume, snapshotPath } from "./resuming.ts";

describe("the start", () => {
  it("is recorded, claimed, the store put in place, and then the agent started", async () => {
    const machine = await spoken(begun, finished);
    machine.put(snapshotPath, JSON.stringify({ id: agentSession, messages: [] }));
    const original = machine.files.bytes(snapshotPath);
    const life = await machine.recovered({ agentEnv: { A: "b" } });
    machine.files.calls.length = 0;
    const order = await prepared(life);
    let wasInPlace = false;
    machine.start = () => {
      wasInPlace = crc32(machine.files.bytes(snapshotPath)) === crc32(order.repairs[0]?.bytes ?? bytesOf(""));
    };
    expect(await resume(life)).toBeUndefined();
    expect(wasInPlace).toBe(true);
    expect(machine.started).toEqual([
      {
        folder: machine.attempt(2),
        command: "/bin/ada",
        args: expect.arrayContaining(["--resume", agentSession]),
        cwd,
        env: { A: "b" },
        marker: `${id}.2`,
      },
    ]);
    const [record] = await recorded(machine, "dispatch");
    expect(record).toMatchObject({
      sessionId: id,
      runId: "r1",
      attempt: 2,
      ask: "Continue where you left off.",
      bootId: "boot",
      namespace: "ns",
      resumes: agentSession,
      handOver: { sends: [{ callId: "c1" }] },
      at: { attempt: 2, byte: 0, k: 1_020_000 },
      atMs: 1_000,
    });
    expect(record).not.toHaveProperty("key");
    expect(record).not.toHaveProperty("over");
    expect(machine.files.bytes(`${machine.attempt(2)}/original-1`)).toEqual(original);
    expect(lifeOf(life.context, id)).toMatchObject({ folderIsDurable: true });
    expect(lifeOf(life.context, id).follower).toBeDefined();
    const about = JSON.parse(Buffer.from(machine.files.bytes(`${machine.attempt(2)}/about.json`)).toString());
    expect(about.map(({ type }: { type: string }) => type)).toEqual([
      "project",
      "session",
      "run",
      "dispatch",
    ]);
    expect(about[0].data).toEqual({ id: "p", name: "p", path: cwd, atMs: 1 });
    expect(about[2].data).toMatchObject({ sessionId: id, runId: "r1", prompt: "do r1", key: "key r1" });
    expect(about[3].data).toMatchObject({ attempt: 2, at: { attempt: 2, byte: 0, k: 1_020_000 } });
    await life.close();
  });

  it("leaves a copy of what it rests on: of its own run and dispatch, and no project that nobody knows", async () => {
    const before = [...begun, cover(1, whole), named(1), ended(1), runEnded(1)];
    const machine = await spoken([...before.slice(1), run("r2"), dispatch(2, "r2")], whole);
    const life = await machine.recovered();
    await resume(life, { ...goesOn, acknowledge: true });
    const about = JSON.parse(Buffer.from(machine.files.bytes(`${machine.attempt(3)}/about.json`)).toString());
    expect(about.map(({ type }: { type: string }) => type)).toEqual(["session", "run", "dispatch"]);
    expect(about[1].data).toMatchObject({ runId: "r2", prompt: "do r2", key: "key r2" });
    expect(about[2].data).toMatchObject({ runId: "r2", attempt: 3, at: { attempt: 3 } });
    await life.close();
  });

  it("says in its record what a host asked for", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    await resume(life, goesOn, { key: "again", over: "pipes", args: ["-x"], env: { C: "d" } });
    expect(await recorded(machine, "dispatch")).toMatchObject([{ key: "again", over: "pipes" }]);
    expect(machine.started).toMatchObject([{ args: ["-x"], env: { C: "d" } }]);
    await life.close();
  });

  it("asks the agent for its model where the session has one", async () => {
    const machine = await spoken([project, session({ model: "large" }), run(), dispatch(1)], []);
    const life = await machine.recovered();
    await resume(life);
    expect(machine.started[0]?.args).toEqual(expect.arrayContaining(["--model", "large"]));
    expect(machine.started[0]?.args).not.toContain("--resume");
    await life.close();
  });

  it("is none where its number is taken: the attempt counts as never started", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    const number = await nextAttempt(life.context, sessionOf(life));
    expect(number).toBe(2);
    machine.files.hook = (call, path) => {
      if (call === "append" && path.endsWith(".journal")) machine.files.folders.add(machine.attempt(2));
    };
    expect(await resume(life)).toContain(`claim failed with EEXIST on ${machine.attempt(2)}`);
    expect(machine.started).toEqual([]);
    expect(machine.fenced).toEqual([machine.attempt(2)]);
    expect((await recorded(machine, "ended")).at(-1)).toMatchObject({
      attempt: 2,
      started: "no",
      seen: `the agent was never started: claim failed with EEXIST on ${machine.attempt(2)}`,
    });
    expect((await recorded(machine, "run-ended")).at(-1)).toMatchObject({ attempt: 2, state: "interrupted" });
    expect(machine.files.watched.size).toBe(0);
    await life.close();
  });

  it("is none where the system refuses, and the session can be gone on with", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    machine.start = () => {
      throw new IoError("EAGAIN", "/bin/ada", "spawn");
    };
    expect(await resume(life)).toBe("The agent could not be started: spawn failed with EAGAIN on /bin/ada.");
    machine.start = () => undefined;
    expect(await resume(life)).toBeUndefined();
    expect(machine.started.map(({ folder }) => folder)).toEqual([machine.attempt(3)]);
    await life.close();
  });

  it("that goes wrong by a fault of ours is no reason to say that the agent never was", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    machine.start = () => {
      throw new Error("ours");
    };
    await expect(resume(life)).rejects.toThrow("ours");
    expect((await recorded(machine, "ended")).filter(({ attempt }) => attempt === 2)).toEqual([]);
    await life.close();
  });

  it("syncs no spool that is new", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    machine.files.calls.length = 0;
    await resume(life);
    expect(machine.files.calls.filter((call) => /^(renew|read-sync)/.test(call))).toEqual([]);
    await life.close();
  });

  it("is none of an attempt that is not on record", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    const order = { runId: "r1", attempt: 9, ask: "a", prompt: "a", repairs: [], executable: "/bin/ada" };
    expect(await startDispatched(life.context, sessionOf(life), order)).toBe("Attempt 9 is not on record.");
    expect(machine.started).toEqual([]);
    await life.close();
  });

  it("has a number that is neither on record nor on the disk", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    for (const name of ["123", "7", "08", "x", "8x", "1234567890"])
      machine.put(`${home}/sessions/${id}/attempts/${name}/spool`, "");
    expect(await nextAttempt(life.context, sessionOf(life))).toBe(124);
    await life.close();
    const empty = new Machine();
    await empty.left([project, session()]);
    const second = await empty.recovered();
    expect(await nextAttempt(second.context, sessionOf(second))).toBe(1);
    await second.close();
  });

  it("finds the agent by its vendor's name, or by what was said", async () => {
    const machine = new Machine();
    const { world, config } = machine;
    expect(await findAgent({ world, config }, "ada")).toBe("ada");
    const said = { ...config, agentCommands: { ada: "/opt/ada" } };
    expect(await findAgent({ world, config: said }, "ada")).toBe("/opt/ada");
  });

  it("leaves a store alone that is what it should be, and keeps no copy of it", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    const { repairs, handOver } = await prepared(life);
    if (handOver === undefined) throw new Error("There is something to be told.");
    machine.put(snapshotPath, Buffer.from(repairs[0]?.bytes ?? []).toString());
    machine.files.calls.length = 0;
    await resume(life, goesOn, { repairs, handOver });
    expect(machine.files.calls).not.toContain(`rename ${snapshotPath}`);
    expect(machine.files.nodes.has(`${machine.attempt(2)}/original-1`)).toBe(false);
    // It was brought to the disk by nobody of ours: its folder's name is none of this attempt's.
    expect(machine.files.calls).not.toContain(`sync-folder ${cwd}/.coding-agent/sessions`);
    await life.close();
  });

  it("makes the folders of a store, each durable, and none outside the workspace", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    machine.files.calls.length = 0;
    await resume(life);
    const synced = machine.files.calls.filter((call) => call.startsWith("sync-folder /work"));
    expect(synced).toEqual([
      `sync-folder ${cwd}`,
      `sync-folder ${cwd}/.coding-agent`,
      `sync-folder ${cwd}/.coding-agent/sessions`,
    ]);
    expect(machine.files.folders).toContain(`${cwd}/.coding-agent/sessions`);
    await life.close();
    const outside = await spoken(begun, finished);
    for (const path of ["/elsewhere", "/elsewhere/deep"]) outside.files.folders.add(path);
    const second = await outside.recovered();
    outside.files.calls.length = 0;
    const bytes = bytesOf("x");
    await resume(second, goesOn, { repairs: [{ path: "/elsewhere/deep/file", bytes, why: "so" }] });
    expect(outside.files.bytes("/elsewhere/deep/file")).toEqual(bytes);
    expect([...outside.files.folders].filter((path) => path.startsWith(`${cwd}/`))).toEqual([]);
    expect(outside.files.calls).not.toContain(`sync-folder ${cwd}`);
    await second.close();
  });

  it("brings to the disk what lives before it had put in place since an agent was started", async () => {
    const repaired = (path: string) => ({
      handOver: { id: "h", sends: [], repairs: [{ path, crc: 1, why: "so" }] },
    });
    const never = { started: "no", exitCode: null };
    // It was seen, or it left an end.
    for (const proof of [[agent(2, 51)], [ended(2, { started: "yes" })]]) {
      const machine = await spoken([
        ...asked.slice(0, 3),
        dispatch(1, "r1", repaired("/a/first/file")),
        ended(1, never),
        dispatch(2, "r1", repaired("/a/old/file")),
        ...proof,
        dispatch(3, "r1", repaired("/a/one/file")),
        ended(3, never),
        dispatch(4, "r1", repaired("/a/two/file")),
        ended(4, never),
        // Of this one the end is lost, and its spool.
        dispatch(5, "r1", repaired("/a/none/file")),
        dispatch(6, "r1"),
        ended(6, never),
      ]);
      for (const folder of ["/a/first", "/a/old", "/a/one", "/a/two"]) machine.files.folders.add(folder);
      const life = await machine.recovered();
      machine.files.calls.length = 0;
      await resume(life, { ...goesOn, acknowledge: true });
      const synced = machine.files.calls.filter((call) => call.startsWith("sync-folder /a"));
      // That of the attempt that was started may be durable or not: nobody knows when it was put there.
      expect(synced).toEqual(["sync-folder /a/old", "sync-folder /a/one", "sync-folder /a/two"]);
      await life.close();
    }
  });

  it("comes before what the agent of before leaves to do: who is settled then is not the one that is started", async () => {
    const machine = await living(begun, finished);
    const life = await machine.recovered();
    await settled();
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const started = exclusively(life.context, id, async () => {
      await gate;
      const order = { runId: "r1", attempt: 2, ask: "a", prompt: "a", repairs: [], executable: "/bin/ada" };
      await recordDispatch(life.context, id, order);
      return startDispatched(life.context, sessionOf(life), order);
    });
    machine.running.delete(50);
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(1))?.("exit");
    await settled();
    expect(sessionOf(life).attempts[0]?.ended).toBeDefined();
    open();
    expect(await started).toBeUndefined();
    await settled();
    expect(lifeOf(life.context, id).follower?.attempt.attempt).toBe(2);
    expect([machine.idle, await recorded(machine, "run-ended")]).toEqual([[], []]);
    await life.close();
  });

  it("ends with the life that another has taken over from: nothing is put in place", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    const { repairs, ask, prompt } = await prepared(life);
    const order = { runId: "r1", attempt: 2, ask, prompt, repairs, executable: "/bin/ada" };
    await recordDispatch(life.context, id, order);
    const next = await machine.begin();
    await expect(startDispatched(life.context, sessionOf(life), order)).rejects.toThrow(
      "Another server has taken over",
    );
    expect(machine.files.nodes.has(snapshotPath)).toBe(false);
    expect(machine.started).toEqual([]);
    await next.ready;
    await next.close();
  });

  it("is followed until it ends; then its session is settled, and what waits may begin", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    await resume(life);
    const idle = machine.idle.length;
    machine.files.appendTo(`${machine.attempt(2)}/spool`, bytesOf(text(said.name, said.done)));
    machine.put(`${machine.attempt(2)}/pid`, "51 510\n");
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(2))?.("exit");
    await settled();
    expect((await recorded(machine, "ended")).at(-1)).toMatchObject({ attempt: 2, exitCode: 0 });
    expect((await recorded(machine, "run-ended")).at(-1)).toMatchObject({ attempt: 2, state: "completed" });
    expect(lifeOf(life.context, id).follower).toBeUndefined();
    expect(machine.idle.length).toBe(idle + 1);
    await life.close();
  });

  it("that can no longer be followed is told", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    await resume(life);
    machine.files.hook = (call, path) => {
      if (call === "read" && path.endsWith("2/spool")) throw new IoError("EIO", path, "read");
    };
    machine.files.appendTo(`${machine.attempt(2)}/spool`, bytesOf(text(said.name)));
    machine.files.watched.get(machine.attempt(2))?.("spool");
    await settled();
    expect(machine.reports).toEqual([
      `Session ${id} can no longer be followed: read failed with EIO on ${machine.attempt(2)}/spool. Restart the server to look again.`,
    ]);
    expect(lifeOf(life.context, id).trouble).toContain("EIO");
    await life.close();
  });
});
