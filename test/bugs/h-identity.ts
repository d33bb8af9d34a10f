/** Class H: the server no longer knows which session of the agent is this one. */
import { type Bug, reached } from "../../harness/strength/bug.ts";

export const bugs: readonly Bug[] = [
  {
    id: "agent-session-recorded-after-its-line",
    class: "H",
    story:
      "The agent's own session id is recorded after the line that says it: a crash between them loses it.",
    like: "found here: the name of a session behind the cover of its line",
    mendedIn: "8b61c87",
    expected: ["settles", "finished-call-not-repeated", "resume-carries-finished-calls"],
    patches: [
      {
        file: "src/session/follow.ts",
        find: '        records.push(recorder.record("agent-session", { ...at, agentSessionId: name }));',
        replace: `        ${reached};
        records.push(recorder.record("cover", cover, synced).then(() => recorder.record("agent-session", { ...at, agentSessionId: name })));
        await Promise.all(records);
        return;`,
      },
      {
        file: "src/session/discover.ts",
        find: "  if (session.agentSessionId !== undefined || store === undefined || attempt === undefined) return;",
        replace:
          '  if (session.agentSessionId !== undefined || store === undefined || attempt === undefined || session.id !== "") return;',
      },
    ],
  },
  {
    id: "unnamed-session-not-looked-for",
    class: "H",
    story:
      "An agent that worked and died before its output said who it is, is started afresh and does it all again.",
    like: "found here: an agent behind a buffered stdout; anthropics/claude-code#84468",
    mendedIn: "f0261e7",
    expected: ["settles", "finished-call-not-repeated", "no-blind-retry"],
    patches: [
      {
        file: "src/session/discover.ts",
        find: "  if (session.agentSessionId !== undefined || store === undefined || attempt === undefined) return;",
        replace: `  if (session.agentSessionId !== undefined || store === undefined || attempt === undefined) return;
  ${reached};
  if (session.id !== "") return;`,
      },
    ],
  },
  {
    id: "resumed-as-a-new-conversation",
    class: "H",
    story: "A resume starts the agent without the id of its session: it comes back knowing nothing.",
    like: "anthropics/claude-code#83541",
    expected: ["resume-carries-finished-calls", "finished-call-not-repeated"],
    patches: [
      {
        file: "src/session/dispatch.ts",
        find: "    ...(order.resumes === undefined ? {} : { resume: order.resumes }),",
        replace: `    ...(order.resumes === undefined || !${reached} ? {} : { resume: order.resumes }),`,
      },
    ],
  },
];
