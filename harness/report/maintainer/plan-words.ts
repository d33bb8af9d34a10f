/**
 * A plan as a person would tell it: what the agent does, what happens to it, what comes after.
 */
import type { Boundary, Damage, FaultKind, Orphan, Plan, Round } from "../../plan/plan.ts";

/** The plan as steps, in order; no step is longer than a line or two. */
export function planSteps(plan: Plan): readonly string[] {
  return [
    ...plan.sessions.map(sessionWords),
    ...plan.rounds.flatMap((round) => roundSteps(round, plan.mode)),
    ...(plan.boundaries?.ends ?? []).map(endWords),
    ...diskWords(plan.boundaries?.freeBytes),
    "The user looks, and resumes what is not finished.",
  ];
}

function sessionWords(
  { agent, turns }: Plan["sessions"][number],
  index: number,
  all: readonly unknown[],
): string {
  const calls = turns.map(({ script }) => script.replies.reduce((sum, reply) => sum + reply.calls.length, 0));
  const what = calls
    .map((count) => (count === 1 ? "1 tool call" : `${count} tool calls`))
    .join(", then in a further turn ");
  const who = all.length === 1 ? "A session" : `Session ${index + 1}`;
  return `${who} with ${agent ?? "the agent"}: ${what}.`;
}

function roundSteps(
  { at, position, fault, orphan, damage, delayMs = 0, insists = false, version }: Round,
  mode: Plan["mode"],
): readonly string[] {
  const delay = delayMs === 0 || mode === "lockstep" ? "" : `, ${delayMs} ms later`;
  return [
    `${placeWords(at, position)}${delay}: ${faultWords(fault)}.`,
    ...damage.map((one) => `Before the restart ${damageWords(one)}.`),
    ...orphanSteps(orphan, fault),
    ...(version === undefined
      ? []
      : [`What is started then is ${version === "next" ? "a version to come" : "this version"}.`]),
    ...(insists
      ? ["A person resumes every session that has not ended, and once more when that was accepted."]
      : []),
  ];
}

function endWords({ life, operation, mode, fails, power }: Boundary): string {
  const at = `of start ${life} of the server, operation ${operation} on a file`;
  if (fails !== undefined)
    return `Whatever else goes on: ${at} fails with ${fails.code}${fails.stays ? ", and all that follow" : ""}. Then the disk is mended and the server started again.`;
  if (power !== undefined) return `Whatever else goes on: before it comes, ${at}, the power fails.`;
  return `Whatever else goes on: ${momentWords[mode]}, ${at}, the server is gone.`;
}

const momentWords = {
  before: "before it comes",
  after: "when it is done",
  empty: "when the file is emptied and nothing is written yet",
  torn: "when half of it is written",
  fail: "when it has failed",
};

function diskWords(freeBytes: number | undefined): readonly string[] {
  return freeBytes === undefined
    ? []
    : [
        `The server's disk has ${freeBytes} bytes left. When it is full, it is mended and the server started again.`,
      ];
}

const moments: readonly (readonly [RegExp, (number: string) => string])[] = [
  [/^result:(\d+)\/out$/, (number) => `the result of call ${number} is printed`],
  [/^result:(\d+)\/log$/, (number) => `the agent stores the result of call ${number}`],
  [/^call:(\d+)\/out$/, (number) => `call ${number} is printed`],
  [/^call:(\d+)\/log$/, (number) => `the agent stores call ${number}`],
  [/^effect:(\d+)$/, (number) => `call ${number} is executed`],
  [/^text:(\d+)\/out$/, (number) => `text ${number} is printed`],
  [/^final\//, () => "the agent's last words"],
  [/^end\//, () => "the agent says that it is done"],
  [/^exit$/, () => "the agent exits"],
];

function placeWords(at: Round["at"], position: Round["position"]): string {
  if ("phase" in at) return `While the restarted server is ${at.phase}`;
  if ("nth" in at) return `At step ${at.nth + 1} of session ${at.session + 1} (${positionWords[position]})`;
  const found = moments.find(([pattern]) => pattern.test(at.event));
  const [, number = ""] = found?.[0].exec(at.event) ?? [];
  const moment = found === undefined ? `the agent's step "${at.event}"` : found[1](number);
  if (position === "shown") return `When ${moment} and a client has been shown it`;
  if (position === "unread") return `When ${moment} and the server has not read it`;
  return `Just before ${moment}`;
}

const positionWords = { unsent: "before it", unread: "sent, not read", shown: "shown" } as const;

function faultWords(fault: FaultKind): string {
  switch (fault.kind) {
    case "kill":
      return {
        server: "the server is killed (SIGKILL), the agent lives on",
        agent: "the agent is killed (SIGKILL)",
        both: "server and agent are killed (SIGKILL)",
        tree: "the server is killed with everything that it started (SIGKILL)",
      }[fault.target];
    case "term":
      return "the server is asked to end (SIGTERM)";
    case "reload":
      return `a source file is saved and ${fault.by === "tsx" ? "tsx watch" : fault.by} reloads the server`;
    case "freeze":
      return `the server stands still for ${fault.events} steps of the agent`;
    case "disconnect":
      return `the clients lose their connection for ${fault.events} steps of the agent`;
  }
}

function damageWords({ role, how, record }: Damage): string {
  const which =
    role === "log"
      ? record === 0
        ? "the last line of a log"
        : `line ${record + 1} from the end of a log`
      : `a ${role}`;
  return `${which} is ${{ cut: "cut in half", empty: "emptied", nul: "overwritten with zeros", alter: "altered", flip: "altered in one character" }[how]}`;
}

function orphanSteps(
  { beforeRestart, beforeObserve, duringResume }: Orphan,
  fault: FaultKind,
): readonly string[] {
  const lives =
    fault.kind === "term" || fault.kind === "reload" || (fault.kind === "kill" && fault.target === "server");
  if (!lives) return [];
  const words = (steps: number, when: string) =>
    steps === 0 ? [] : [`The agent goes on ${when} (${steps} steps).`];
  return [
    ...words(beforeRestart, "while no server runs"),
    ...words(beforeObserve, "beside the restarted server"),
    ...words(duringResume, "while it is resumed"),
  ];
}
