/**
 * What the agent's model can tell about each step from what it was sent, and what it then does.
 *
 * Always: pure, and judged by tokens alone: a result's token is random and learnable only from the result, so
 * its presence proves that the result reached the model. The prompt and the user texts in the messages are what
 * the model was told; a dangling call in the messages tells it nothing.
 * Never: it trusts no wording, no status and no error flag.
 */
import type { Knows, StepTokens } from "../ledger.ts";
import type { Call } from "../plan/plan.ts";

/** What goes to the model when an attempt starts. */
export interface ModelInput {
  readonly messages: readonly unknown[];
  readonly prompt: string;
}

/** What the model does about a step of the turn. */
export type Decision = "act" | "known" | "looked-and-found" | "cannot-look" | "not-asked";

/**
 * One word for each step. `callIds`: the ids under which earlier attempts made a step, by step name.
 *
 * Two equal calls share a call token: if any of their ids is named, only the ones named are told unknown,
 * else all of them are.
 */
export function whatModelKnows(
  input: ModelInput,
  steps: readonly StepTokens[],
  callIds: ReadonlyMap<string, readonly string[]>,
): Record<string, Knows> {
  const sent = [...stringsIn(input.messages), input.prompt].join("\n");
  const told = toldIn(input);
  const answered = new Set(input.messages.flatMap(answeredIds));
  const idsOf = (step: StepTokens) => callIds.get(step.step) ?? [];
  const isNamed = (step: StepTokens) => idsOf(step).some((id) => told.includes(id));

  const judge = (step: StepTokens): Knows => {
    const head = sent.includes(`${step.resultToken}h`);
    const tail = sent.includes(`${step.resultToken}t`);
    if (head && tail) return "known";
    if (head || tail) return "cut";
    if (idsOf(step).some((id) => answered.has(id))) return "told-not-done";
    if (isNamed(step)) return "told-unknown";
    const twins = steps.filter((other) => other !== step && other.callToken === step.callToken);
    const toldByToken = told.includes(step.callToken) && !twins.some(isNamed);
    return toldByToken ? "told-unknown" : "nothing";
  };
  return Object.fromEntries(steps.map((step) => [step.step, judge(step)]));
}

/** What a person told the model, in this prompt and before. */
export function toldIn({ messages, prompt }: ModelInput): string {
  return [...messages.flatMap(userTexts), prompt].join("\n");
}

/** `isEffectThere` is asked only where the model was told that the outcome is unknown and can look. */
export function decide(knows: Knows, call: Call, isEffectThere: () => boolean): Decision {
  if (knows === "known" || knows === "cut") return "known";
  if (knows !== "told-unknown") return "act";
  if (call.unprobeable === true) return "cannot-look";
  return isEffectThere() ? "looked-and-found" : "act";
}

/** Every string in a JSON value, keys aside. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  return isRecord(value) ? Object.values(value).flatMap(stringsIn) : [];
}

function userTexts(message: unknown): string[] {
  if (!isRecord(message) || message.role !== "user") return [];
  if (typeof message.content === "string") return [message.content];
  return blocksOf(message).flatMap((block) =>
    block.type === "text" && typeof block.text === "string" ? [block.text] : [],
  );
}

function answeredIds(message: unknown): string[] {
  return blocksOf(message).flatMap((block) =>
    block.type === "tool_result" && typeof block.toolUseId === "string" ? [block.toolUseId] : [],
  );
}

function blocksOf(message: unknown): Record<string, unknown>[] {
  if (!isRecord(message) || !Array.isArray(message.content)) return [];
  return message.content.filter(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
