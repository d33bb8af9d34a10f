/** Whose code a replay runs. */
import { expect, test } from "vitest";
import { replayCommand, replaySubject } from "../../harness/subject/trust.ts";

const refused = (what: string, add: string) => ({
  refusal: `The artifact names ${what}, whose code a replay executes. If you trust it, say so: add ${add} to the command.`,
});

test.each([
  ["reference", {}, { spec: "reference" }],
  ["naive", { subject: "./other.ts" }, { spec: "./other.ts" }],
  ["./mine.ts", {}, refused("a file, ./mine.ts", "--subject ./mine.ts")],
  ["./my own.ts", {}, refused("a file, ./my own.ts", "--subject './my own.ts'")],
  ["toString", {}, refused("a file, toString", "--subject toString")],
  ["./mine.ts", { subject: "./mine.ts" }, { spec: "./mine.ts" }],
  ["controller in /sent", {}, refused("a checkout, /sent", "--checkout /sent")],
  ["controller in /sent", { checkout: "/mine" }, { spec: "controller in /mine" }],
  ["controller", { checkout: "/mine" }, { spec: "controller in /mine" }],
  // A checkout that is trusted does not make a file so.
  [
    "./mine.ts in /sent",
    { checkout: "/sent" },
    refused("a file, ./mine.ts", "--subject ./mine.ts --checkout /sent"),
  ],
] as const)("%s with %j", (stored, named, expected) => {
  expect(replaySubject(stored, named)).toEqual(expected);
});

test.each([
  ["out/plan-0", "reference", "pnpm chaos replay out/plan-0"],
  ["out/plan-0", "./mine.ts", "pnpm chaos replay out/plan-0 --subject ./mine.ts"],
  ["out/plan-0", "controller in /src/it's", "pnpm chaos replay out/plan-0 --checkout '/src/it'\\''s'"],
  ["my out/plan-0", "/a/b.mjs in /c", "pnpm chaos replay 'my out/plan-0' --subject /a/b.mjs --checkout /c"],
])("the command for %s of %s names what has to be named", (artifact, spec, command) => {
  expect(replayCommand(artifact, spec)).toBe(command);
});
