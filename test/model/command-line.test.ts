/** Command lines as people are told them. */
import { expect, test } from "vitest";
import { commandLine } from "../../src/model/command-line.ts";

test.each([
  [["pi", "--api-key", "sk-1", "--session", "s"], "pi --api-key … --session s"],
  [["sh", "-c", "make all"], "sh -c make all"],
  [["env", "OPENAI_API_KEY=sk-1", "--token=sk-2", "--level=3"], "env OPENAI_API_KEY=… --token=… --level=3"],
  // A flag behind a flag is none of its values.
  [["git", "--passwords", "--quiet"], "git --passwords --quiet"],
  [[], ""],
])("%j is told as %j", (args, told) => {
  expect(commandLine(args)).toBe(told);
});
