/**
 * A host of its own that reads its agent over pipes, to be killed: `node --import tsx piping-host.ts HOLD AGENT CWD`.
 *
 * Always: one line of JSON on stdout when the agent runs, one when its first output was shown; then it waits for its end.
 */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { type AgentChild, openHold } from "../../src/hold/index.ts";

const [folder = "", agent = "", cwd = ""] = process.argv.slice(2);
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

const told: AgentChild[] = [];
const hold = await openHold({
  folder,
  env: { PATH: process.env.PATH, HOME: dirname(folder) },
  onOver: () => {},
  report: () => {},
  onAgent: ({ child }) => told.push(child),
});
const begun = await hold.begin({ session: "mine", prompt: "please do it", cwd });
if ("refusal" in begun) throw new Error(begun.refusal.message);
const child = begun.attach(spawn(agent, ["chat", begun.turn.prompt], { cwd }));
child.stdout.once("data", async () => {
  const history = await hold.history("mine");
  say({ history: history.map(({ kind }) => kind), session: hold.session("mine") });
});
say({ isTold: told.length === 1 && told[0] === child });
