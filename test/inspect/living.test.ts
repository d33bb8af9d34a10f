/** Who works on a session, as it is cited. */
import { expect, test } from "vitest";
import { pi } from "../../src/agent/pi.ts";
import { strangerOf } from "../../src/inspect/living.ts";

test("a process is cited with its command line, and without the secrets in it", () => {
  const identity = { pid: 7, startTime: "1", bootId: "b", namespace: "n" };
  const args = ["pi", "--api-key", "sk-1", "--token=sk-2", "-e", "OPENAI_API_KEY=sk-3", "--session", "id-1"];
  const stranger = strangerOf(pi, { id: "id-1", folders: [] }, [{ identity, args }], []);
  expect(stranger?.cite.value).not.toMatch(/sk-\d/);
  expect(stranger?.cite.value).toContain("pi --api-key … --token=… -e OPENAI_API_KEY=… --session id-1");
});
