/**
 * Several servers on one folder, paused and continued at generated moments, around one session.
 *
 * The agents themselves watch over the promise: each takes a lock in the workspace and notes who holds it when it
 * cannot. Afterwards one more server says what is on record.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { hostFiles } from "../../src/host/files.ts";
import { readJournal } from "../../src/journal/index.ts";
import { Place, type TestServer } from "./helper.ts";

export type Op =
  | { readonly do: "start" }
  | { readonly do: "kill-agent" }
  | { readonly do: "pause" | "continue" | "kill" | "resume" | "stop"; readonly server: number };

export interface Step {
  readonly op: Op;
  readonly waitMs: number;
}

const server = fc.nat({ max: 2 });
const op = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Op>({ do: "start" }) },
  { weight: 2, arbitrary: fc.constant<Op>({ do: "kill-agent" }) },
  { weight: 4, arbitrary: server.map((at): Op => ({ do: "pause", server: at })) },
  { weight: 3, arbitrary: server.map((at): Op => ({ do: "continue", server: at })) },
  { weight: 1, arbitrary: server.map((at): Op => ({ do: "kill", server: at })) },
  { weight: 5, arbitrary: server.map((at): Op => ({ do: "resume", server: at })) },
  { weight: 1, arbitrary: server.map((at): Op => ({ do: "stop", server: at })) },
);
const step = (arbitrary: fc.Arbitrary<Op>) =>
  fc.record({ op: arbitrary, waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 6 }), fc.nat({ max: 40 })) });

/** The seam of a take-over in the middle of anything else. */
const seam = fc
  .tuple(fc.nat({ max: 8 }), fc.constantFrom<Op["do"]>("resume", "stop"))
  .map(([waitMs, what]): Step[] => [
    { op: { do: "kill-agent" }, waitMs: 15 },
    { op: { do: what, server: 0 } as Op, waitMs },
    { op: { do: "pause", server: 0 }, waitMs: 0 },
    { op: { do: "start" }, waitMs: 5 },
    { op: { do: "resume", server: 1 }, waitMs: 5 },
    { op: { do: "continue", server: 0 }, waitMs: 5 },
  ]);

export const interleavings = fc
  .tuple(fc.option(seam, { nil: [] }), fc.array(step(op), { minLength: 3, maxLength: 12 }))
  .map(([first, rest]) => [...first, ...rest]);

/** A living agent that waits; whoever finds another one alive says so. */
const agentScript = `
if ! mkdir lock 2>/dev/null; then
  until [ -s lock/pid ]; do :; done
  read -r other <lock/pid
  if kill -0 "$other" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$other/status" 2>/dev/null; then echo "$other $$" >>doubles; fi
fi
echo "$$" >lock/pid.tmp; mv lock/pid.tmp lock/pid
started; call "c$n" one
exec sleep 300
`;

export interface Outcome {
  /** Pairs of agents that lived at once. */
  readonly doubles: string;
  readonly starts: number;
  /** Attempts whose wrapper won the start marker. */
  readonly startedAttempts: number;
  readonly attemptsOnRecord: number;
  /** Attempts that were acknowledged to a client and are not on record. */
  readonly lostAcknowledged: readonly number[];
  readonly lateWrites: number;
  readonly lateFindings: number;
}

/** Plays the steps on a place that is cleaned by the caller. */
export async function play(
  bundle: string,
  steps: readonly Step[],
): Promise<{ place: Place; outcome: Outcome }> {
  const place = new Place(bundle);
  for (let n = 1; n <= 20; n++) place.steps(n, agentScript);
  const servers: TestServer[] = [await place.start()];
  const first = servers[0];
  if (first === undefined) throw new Error("no server");
  const id = await first.submit(place.workspace);
  await first.events(id, (event) => event.type === "call");
  const token = first.token;
  const acknowledged: number[] = [1];
  const asked: Promise<void>[] = [];
  const ask = (url: string, path: string, body: object) => {
    const asking = fetch(`${url}/api/sessions/${id}/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then(async (response) => {
      const answer = (await response.json()) as { attempt?: number };
      if (response.status === 202 && answer.attempt !== undefined) acknowledged.push(answer.attempt);
    });
    asked.push(asking.catch(() => undefined));
  };
  for (const { op: what, waitMs } of steps) {
    await act(what);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  async function act(what: Op): Promise<void> {
    if (what.do === "start") {
      if (servers.length < 6) servers.push(await place.start());
      return;
    }
    if (what.do === "kill-agent") {
      for (const pid of livingAgents(place)) process.kill(pid, "SIGKILL");
      return;
    }
    // Counted from the newest: 0 is the one that drives.
    const chosen = servers.at(-1 - (what.server % servers.length));
    if (chosen === undefined) return;
    if (what.do === "pause") chosen.child.kill("SIGSTOP");
    else if (what.do === "continue") for (const one of servers) one.child.kill("SIGCONT");
    else if (what.do === "kill") chosen.child.kill("SIGKILL");
    else if (what.do === "resume") ask(chosen.url, "resume", { acknowledge: true });
    else ask(chosen.url, "stop", {});
  }
  for (const one of servers) one.child.kill("SIGCONT");
  await Promise.all(asked);
  for (const one of servers) await one.kill("SIGKILL");
  const last = await place.start();
  const session = await last.session(id, "?check=1");
  const attempts = (session.attempts as { attempt: number }[]).map(({ attempt }) => attempt);
  const folder = join(place.home, "sessions", id, "attempts");
  const history = await readJournal(hostFiles(), join(place.home, "journal"));
  return {
    place,
    outcome: {
      doubles: existsSync(join(place.workspace, "doubles"))
        ? readFileSync(join(place.workspace, "doubles"), "utf8")
        : "",
      starts: place.starts(),
      startedAttempts: readdirSync(folder).filter((name) => wasStarted(join(folder, name))).length,
      attemptsOnRecord: attempts.length,
      lostAcknowledged: acknowledged.filter((attempt) => !attempts.includes(attempt)),
      lateWrites: history.late.filter(({ text }) => text.includes(id)).length,
      lateFindings: (session.findings as { code: string }[]).filter(({ code }) => code === "late-write")
        .length,
    },
  };
}

function livingAgents(place: Place): number[] {
  return readdirSync(place.workspace)
    .filter((name) => name.startsWith("start-"))
    .flatMap((name) => {
      const path = join(place.workspace, name, "pid");
      return existsSync(path) ? [Number(readFileSync(path, "utf8"))] : [];
    })
    .filter((pid) => {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
      return pid > 1 && stat !== "" && stat.split(") ").at(-1)?.[0] !== "Z";
    });
}

function wasStarted(attempt: string): boolean {
  const marker = join(attempt, "started");
  return existsSync(marker) && !readFileSync(marker, "utf8").startsWith("fenced");
}
