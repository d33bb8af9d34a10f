/**
 * `pnpm chaos` as its users meet it: exit codes, one clear sentence for what is wrong, one line of JSON.
 */
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeMemoryArtifact } from "../../harness/campaign/artifact.ts";
import { assess } from "../../harness/campaign/assess.ts";
import { isolation } from "../../harness/campaign/isolation.ts";
import { clean } from "../check/stories.ts";

const cli = fileURLToPath(new URL("../../harness/cli.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-cli-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function chaos(...args: string[]) {
  return execa(process.execPath, ["--import", "tsx", cli, ...args], { cwd: root, reject: false });
}

describe("misuse ends with 2 and one clear sentence", () => {
  it.each([
    ["an unknown flag", ["--frobnicate"], /unknown option '--frobnicate'/],
    ["a seed that is no number", ["--seed", "x"], /Give a whole number from 0/],
    ["a budget that is no time", ["--budget", "soon"], /Give a time such as "90s"/],
    ["an unknown fault", ["--faults", "kill,meteor"], /There is no fault "meteor"; known: kill/],
    ["a subject that memory cannot hold", ["--subject", "naive", "--tier", "memory"], /Only the reference/],
    ["an unknown disk model", ["--models", "fat"], /There is no disk model "fat"; known: kill, posix/],
    ["an unknown reporter", ["--reporter", "song"], /Allowed choices are pretty, json, junit, github/],
    ["an unknown command", ["relpay", "x"], /There is no command "relpay"; known: run, replay, recheck/],
    [
      "artifacts below a file",
      ["--out", "package.json/x"],
      /package\.json is no folder\. Choose another folder/,
    ],
    [
      "a report below a file",
      ["--report", "package.json/x", "--runs", "1"],
      /package\.json is no folder\. Choose another folder/,
    ],
    ["an unknown subject", ["--subject", "nobody"], /There is no subject "nobody"/],
    ["a subject file that is not there", ["--subject", "./nowhere.ts"], /There is no subject file/],
    ["an artifact that is not there", ["replay", "./nowhere"], /There is no artifact at \.\/nowhere/],
    ["a stored run that is not there", ["recheck", "./nowhere"], /There is no stored run at \.\/nowhere/],
  ])("%s", async (_, args, sentence) => {
    const { exitCode, stderr, stdout } = await chaos(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });

  it("a subject file without the right export", async () => {
    const file = path.join(dir, "subject.ts");
    await writeFile(file, "export const subject = {};");
    const { exitCode, stderr } = await chaos("--subject", file);
    expect(stderr).toMatch(/has no default export/);
    expect(exitCode).toBe(2);
  });

  it("an artifact that is no JSON", async () => {
    const file = path.join(dir, "plan.json");
    await writeFile(file, "{ half");
    const { exitCode, stderr } = await chaos("replay", file);
    expect(stderr).toMatch(/plan\.json is not JSON/);
    expect(exitCode).toBe(2);
  });

  it("an artifact whose subject is a file that nobody on this machine named: it is not executed", async () => {
    const [file, mark] = [path.join(dir, "sent.json"), path.join(dir, "executed")];
    const subject = path.join(dir, "sent.mjs");
    await writeFile(
      subject,
      `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(mark)}, "");`,
    );
    await writeFile(file, JSON.stringify({ version: 1, subject, origin: "sent", plan: clean().plan }));
    const { exitCode, stderr } = await chaos("replay", file);
    expect(stderr).toBe(
      `chaos: The artifact names a file, ${subject}, whose code a replay executes. If you trust it, say so: add --subject ${subject} to the command.`,
    );
    expect(exitCode).toBe(2);
    await expect(access(mark)).rejects.toThrow("ENOENT");
    // Named, it is executed, and found to be no subject.
    expect((await chaos("replay", file, "--subject", subject)).stderr).toContain("no default export");
    await access(mark);
  });

  it("an artifact of another shape names the place", async () => {
    const file = path.join(dir, "other.json");
    await writeFile(
      file,
      JSON.stringify({ version: 1, subject: "naive", origin: "x", plan: { version: 2 } }),
    );
    const { exitCode, stderr } = await chaos("replay", file);
    expect(stderr).toMatch(/is not a plan\.json .*plan\.version/);
    expect(exitCode).toBe(2);
  });
});

describe.runIf(process.platform === "linux")("a report that cannot be written", () => {
  it("is not green, and says so in one sentence", async () => {
    const kept = path.join(dir, "kept");
    const run = clean();
    const header = { subject: "forged", origin: "test", plan: run.plan };
    await writeMemoryArtifact(kept, header, run, assess(run));
    expect((await chaos("recheck", kept)).exitCode).toBe(0);
    const { exitCode, stderr } = await execa(
      "sh",
      ["-c", 'exec "$@" >/dev/full', "sh", process.execPath, "--import", "tsx", cli, "recheck", kept],
      { cwd: root, reject: false },
    );
    expect(stderr).toMatch(/^chaos: the report cannot be written: .*ENOSPC/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(exitCode).toBe(3);
  });
});

describe("a red campaign", () => {
  it("ends with 1, one line of JSON alone on stdout, and an artifact whose replay and recheck say the same", async () => {
    const out = path.join(dir, "out");
    const { exitCode, stdout } = await chaos(
      "--subject",
      "naive",
      "--seed",
      "1",
      "--runs",
      "1",
      // What bounds is the time for making failures small: 9 seconds for the first, 3 for each of the others.
      "--budget",
      "20s",
      "--reporter",
      "json",
      "--out",
      out,
    );
    expect(exitCode).toBe(1);
    expect(stdout.split("\n")).toHaveLength(1);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      seed: 1,
      subject: "naive",
      runs: 1,
      verdicts: { defect: 1, pass: 0 },
      canary: "died as expected",
    });
    const { executions, wallMs, waitedMs, cpuMs } = result.spent;
    expect(executions).toBe(2);
    expect(waitedMs.starts).toBeGreaterThan(0);
    expect(waitedMs.starts + waitedMs.agents).toBeLessThan(wallMs);
    expect(cpuMs.harness).toBeGreaterThan(0);
    if (isolation(false).length > 0) expect(cpuMs.servers).toBeGreaterThan(0);
    const [first] = result.defects;
    expect(first.size.events).toBeLessThanOrEqual(3);
    const artifact = path.resolve(root, first.artifact);
    const replayed = await chaos("replay", artifact, "--times", "2");
    expect(replayed.exitCode).toBe(1);
    expect(replayed.stdout).toContain(`${first.signature} came 2 times of 2.`);
    const rechecked = await chaos("recheck", artifact);
    expect(rechecked.exitCode).toBe(1);
    expect(rechecked.stdout).toContain(first.signature);
    // It shrinks three failures and replays one: a busy machine takes its time.
  }, 240_000);
});

it("a campaign in memory says how many runs of which, and what it has met", async () => {
  const { exitCode, stdout } = await chaos(
    ...[
      "--tier",
      "memory",
      "--seed",
      "2",
      "--runs",
      "2",
      "--reporter",
      "json",
      "--out",
      path.join(dir, "out"),
    ],
  );
  const { runs, verdicts, tiers, sometimes, canary, ...rest } = JSON.parse(stdout);
  expect({ exitCode, runs, canary }).toEqual({ exitCode: 0, runs: 10, canary: "died as expected" });
  expect(verdicts.pass).toBe(10);
  expect(Object.keys(tiers)).toEqual(["memory"]);
  const { none, kill, ...power } = tiers.memory.models;
  const cuts = Object.values<number>(power).reduce((sum, count) => sum + count, 0);
  // Half of the first runs are plans as they are; a third ends where it was drawn, and some of those with damage.
  expect(none).toBeGreaterThanOrEqual(5);
  expect(none).toBeLessThanOrEqual(7);
  expect([tiers.memory.runs, none + kill + cuts]).toEqual([10, 10]);
  expect(tiers.memory.pairs).toBe(tiers.memory.curve.at(-1));
  expect(sometimes["memory: killed at a call of a port"]).toBeGreaterThanOrEqual(kill);
  expect(sometimes["memory: power cut"]).toBeGreaterThanOrEqual(cuts);
  expect(rest.flags).toMatchObject({ falsePositive: 0, falseNegative: 0 });
}, 180_000);

it("--help teaches", async () => {
  const { exitCode, stdout } = await chaos("--help");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/Exit codes: 0 green/);
  expect(stdout).toMatch(/pnpm chaos replay/);
});
