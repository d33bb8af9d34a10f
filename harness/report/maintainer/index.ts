/**
 * Writes the maintainer's report: one page for the subject, in Markdown and HTML, and the smallest plans beside it.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { ArtifactPlan } from "../../campaign/artifact.ts";
import type { CampaignResult } from "../../campaign/result.ts";
import { replayCommand } from "../../subject/trust.ts";
import { htmlPage } from "./html.ts";
import { markdownPage } from "./markdown.ts";
import { nameOf, pageOf, planFile, type Setting } from "./page.ts";

/**
 * Writes `<subject>.md`, `<subject>.html` and `plans/` into `dir`; returns the paths of the two pages.
 *
 * A plan there names the subject without its checkout, so that it can be handed to somebody who has another.
 */
export async function writeReport(
  result: CampaignResult,
  dir: string,
  checkout?: string,
): Promise<readonly string[]> {
  const subject = nameOf(result);
  const slug = path.basename(subject).replace(/\.[cm]?[jt]s$/, "");
  const plans = path.join(dir, "plans", slug);
  const page = pageOf(result, await settingOf(plans, subject, checkout));
  await mkdir(plans, { recursive: true });
  // A plan alone does not say where a world in memory ended: of those the artifact is replayed.
  const ofProcesses = result.defects.filter(({ tier }) => tier === "real");
  const stored = ofProcesses.map((defect) => {
    const { signature, plan, firstPlan } = defect;
    const origin = `smallest of plan ${firstPlan} of seed ${result.seed}`;
    const artifact: ArtifactPlan = { version: 1, subject, origin, signature, plan };
    return writeFile(path.join(plans, planFile(defect)), `${JSON.stringify(artifact, null, 2)}\n`);
  });
  const pages = { md: markdownPage(page), html: await htmlPage(page) };
  const written = Object.entries(pages).map(async ([extension, text]) => {
    const file = path.join(dir, `${slug}.${extension}`);
    await writeFile(file, text);
    return file;
  });
  await Promise.all(stored);
  return Promise.all(written);
}

async function settingOf(plans: string, subject: string, checkout: string | undefined): Promise<Setting> {
  const manifest = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8"));
  const version = checkout === undefined ? undefined : await versionOf(checkout);
  return {
    date: new Date().toISOString().slice(0, 10),
    holdfast: String(manifest.version),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    replay: (file) =>
      [
        replayCommand(path.join(plans, file), subject),
        ...(checkout === undefined ? [] : ["--checkout DIR"]),
      ].join(" "),
    ...(version === undefined ? {} : { version }),
  };
}

/** The commit of the checkout, or the version that its package names. */
async function versionOf(checkout: string): Promise<string | undefined> {
  const git = await execa("git", ["-C", checkout, "describe", "--always", "--tags", "--dirty"], {
    reject: false,
  });
  if (git.exitCode === 0) return git.stdout.trim();
  const text = await readFile(path.join(checkout, "package.json"), "utf8").catch(() => "{}");
  const { version } = { version: undefined, ...JSON.parse(text) };
  return version === undefined ? undefined : `v${version}`;
}
