/**
 * The page in Markdown, for an issue or a pull request.
 *
 * Always: what comes from a run stands in code or is escaped, so that it cannot become markup.
 */
import type { Counterexample, Page, Row } from "./page.ts";

const marks = { met: "✅ met", "not met": "❌ not met", "not known": "❔ not known" } as const;

export function markdownPage(page: Page): string {
  const { subject, setting } = page;
  const { date, holdfast, node, platform, version } = setting;
  return [
    `# ${subject} under fault injection`,
    "",
    `${date} · ${subject} at ${code(version ?? "a version that could not be told")} · Holdfast ${holdfast} · Node ${node} · ${platform}`,
    "",
    ...page.campaign.map(({ name, value }) => `- **${name}**: ${escaped(value)}`),
    "",
    "| Criterion | Verdict | Why |",
    "|---|---|---|",
    ...page.rows.map(({ title, verdict, why }) => `| ${title} | ${marks[verdict]} | ${cell(why)} |`),
    "",
    ...page.rows.flatMap(section),
    "## Situations met",
    "",
    "| Situation | Runs |",
    "|---|---:|",
    ...page.situations.map(({ name, count }) => `| ${cell(name)} | ${count} |`),
    "",
  ].join("\n");
}

function section({ title, means, verdict, smallest, others, promises }: Row): string[] {
  return [
    `## ${title}: ${verdict}`,
    "",
    escaped(means),
    "",
    ...(smallest === undefined ? [] : exampleLines(smallest)),
    ...(others.length === 0 ? [] : otherLines(others)),
    ...(promises.length === 0 ? [] : promiseLines(promises)),
  ];
}

function exampleLines({ signature, steps, seen, runs, reproduced, replay }: Counterexample): string[] {
  return [
    `**Smallest counterexample** (${code(signature)}, in ${runs} runs, came ${reproduced} times):`,
    "",
    ...steps.map((step, index) => `${index + 1}. ${escaped(step)}`),
    "",
    `Seen: ${escaped(seen)}`,
    "",
    "```sh",
    replay,
    "```",
    "",
  ];
}

function otherLines(others: readonly Counterexample[]): string[] {
  return [
    "| Also found | Runs | Came | For example |",
    "|---|---:|---:|---|",
    ...others.map(
      ({ signature, runs, reproduced, seen }) =>
        `| ${code(signature)} | ${runs} | ${reproduced} | ${cell(seen)} |`,
    ),
    "",
  ];
}

function promiseLines(promises: Row["promises"]): string[] {
  return [
    "| Promise | Kept | Broken | Unknown |",
    "|---|---:|---:|---:|",
    ...promises.map(
      ({ says, kept, broken, unknown }) => `| ${cell(says)} | ${kept} | ${broken} | ${unknown} |`,
    ),
    "",
  ];
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]#]/g, "\\$&").replaceAll("\n", " ");
}

function cell(text: string): string {
  return escaped(text).replaceAll("|", "\\|");
}
