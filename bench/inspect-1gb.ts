/**
 * How much memory and time `holdfast inspect` takes for a log of one gigabyte, beside reading the same file and calling
 * JSON.parse on each line.
 *
 * Run: node --import tsx bench/inspect-1gb.ts [ada|claude-code|codex|gemini-cli|pi] [megabytes]
 * Always: both are measured in this run, each in a process of its own, in turns; what is measured is the bundled
 * command as a person starts it. Promised: less than 200 MB of resident memory at the most, at most 1.3 times the time.
 * opencode has no lines: its store is a database, which is copied into memory before it is read. One larger than
 * 512 MB is named as unreadable, in the time that it takes to ask for its size.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { generate, shapes } from "./generated-logs.ts";

const megabyte = 1024 * 1024;
const rounds = 2;
/** Reads the file in pieces and parses each line: what nobody can do without. */
const baseline = `
import { openSync, readSync } from "node:fs";
const file = openSync(process.argv[1], "r");
const chunk = Buffer.alloc(1024 * 1024);
let rest = Buffer.alloc(0);
let lines = 0;
for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
  const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
  let from = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    JSON.parse(bytes.toString("utf8", from, end));
    lines += 1;
    from = end + 1;
  }
  rest = bytes.subarray(from);
}
`;

interface Measured {
  /** As the clock on the wall has it: other work on the machine is in it. */
  readonly seconds: number;
  /** Time of all processors. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  readonly code: number | null;
  readonly out: string;
}

/** The process says at its end how much it had at the most. */
const telling = `data:text/javascript,${encodeURIComponent(
  "process.on('exit',()=>process.stderr.write('\\nrss '+process.resourceUsage().maxRSS+' cpu '+(process.cpuUsage().user+process.cpuUsage().system)+'\\n'))",
)}`;

function measure(args: readonly string[], home: string): Promise<Measured> {
  const started = process.hrtime.bigint();
  const env = { PATH: process.env.PATH ?? "", HOME: home };
  const child = spawn(process.execPath, ["--import", telling, ...args], { env });
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Buffer) => (out = (out + data.toString()).slice(-4_000)));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const kilobytes = Number(/rss (\d+)/.exec(err)?.[1] ?? Number.NaN);
      const cpuSeconds = Number(/cpu (\d+)/.exec(err)?.[1] ?? Number.NaN) / 1e6;
      resolve({ seconds, cpuSeconds, residentMegabytes: kilobytes / 1024, code, out: out || err });
    });
  });
}

/** The rounds' best: everything else is other work. */
function leastOf(measured: readonly Measured[]): { readonly seconds: number; readonly cpuSeconds: number } {
  return {
    seconds: Math.min(...measured.map(({ seconds }) => seconds)),
    cpuSeconds: Math.min(...measured.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

async function main(): Promise<void> {
  const [agent = "ada", size = "1024"] = process.argv.slice(2);
  const shape = shapes[agent];
  if (shape === undefined) throw new Error(`There is no log to generate for ${agent}.`);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  try {
    const project = join(folder, "project");
    mkdirSync(project);
    const path = join(folder, shape.path(project));
    const { calls } = await generate(path, project, Number(size) * megabyte, shape);
    const command = join(folder, "command/holdfast.mjs");
    await build({
      entryPoints: ["src/cli/holdfast.ts"],
      outdir: dirname(command),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["sql.js"],
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      logLevel: "error",
    });
    console.log(`${agent}: ${(statSync(path).size / megabyte).toFixed(0)} MB, ${calls} calls`);
    const parses: Measured[] = [];
    const inspects: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      parses.push(await measure(["--input-type=module", "-e", baseline, path], folder));
      inspects.push(await measure([command, "inspect", project], join(folder, "home")));
    }
    const parse = leastOf(parses);
    const inspect = leastOf(inspects);
    const resident = Math.max(...inspects.map(({ residentMegabytes }) => residentMegabytes));
    console.log(inspects[0]?.out.trimEnd());
    console.log(`exit ${inspects[0]?.code}`);
    for (const key of ["seconds", "cpuSeconds"] as const) {
      const ratio = (inspect[key] / parse[key]).toFixed(2);
      console.log(
        `${key}: read and parse ${parse[key].toFixed(2)}, inspect ${inspect[key].toFixed(2)}, ratio ${ratio} (at most 1.30)`,
      );
    }
    console.log(`resident at the most ${resident.toFixed(0)} MB (less than 200)`);
    if (inspect.seconds / parse.seconds > 1.3 || !(resident < 200)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
