/** Mutants of recovery that no test can tell from the code, by why; see `equivalents.ts`. */
import type { Equivalent } from "./equivalents.ts";

/** What stands in that file of src/session, on a line with this. */
const one = (file: string, line: string, ...mutants: readonly string[]): Equivalent => ({
  file: `session/${file}.ts`,
  line,
  ...(mutants.length === 0 ? {} : { mutants }),
});

const stryker = '["Stryker was here"]';

export const guard: readonly Equivalent[] = [
  one("about", "if (file === undefined) return;"),
  one("about", "prompt: run?.prompt, key: run?.key", "run.prompt", "run.key"),
  one("about", "at: fact?.at", "fact.at"),
  one("about", "files.listNow(attempts)) ?? [];", stryker),
  one("about", 'if (record.type !== "run" && record.type !== "dispatch")'),
  one("checkpoint", "(await files.list(home)) ?? []"),
  one("decide", 'one.effect === "partly"', "false", '""', 'one.effect !== "partly"'),
  one("decide", 'call.effect !== "partly"', "true", '""'),
  one("discover", "file !== undefined &&", "true"),
  one("discover", "const opening = sources", 'sources.find(({\n  source\n}) => source === "L").facts'),
  one("dispatch", "(names ?? [])", stryker),
  one("evidence", "living?.prompt", "living.prompt"),
  one("evidence", "run?.cancelled", "run.cancelled"),
  one("follow", "this.#reader === undefined || this.#file === undefined"),
  one("follow", "lines[0]?.range.fromByte ?? 0", "lines[0].range"),
  one("hand-over", "latestRun(session)?.", "latestRun(session).state", "latestRun(session).prompt"),
  one("hand-over", "if (run === undefined) return undefined;"),
  one(
    "hand-over",
    "attempt === last.attempt)?.started ??",
    "attempts.find(({\n  attempt\n}) => attempt === last.attempt).started",
    '""',
  ),
  one("life", "(await folders) ?? []"),
  one("life", "taken.covered && kept !== undefined", "true"),
  one("life", "if (taken.covered) await kept?.close();", "kept.close"),
  one("orphans", 'call.effect === "partly"', "false", '""'),
  one("orphans", "life.orphanWatch === undefined) return;", "false"),
  one("recover", "context.state.sessions.get(id) ?? []"),
  one("recover", "latestRun(session)?.cancelled", "latestRun(session).cancelled"),
  one("settle", "run !== undefined &&", "true"),
  one("sweep", "kin[index]?.identity", "kin[index].identity"),
  one("checkpoint", "const stamp = (await files.stat(", `(await files.stat(\`\${home}/\${name}\`)).stamp`),
  one("settle", "if (run?.cancelled !== undefined &&", "run.cancelled"),
  one("settle", "if (attempt?.ended?.started", "attempt?.ended.started"),
];

export const saving: readonly Equivalent[] = [
  one("about", "files.listNow === undefined ?", "true"),
  one("discover", "if (covers.ends.length === 0) return undefined;"),
  one("follow", "const isRead = this.#isKnown() && !(await", "false", "await this.#drain()"),
  one("follow", "if (exitCode === undefined && !wrapperGone) await this.#watchWrapper();"),
  one("follow", "if (!isRead || exitCode !== undefined || wrapperGone)", "true"),
  one("follow", "lines[0]?.range.fromByte ?? 0", "lines[0]?.range.fromByte && 0"),
  one("late", "if (found.length > 0) context.late"),
  one("orphans", "if (open.length === 0) continue;"),
  one("recover", "if (text === undefined) {"),
  one("settle", "reconciling) await lookForLateWrites", "true"),
  one("shift", "Math.min(size, left + lineBytesMax)"),
  one("shift", "if (toByte > size || crc === noCrc) continue;"),
];

export const noMatch: readonly Equivalent[] = [
  one("evidence", "readStore(context, session) : []", stryker),
  one("covers", "shifts: []", stryker),
  one("dispatch", "handOver?.repairs.map(({ path }) => path) ?? []", stryker),
  one("evidence", "approvals = [] })", stryker),
];

export const implied: readonly Equivalent[] = [
  one("about", "const numberPattern =", "/[1-9]\\d{0,8}$/"),
  one("about", "bytes === undefined ? [] : parseAbout(bytes)", "false"),
  one("about", "if (!Array.isArray(parsed))", "false"),
  one("about", 'typeof one.data !== "object"', "false"),
  one("checkpoint", "number < lengths.length", "number <= lengths.length"),
  one("discover", 'fact.kind === "session" &&', "true"),
  one("follow", 'fact.kind === "session" &&', "true"),
  one("follow", "this.#closed = true;"),
  one("recover", "if (context.closing) return;"),
  one("recover", "const session = life.unnoted === true", "true"),
  one("recover", 'if (attempt.over !== "pipes" && !spoke &&'),
  one("recover", "if (await claimAttempt("),
  one("shift", "if (size < fileByte) return true;"),
  one("shift", "covers.ends.length - 1"),
  one("about", 'one.type === "prompt" && one.at.attempt', "true"),
  one("checkpoint", "/^c1 ", "/c1 (\\d{1,10}) (\\d{1,10})\\n/"),
  one("evidence", 'ability.order === "write-ahead"', "true"),
  one("shift", "let at = line.indexOf(", '""'),
];

export const unused: readonly Equivalent[] = [
  one("about", "return [];", stryker),
  one("about", "bytes === undefined ? [] :", stryker),
  one("decide", "decision.why === undefined ? {}", "false"),
  one("dispatch", 'prompt: "",'),
  one("dispatch", "=== undefined ? {} :", "false"),
  one("follow", '"said"', '""'),
  one("hand-over", "snapshotText === undefined ? {}", "false"),
  one("hand-over", "earlierPrompts: [], handOverId: id, sources: [], sent: []"),
  one("settle", '"living"', '""'),
  one("shift", "} catch {"),
  one("agent-life", "namespace === undefined ? {}", "false"),
  one("checkpoint", "stamp === undefined ? {}", "false"),
  one("dispatch", "if (talk === undefined) return;", "false"),
  one("follow", "const records: Promise<unknown>[] = [];"),
  one("recover", "if (talk !== undefined) follower.speaksWith(talk);", "true"),
  one("settle", "const recorded: Promise<unknown>[] = [];"),
];
