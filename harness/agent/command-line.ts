/**
 * The fake agent's command line, as the real one takes it.
 *
 * Always: options may stand before and after `chat`; after `--` everything is a word. What it does not know it
 * refuses with one sentence, so that an orchestrator's mistake shows.
 */

export type CommandLine =
  | { readonly kind: "version" }
  | {
      readonly kind: "chat";
      readonly prompt: string;
      readonly resume: string | undefined;
      readonly model: string | undefined;
    }
  | { readonly kind: "wrong"; readonly why: string };

const flags = new Set(["--stream-json", "--auto-approve", "--version"]);
const valued = new Set(["--model", "--resume", "--system-prompt"]);

/** Parses what came after the executable's name. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const words: string[] = [];
  const given = new Set<string>();
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      words.push(...args.slice(index + 1));
      break;
    }
    const equals = arg.indexOf("=");
    const name = arg.startsWith("--") && equals > 0 ? arg.slice(0, equals) : arg;
    if (flags.has(arg)) given.add(arg);
    else if (valued.has(name)) {
      if (name === arg) index += 1;
      const value = name === arg ? args[index] : arg.slice(equals + 1);
      if (value === undefined) return { kind: "wrong", why: `option ${name} needs a value` };
      values.set(name, value);
    } else if (arg.startsWith("-") && arg !== "-") return { kind: "wrong", why: `unknown option ${arg}` };
    else words.push(arg);
  }
  if (given.has("--version")) return { kind: "version" };
  const [command, prompt, ...rest] = words;
  if (command !== "chat") {
    return { kind: "wrong", why: `expected the command "chat", got ${JSON.stringify(command ?? "nothing")}` };
  }
  if (prompt === undefined) return { kind: "wrong", why: 'the command "chat" needs a prompt' };
  if (rest.length > 0) {
    return { kind: "wrong", why: `expected one prompt, got ${rest.length + 1}; quote it as one argument` };
  }
  if (!given.has("--stream-json")) return { kind: "wrong", why: "this agent only speaks with --stream-json" };
  return { kind: "chat", prompt, resume: values.get("--resume"), model: values.get("--model") };
}
