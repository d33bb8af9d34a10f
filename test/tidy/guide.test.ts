/**
 * The guide for hosts: its code is the code of the examples, and its difference is theirs.
 *
 * `UPDATE=1` writes the difference into the guide.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guidePath = path.join(root, "docs", "importing.md");
const guide = await readFile(guidePath, "utf8");
const subjects = "harness/subject";
const place = /(<!-- diff:.*-->\n)[\s\S]*?(<!-- \/diff -->)/;

/** What git says about the two folders, without what names blobs. */
async function difference(contextLines: number): Promise<string> {
  const { stdout } = await execa(
    "git",
    ["diff", "--no-index", "--no-color", "--no-ext-diff", `-U${contextLines}`, "naive", "naive-with-import"],
    { cwd: path.join(root, subjects), reject: false, env: { GIT_CONFIG_GLOBAL: "/dev/null" } },
  );
  return stdout.replace(/^(index|diff) .*\n/gm, "");
}

it("shows the difference between the server and the server with the import", async () => {
  const block = `\n\`\`\`diff\n${await difference(1)}\n\`\`\`\n\n`;
  if (process.env.UPDATE === "1")
    await writeFile(
      guidePath,
      guide.replace(place, (_, a, b) => a + block + b),
    );
  else expect(place.exec(guide)?.[0]).toContain(block);
});

it("has at most 60 changed lines, as many as it says", async () => {
  const lines = (await difference(0)).split("\n");
  const count = (is: RegExp): number => lines.filter((line) => is.test(line)).length;
  const [added, removed] = [count(/^\+(?!\+\+ )/), count(/^-(?!-- )/)];
  expect(added + removed).toBeLessThanOrEqual(60);
  expect(guide).toContain(
    `${added + removed} lines of the naive server's files change, as git counts: ${added} come, ${removed} go.`,
  );
  const readme = await readFile(path.join(root, "README.md"), "utf8");
  expect(readme).toContain(`the whole difference for the naive orchestrator, ${added + removed} lines,`);
});

it("takes its code from the examples as they are", async () => {
  const folder = path.join(root, subjects, "naive-with-import");
  const names = await readdir(folder);
  const sources = await Promise.all(names.map((name) => readFile(path.join(folder, name), "utf8")));
  const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  expect(blocks.length).toBeGreaterThanOrEqual(4);
  for (const block of blocks)
    expect(
      sources.some((source) => source.includes(block)),
      block,
    ).toBe(true);
});
