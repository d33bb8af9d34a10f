/**
 * Codex's command line, as far as orchestrators use it: `app-server`, and `exec [resume <id>] <prompt>`.
 *
 * Always: what comes after `--` is a word; options are accepted without being known, since they change nothing here.
 */

export type CodexLine =
  | { readonly kind: "version" }
  | { readonly kind: "app-server" }
  | { readonly kind: "exec"; readonly prompt: string; readonly resume?: string }
  | { readonly kind: "wrong"; readonly why: string };

const valued = new Set([
  "--model",
  "-m",
  "-c",
  "--config",
  "--enable",
  "--image",
  "--sandbox",
  "--cd",
  "--listen",
]);

/** Parses what came after the executable's name. */
export function parseCodexLine(args: readonly string[]): CodexLine {
  if (args.includes("--version")) return { kind: "version" };
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      words.push(...args.slice(index + 1));
      break;
    }
    if (valued.has(arg)) index += 1;
    else if (!arg.startsWith("-")) words.push(arg);
  }
  const [command, ...rest] = words;
  if (command === "app-server") return { kind: "app-server" };
  if (command !== "exec")
    return {
      kind: "wrong",
      why: `expected "exec" or "app-server", got ${JSON.stringify(command ?? "nothing")}`,
    };
  if (!args.includes("--json")) return { kind: "wrong", why: "this agent only speaks with --json" };
  const [resume, prompt] = rest[0] === "resume" ? rest.slice(1) : [undefined, rest[0]];
  if (prompt === undefined) return { kind: "wrong", why: 'the command "exec" needs a prompt' };
  return { kind: "exec", prompt, ...(resume === undefined ? {} : { resume }) };
}
