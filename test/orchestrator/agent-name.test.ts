/** Which conversation of its agent a session is, when the record of that in the journal is damaged. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { agentSession, type Event, type Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const other = "2b9f7b27-0bd9-4412-b55a-9e78cf2f84c2";
const isEndOf = (attempt: number) => (event: Event) =>
  event.type === "run-ended" && event.attempt === attempt;
const go = { prompt: "go on", acknowledge: true };

/** One byte of the record that names the agent's session is another one. */
function damageName(segment: string, name: string): void {
  const journal = join(place.home, "journal", segment);
  const lines = readFileSync(journal, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes('"agent-session"') && line.includes(name));
  expect(at).toBeGreaterThan(0);
  writeFileSync(
    journal,
    lines.map((line, index) => (index === at ? line.replace("{", "[") : line)).join("\n"),
  );
}

/** A conversation of somebody else, which opens with the same prompt. */
function logged(id: string, prompt: string): string {
  const line = (type: string, data: object) =>
    JSON.stringify({ id: type, sessionId: id, timestamp: "2026-11-22T06:00:00.000Z", type, data });
  const lines = [
    line("session_start", { workingDirectory: "/w", model: "m" }),
    line("user_message", { text: prompt }),
  ];
  return `mkdir -p .coding-agent/events; printf '%s\\n' ${lines.map((text) => `'${text}'`).join(" ")} > .coding-agent/events/${id}.jsonl`;
}

it("it is the one that its agent said, not another that opens with the same prompt", async () => {
  place.fifo("gate");
  place.steps(1, `${logged(other, "do it")}; started; call c1 one; wait_for gate`);
  place.steps(2, "started; completed");
  const first = await place.start();
  const id = await first.submit(place.workspace, "do it");
  await first.events(id, (event) => event.callId === "c1");
  await first.kill("SIGKILL");
  process.kill(place.pid(1), "SIGKILL");
  damageName("00000001.journal", agentSession);
  const second = await place.start();
  await second.session(id);
  expect((await second.post(`/api/sessions/${id}/resume`, go)).status).toBe(202);
  await second.events(id, isEndOf(2));
  expect(place.argv(2)).not.toContain(other);
  expect((await second.session(id)).agentSessionId).toBe(agentSession);
});

it("it is the one that the later attempt said, where that began one of its own", async () => {
  place.fifo("gate");
  place.steps(1, "started; call c1 one; wait_for gate");
  place.steps(
    2,
    `say '{"type":"run.started","sessionId":"${other}","model":"m"}'; call c2 two; wait_for gate`,
  );
  const first = await place.start();
  const id = await first.submit(place.workspace, "do it");
  await first.events(id, (event) => event.callId === "c1");
  await first.kill("SIGKILL");
  process.kill(place.pid(1), "SIGKILL");
  const second = await place.start();
  await second.session(id);
  await second.post(`/api/sessions/${id}/resume`, go);
  await second.events(id, (event) => event.callId === "c2");
  expect((await second.session(id)).agentSessionId).toBe(other);
  await second.kill("SIGKILL");
  process.kill(place.pid(2), "SIGKILL");
  damageName("00000002.journal", other);
  const third = await place.start();
  expect((await third.session(id)).agentSessionId).toBe(other);
});
