/**
 * The page in HTML: one file that needs nothing else.
 *
 * Always: every value is escaped by the template; no script, nothing loaded from anywhere.
 */
import { html, raw } from "hono/html";
import type { Counterexample, Page, Row } from "./page.ts";

export async function htmlPage(page: Page): Promise<string> {
  const { subject, setting } = page;
  const { date, holdfast, node, platform, version } = setting;
  return String(
    await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${subject} under fault injection</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${subject} <small>under fault injection</small></h1>
<p class="setting">${date} · ${subject} at <code>${version ?? "a version that could not be told"}</code> · Holdfast ${holdfast} · Node ${node} · ${platform}</p>
<dl>${page.campaign.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<table class="criteria">
<thead><tr><th>Criterion</th><th>Verdict</th><th>Why</th></tr></thead>
<tbody>${page.rows.map(({ title, verdict, why }, index) => html`<tr><td><a href="#c${index + 1}">${title}</a></td><td>${badge(verdict)}</td><td>${why}</td></tr>`)}</tbody>
</table>
${page.rows.map(section)}
<section>
<h2>Situations met</h2>
<table class="counts"><tbody>${page.situations.map(({ name, count }) => html`<tr><td>${name}</td><td class="n">${count}</td></tr>`)}</tbody></table>
</section>
</main>
</body>
</html>
`,
  );
}

function badge(verdict: Row["verdict"]) {
  return html`<span class="badge ${verdict.replace(" ", "-")}">${verdict}</span>`;
}

function section({ title, means, verdict, smallest, others, promises }: Row, index: number) {
  return html`<section id="c${index + 1}">
<h2>${title} ${badge(verdict)}</h2>
<p>${means}</p>
${smallest === undefined ? "" : example(smallest)}
${others.length === 0 ? "" : otherTable(others)}
${promises.length === 0 ? "" : promiseTable(promises)}
</section>`;
}

function example({ signature, steps, seen, runs, reproduced, replay }: Counterexample) {
  return html`<div class="example">
<h3>Smallest counterexample</h3>
<ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>
<p class="seen">${seen}</p>
<p class="note"><code>${signature}</code> · in ${runs} ${runs === 1 ? "run" : "runs"} · came ${reproduced} times</p>
<pre>${replay}</pre>
</div>`;
}

function otherTable(others: readonly Counterexample[]) {
  return html`<details><summary>Also found: ${others.length} more</summary>
<table><thead><tr><th>What</th><th>Runs</th><th>Came</th><th>For example</th></tr></thead>
<tbody>${others.map(({ signature, runs, reproduced, seen }) => html`<tr><td><code>${signature}</code></td><td class="n">${runs}</td><td class="n">${reproduced}</td><td>${seen}</td></tr>`)}</tbody></table>
</details>`;
}

function promiseTable(promises: Row["promises"]) {
  return html`<table><thead><tr><th>Promise</th><th>Kept</th><th>Broken</th><th>Unknown</th></tr></thead>
<tbody>${promises.map(({ says, kept, broken, unknown }) => html`<tr class="${broken > 0 ? "broken" : ""}"><td>${says}</td><td class="n">${kept}</td><td class="n">${broken}</td><td class="n">${unknown}</td></tr>`)}</tbody></table>`;
}

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #c62828; --good: #2e7d32; --doubt: #8d6e00; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; } h1 small { font-weight: 400; opacity: .65; font-size: .6em; }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.25rem; } h3 { margin: 0 0 .5rem; font-size: 1rem; }
.setting, .note { opacity: .75; font-size: .875rem; }
dl { margin: 1rem 0; } dl div { display: flex; gap: .75rem; } dt { width: 9rem; opacity: .65; } dd { margin: 0; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; opacity: .65; white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.criteria td:nth-child(2) { white-space: nowrap; } .counts td:first-child { width: 70%; }
.broken td:nth-child(3) { color: var(--bad); font-weight: 600; }
.badge { padding: .1rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; color: #fff; background: var(--doubt); white-space: nowrap; }
.badge.met { background: var(--good); } .badge.not-met { background: var(--bad); }
.example { border-left: 4px solid var(--bad); background: var(--soft); padding: .9rem 1.1rem; margin: 1rem 0; }
.example ol { margin: 0; padding-left: 1.4rem; } .seen { font-weight: 500; overflow-wrap: anywhere; }
pre { background: var(--soft); padding: .6rem .8rem; margin: 0; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
code, pre { font-size: .85em; } summary { cursor: pointer; }
a { color: inherit; }
`;
