/**
 * The README's examples, run as they stand there, and the workflow for other people's CI.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = await readFile(path.join(root, "README.md"), "utf8");
const ci = await readFile(path.join(root, "docs", "ci.md"), "utf8");
const example = path.join(root, "test", "tidy", "readme-example.generated.ts");
afterAll(() => rm(example, { force: true }));

async function helpOf(command: string): Promise<string> {
  const args = ["--import", "tsx", "harness/cli.ts", command, "--help"];
  return (await execa(process.execPath, args, { cwd: root })).stdout;
}

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    (match) => match[1] ?? "",
  );
}

describe("README", () => {
  it("its example of the reconciler prints what its comments say", async () => {
    const [code = ""] = blocks("ts");
    await writeFile(example, code);
    const { stdout } = await execa(process.execPath, ["--import", "tsx", example], { cwd: root });
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]);
    const plain = stdout.split("\n").map((line) => line.replaceAll(/[[\]']/g, "").trim());
    expect(plain).toEqual(said);
  });

  it("its commands exist, with their options", async () => {
    const commands = blocks("sh")
      .join("\n")
      .split("\n")
      .map((line) =>
        line
          .replace(/\s*#.*$/, "")
          .replace(/^npx -y pnpm@12 /, "pnpm ")
          .trim(),
      )
      .filter((line) => line !== "");
    expect(commands.length).toBeGreaterThanOrEqual(6);
    const { scripts } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
    const help = (await Promise.all(["run", "enumerate", "strength"].map(helpOf))).join("");
    for (const command of commands) {
      const [program, script = "", ...rest] = command.split(" ");
      expect(program).toBe("pnpm");
      expect(Object.keys(scripts)).toContain(script);
      for (const flag of rest.filter((word) => word.startsWith("--"))) expect(help).toContain(flag);
    }
  });

  it("the workflow's commands exist, with their options, and their reporters", async () => {
    const commands = [...ci.matchAll(/npx holdfast-chaos ([^\n`]*)/g)].map((match) => match[1] ?? "");
    expect(commands.length).toBeGreaterThanOrEqual(5);
    const help = (await Promise.all(["run", "replay"].map(helpOf))).join("");
    for (const flag of commands.join(" ").match(/--[a-z-]+/g) ?? []) expect(help).toContain(flag);
    for (const [, reporter] of ci.matchAll(/--reporter (\w+)/g)) expect(help).toContain(`"${reporter}"`);
  });

  it("its links lead to files", async () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(5);
    for (const link of links)
      await expect(readFile(path.join(root, link)).catch((error) => error.code)).resolves.not.toBe("ENOENT");
  });
});
