/**
 * Runs of a perfect orchestrator that every check must accept; tests break them in one place.
 */
import type { RunRecord } from "../../harness/history.ts";
import { call, Forge, type ForgeOptions, kill, round } from "./forge.ts";

/** No fault at all. */
export function clean(options: ForgeOptions = {}): RunRecord {
  const forge = new Forge(options);
  forge.start().work();
  return forge.settle();
}

/** Server and agent are killed when the first call was whole, the second not begun. */
export function cutAfterResult(options: ForgeOptions = {}): RunRecord {
  const forge = new Forge({ rounds: [round(kill("both"))], ...options });
  const agent = forge.start().whole(0);
  forge.fault(kill("both"), [agent]);
  forge.restart();
  return forge.settle();
}

/** As before, and what the first call reported is an error. */
export function cutAfterError(): RunRecord {
  return cutAfterResult({ sessions: [[call({ outcome: "fail" }), call()]] });
}

/** As before, when the second call's effect is there and its result is nowhere. */
export function cutAfterEffect(options: ForgeOptions = {}): RunRecord {
  const forge = new Forge({ rounds: [round(kill("both"))], ...options });
  const agent = forge.start().whole(0).callOut(1).callLog(1).effect(1);
  forge.fault(kill("both"), [agent]);
  forge.restart();
  return forge.settle();
}

/** The second result is in the agent's log, and its line was never sent. */
export function cutUnsent(options: ForgeOptions = {}): RunRecord {
  const forge = new Forge({ rounds: [round(kill("both"))], ...options });
  const agent = forge.start().whole(0).callOut(1).callLog(1).effect(1).resultLog(1);
  forge.fault(kill("both"), [agent]);
  forge.restart();
  return forge.settle();
}

/** The stream delivered a result that the agent had not logged yet. */
export function cutBeforeLog(): RunRecord {
  return cutAfterResult({ storeLag: "log-behind" });
}

/** Only the server is killed; the agent works on before and after the looks. */
export function orphan(options: ForgeOptions = {}): RunRecord {
  const forge = new Forge({ rounds: [round(kill("server"))], ...options });
  const agent = forge.start().whole(0);
  forge.fault(kill("server"));
  agent.whole(1);
  forge.restart();
  return forge.settle();
}

/** Everything had come to its end when the server was killed: nothing diverged. */
export function cutAfterEnd(): RunRecord {
  const forge = new Forge({ rounds: [round(kill("server"))] });
  forge.start().work();
  forge.fault(kill("server"));
  forge.restart();
  return forge.settle();
}

/** Two rounds: the resumed agent is killed too. */
export function cutTwice(): RunRecord {
  const forge = new Forge({ rounds: [round(kill("both")), round(kill("both"))] });
  const first = forge.start().whole(0).callOut(1).callLog(1).effect(1);
  forge.fault(kill("both"), [first]);
  forge.restart();
  const second = forge.resume().whole(2);
  forge.fault(kill("both"), [second]);
  forge.restart();
  return forge.settle();
}

/** Two sessions; the agent of the first is killed, the second must not notice. */
export function neighbours(): RunRecord {
  const forge = new Forge({
    sessions: [
      [call(), call()],
      [call(), call()],
    ],
    rounds: [round(kill("agent"))],
  });
  const first = forge.start(0).whole(0);
  forge.start(1).whole(0);
  forge.fault(kill("agent"), [first]);
  forge.restart();
  return forge.settle();
}

/** Two equal calls with different results. */
export function equalCalls(): RunRecord {
  return cutAfterResult({ sessions: [[call(), call({ equalTo: 0 })]] });
}

/** A failing call, long results, and Unicode. */
export function varied(): RunRecord {
  const calls = [call({ resultChars: 5_000, style: "unicode" }), call({ outcome: "fail" }), call()];
  return cutAfterEffect({ sessions: [calls] });
}

export const stories: Readonly<Record<string, () => RunRecord>> = {
  clean,
  cutAfterResult,
  cutAfterEffect,
  cutUnsent,
  cutBeforeLog,
  orphan,
  cutAfterEnd,
  cutTwice,
  neighbours,
  equalCalls,
  varied,
};
