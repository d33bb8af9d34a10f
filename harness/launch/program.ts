/**
 * Programs that Node starts fast: TypeScript bundled to one CommonJS text, and V8's code for every function of it.
 *
 * A start is what a run costs most, and half of a server's start was V8 reading its text, anew in each life.
 * Always: the code is made by the Node that will run it; V8 takes it only for this text and this version of itself,
 * and compiles as ever otherwise, so what runs is the same. Programs are started without flags of V8: any flag
 * voids the code that Node brings along for itself, which costs more than all flags save.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { build, type Plugin } from "esbuild";

export interface Program {
  /** A function expression around the bundle, as Node wraps CommonJS; ASCII. */
  readonly text: string;
  /** V8's code for the text. */
  readonly code: Uint8Array;
  /** Files that went into it, absolute. */
  readonly inputs: readonly string[];
}

/**
 * Bundles and compiles an entry.
 *
 * The entry must not await at its top level: CommonJS cannot.
 *
 * @throws Error with esbuild's message, which names file and line, when the entry cannot be built.
 */
export async function makeProgram(entry: string, plugins: readonly Plugin[] = []): Promise<Program> {
  const absWorkingDir = process.cwd();
  const { outputFiles, metafile } = await build({
    absWorkingDir,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    write: false,
    metafile: true,
    logLevel: "silent",
    legalComments: "none",
    // Less to read at each start; names stay, so that a stack trace can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    charset: "ascii",
    // A text that is run by hand has no loader for import().
    supported: { "dynamic-import": false },
    plugins: [...plugins],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Bundling ${entry} gave no output.`);
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${inAscii(output.text)}\n})`;
  const inputs = Object.keys(metafile.inputs).map((input) => path.resolve(absWorkingDir, input));
  return { text: wrapped, code: await compile(wrapped), inputs };
}

/**
 * esbuild escapes what stands in strings, and leaves regular expressions as they are. One character outside ASCII
 * is more than one of latin1, and V8 refuses its code for a text of another length.
 */
function inAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What a program's files end with; see {@link programFiles}. */
export const programEnds = [".cjs", ".text", ".code"] as const;

/** The files of a program by the end of their names; what is started is the first. */
export function programFiles({
  text,
  code,
}: Program): readonly (readonly [end: string, content: string | Uint8Array])[] {
  return [
    [".cjs", starter],
    [".text", text],
    [".code", code],
  ];
}

/** ASCII is read as latin1: V8 then keeps one byte a character. */
const starter = `"use strict";
const { readFileSync } = require("node:fs");
const file = __filename.slice(0, -"cjs".length);
const script = new (require("node:vm").Script)(readFileSync(file + "text", "latin1"), { filename: file + "text", cachedData: readFileSync(file + "code") });
script.runInThisContext().call(exports, exports, require, module, __filename, __dirname);
`;

/** The flag is back before the code is taken: code names the flags it was made under. */
const compiler = `
const { readFileSync } = require("node:fs");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");
const text = readFileSync(0, "latin1");
setFlagsFromString("--no-lazy");
const script = new Script(text, { filename: "program.cjs" });
setFlagsFromString("--lazy");
process.stdout.write(script.createCachedData());
`;

/** In a process of its own, because flags of V8 are not to be changed in one that goes on. */
async function compile(program: string): Promise<Uint8Array> {
  const child = spawn(process.execPath, ["-e", compiler], { stdio: ["pipe", "pipe", "pipe"], env: {} });
  child.stdin.end(program, "latin1");
  const [code, complaint] = await Promise.all([buffer(child.stdout), text(child.stderr)]);
  if (code.length === 0) throw new Error(`V8 made no code of a program: ${complaint.trim()}`);
  return code;
}
