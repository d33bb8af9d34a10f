/**
 * A server as a program: what it exits with when it is told to stop while it still finds out where its sessions stand.
 */
import { expect, it } from "vitest";
import { serve } from "../../src/orchestrator/serve.ts";
import { dispatch, home, project, run, session } from "../session/drafts.ts";
import { Machine } from "../session/machine.ts";

it("ends with 0 and without a word when it is stopped in the middle of its start", async () => {
  const machine = new Machine();
  // More than are looked at at a time.
  const ids = Array.from({ length: 100 }, (_, n) => n.toString(16).padStart(16, "0"));
  const records = ids.flatMap((sessionId) =>
    [session(), run(), dispatch(1)].map(([type, data]) => [type, { ...data, sessionId }] as const),
  );
  await machine.left([project, ...records]);
  for (const id of ids) machine.put(`${machine.attempt(1, id)}/spool`, "");
  expect(await stoppedWhenListening(machine)).toEqual({ said: [], exits: [0] });
});

it("says in a sentence that it could not end in order, and ends with 1", async () => {
  const ending = await stoppedWhenListening(new Machine(), () => Promise.reject(new Error("no such port")));
  expect(ending).toEqual({
    said: ["holdfast: It could not end in order: no such port. What was acknowledged is on the disk."],
    exits: [1],
  });
});

/** Serves until it listens, and stops it then; what it complained of, and how it exited. */
async function stoppedWhenListening(machine: Machine, close = () => Promise.resolve()) {
  const said: string[] = [];
  const exits: number[] = [];
  let tellExit = () => {};
  const exited = new Promise<void>((resolve) => (tellExit = resolve));
  let stop = () => {};
  const served = serve(
    { home, port: 0 },
    {
      env: {},
      onStop: (callback) => (stop = callback),
      print: (line) => {
        if (line.includes("listening")) stop();
      },
      complain: (line) => void said.push(line),
      exit: (code) => {
        exits.push(code);
        tellExit();
        return undefined as never;
      },
    },
    async () => machine.world,
    async () => ({ port: 1, close }),
  );
  await Promise.all([served, exited]);
  return { said, exits };
}
