/**
 * A process's command line as it is told to people, who pass it on.
 *
 * Always: what the name of an argument says is a secret is left out; everything else stands as it is.
 */
const secretName = /key|token|secret|passw|credential/i;

/**
 * The arguments joined by spaces, without secrets.
 *
 * @example commandLine(["pi", "--api-key", "sk-1", "OPENAI_API_KEY=sk-2"]); // "pi --api-key … OPENAI_API_KEY=…"
 */
export function commandLine(args: readonly string[]): string {
  const words = args.map((arg, at) => {
    const before = args[at - 1] ?? "";
    if (/^--?[^\s=]+$/.test(before) && secretName.test(before) && !arg.startsWith("-")) return "…";
    const name = /^[^\s=]+(?==)/.exec(arg)?.[0];
    return name !== undefined && secretName.test(name) ? `${name}=…` : arg;
  });
  return words.join(" ");
}
