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
    async () => ({ port: 1, close: async () => {} }),
  );
  await Promise.all([served, exited]);
  expect({ said, exits }).toEqual({ said: [], exits: [0] });
});
