/**
 * One page for people: sessions with their state, what was found, and a button to resume.
 *
 * Always: every text is escaped; the page can load nothing and runs only its own script.
 */
import type { HttpResponse } from "../model/http.ts";
import type { Context } from "../session/context.ts";
import type { SessionState } from "../session/state.ts";
import { stateOf } from "../session/view.ts";

const style = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-weight:600;font-size:1.4rem}article{border:1px solid #8885;border-radius:.6rem;padding:.8rem 1rem;margin:.8rem 0}
header{display:flex;gap:.8rem;align-items:baseline}code{opacity:.7}.state{border-radius:1rem;padding:0 .7rem;background:#8883;white-space:nowrap}
.live{background:#2a82}.completed{background:#28a3}.interrupted,.interrupted-indeterminate,.diverged,.failed,.unreadable{background:#d833}
p{margin:.3rem 0}li.resolved{opacity:.5;text-decoration:line-through}button{font:inherit;padding:.2rem .9rem;border-radius:.4rem}
input{font:inherit;width:22rem;max-width:100%}`;

const script = `
const token=document.querySelector("#token");token.value=sessionStorage.token??"";
token.oninput=()=>{sessionStorage.token=token.value};
document.addEventListener("click",async(event)=>{
const button=event.target.closest("button[data-session]");if(!button)return;button.disabled=true;
const answer=await fetch("/api/sessions/"+button.dataset.session+"/resume",{method:"POST",headers:{authorization:"Bearer "+token.value,"content-type":"application/json"},body:"{}"});
const body=await answer.json();button.parentElement.querySelector("output").textContent=answer.ok?"Resumed.":body.error.message;
if(answer.ok)setTimeout(()=>location.reload(),500);else button.disabled=false;});`;

/** The page as a response. */
export function page(context: Context): HttpResponse {
  const sessions = [...context.state.sessions.values()].reverse();
  const nonce = context.world.ids.next();
  const body =
    sessions.length === 0 ? "<p>No sessions yet.</p>" : sessions.map((one) => article(context, one)).join("");
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Holdfast</title><style nonce="${nonce}">${style}</style>
<h1>Holdfast</h1><p><label>Token <input id="token" type="password" autocomplete="off" placeholder="from the file token in the server's home"></label></p>
${body}<script nonce="${nonce}">${script}</script></html>`;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; connect-src 'self'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
    body: html,
  };
}

function article(context: Context, session: SessionState): string {
  const state = stateOf(context, session);
  const findings = [...session.findings.values()].map(
    ({ finding, resolved }) =>
      `<li${resolved ? ' class="resolved"' : ""}><b>${escapeHtml(finding.code)}</b> ${escapeHtml(finding.summary)}</li>`,
  );
  const over = ["completed", "failed", "cancelled", "live", "reconciling"].includes(state);
  const resume = over
    ? ""
    : `<p><button data-session="${escapeHtml(session.id)}">Resume</button> <output></output></p>`;
  return `<article><header><span class="state ${escapeHtml(state)}">${escapeHtml(state)}</span>
<strong>${escapeHtml(session.runs[0]?.prompt.slice(0, 120) ?? "")}</strong><code>${escapeHtml(session.id)}</code></header>
<p>${escapeHtml(session.runs.at(-1)?.reason ?? "")}</p>${findings.length === 0 ? "" : `<ul>${findings.join("")}</ul>`}${resume}</article>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
