/**
 * Speaks with an agent over its stdin, as far as its kind is spoken with.
 *
 * Always: what is said is on record before it is written, and again afterwards; a permission is granted only when the
 * yes is on the disk, twice: in the journal and beside the spool. A later server goes on where this one was: it hears the spool again and says what is still due.
 * Never: what must not come twice is written when nobody can tell whether it was. Then the agent is ended, and its run
 * is interrupted with what it had said.
 */
import type { Ask, Conversing, Outgoing } from "../agent/contract.ts";
import type { SpoolLine } from "../journal/index.ts";
import { attemptPaths, endAgent } from "../supervise/index.ts";
import { agentLiveness } from "./agent-life.ts";
import { keepAnswer } from "./answers.ts";
import { adapterOf, attemptFolder, type Context } from "./context.ts";
import { mayLackRecords } from "./gaps.ts";
import type { Approval, AttemptState, SessionState } from "./state.ts";
import { readUnits } from "./units.ts";

/** A permission that the agent waits for. */
export type OpenAsk = Ask;

export class Talk {
  readonly #context: Context;
  readonly #session: SessionState;
  readonly #attempt: AttemptState;
  readonly #conversing: Conversing;
  #saying: Promise<void> = Promise.resolve();
  #ending = false;
  #leave = () => {};
  readonly #left = new Promise<false>((resolve) => (this.#leave = () => resolve(false)));
  /** By what it says, the agent was told these, though the record of that is lost. */
  readonly #told = new Set<string>();
  /** Nothing is said before what was said is certain. */
  #going: boolean;

  private constructor(
    context: Context,
    session: SessionState,
    attempt: AttemptState,
    conversing: Conversing,
  ) {
    this.#going = attempt.said === undefined;
    this.#context = context;
    this.#session = session;
    this.#attempt = attempt;
    this.#conversing = conversing;
  }

  /** undefined for a kind of agent that is asked on its command line. */
  static of(context: Context, session: SessionState, attempt: AttemptState): Talk | undefined {
    const opening = { cwd: session.cwd, prompt: attempt.prompt };
    const conversing = adapterOf(session).converse?.(opening);
    return conversing === undefined ? undefined : new Talk(context, session, attempt, conversing);
  }

  get attempt(): number {
    return this.#attempt.attempt;
  }

  /** What the agent asked, all of it. */
  get asks(): readonly OpenAsk[] {
    return this.#conversing.asks;
  }

  /** Hears what is on record of the agent already; says nothing before {@link goOn}. @throws IoError. */
  async catchUp(): Promise<void> {
    this.#going = false;
    const { covers, attempt } = this.#attempt;
    const { spool } = attemptPaths(attemptFolder(this.#context, this.#session.id, attempt));
    const file = await this.#context.world.files.openRead(spool);
    try {
      for (let index = 0; index < covers.ends.length; ) {
        const units = await readUnits(file, covers, index);
        index += units.length;
        for (const { lines } of units) this.#hear(lines);
      }
    } finally {
      await file?.close();
    }
  }

  /** After a change of servers: may go on from now, if it is certain what was said. */
  goOn(): void {
    const { said = {} } = this.#attempt;
    const isLost = this.#isRecordLost();
    const { due } = this.#conversing;
    const isProven = ({ key }: Outgoing) => this.#conversing.isProven(key);
    if (isLost) for (const one of due.filter(isProven)) this.#told.add(one.key);
    const isUnsure = (key: string) => said[key] === "before" || (isLost && said[key] === undefined);
    const unsure = due.find((one) => !one.isRepeatable && isUnsure(one.key) && !isProven(one));
    this.#going = unsure === undefined;
    if (unsure === undefined) return;
    this.#context.report(
      `Session ${this.#session.id}: nobody can tell whether its agent was told "${unsure.key}"; it is ended.`,
    );
    this.#end();
  }

  /** Then what is not on record may have been said all the same: each is due when the one before it was answered. */
  #isRecordLost(): boolean {
    const { said = {}, restoredFrom } = this.#attempt;
    if (restoredFrom !== undefined || this.#context.journalDamage.has(this.#session.id)) return true;
    if (mayLackRecords(this.#context, this.#attempt)) return true;
    const opening = this.#conversing.due.filter(({ isRepeatable }) => !isRepeatable);
    return opening.slice(0, -1).some(({ key }) => said[key] === undefined);
  }

  /** Waits no more for an agent that does not read. */
  leave(): void {
    this.#leave();
  }

  /** Takes lines that are on record. */
  async listen(lines: readonly SpoolLine[]): Promise<void> {
    this.#hear(lines);
    await this.speak();
  }

  /** Says what is due and was not said; one after the other, whoever asks. */
  speak(): Promise<void> {
    // From when its process is known, the agent's stdin is there.
    if (!this.#going || this.#attempt.identity === undefined) return Promise.resolve();
    this.#saying = this.#saying.then(
      () => this.#sayAll(),
      () => this.#sayAll(),
    );
    return this.#saying;
  }

  #hear(lines: readonly SpoolLine[]): void {
    for (const line of lines) if (line.problem === undefined) this.#conversing.hear(line.text);
  }

  async #sayAll(): Promise<void> {
    const { due } = this.#conversing;
    const answers = this.#answers();
    for (const one of due) if (this.#isUnsaid(one)) await this.#say(one);
    for (const { one, approval } of answers) {
      if (!this.#isUnsaid(one)) continue;
      await keepAnswer(this.#context, this.#session, this.#attempt, approval);
      await this.#say(one);
    }
    if (this.#conversing.isOver) this.#end();
  }

  #isUnsaid(one: Outgoing): boolean {
    if (this.#told.has(one.key)) return false;
    return this.#attempt.said?.[one.key] === undefined || (one.isRepeatable && this.#isUnproven(one));
  }

  #isUnproven({ key }: Outgoing): boolean {
    return this.#attempt.said?.[key] !== "after";
  }

  /** Every answer that a person gave, as the agent is to be told. */
  #answers(): readonly { readonly one: Outgoing; readonly approval: Approval }[] {
    return (this.#attempt.approvals ?? []).flatMap((approval) => {
      const ask = this.asks.find(({ requestId }) => requestId === approval.requestId);
      return ask === undefined ? [] : [{ one: this.#conversing.answer(ask, approval.optionId), approval }];
    });
  }

  async #say({ key, line }: Outgoing): Promise<void> {
    const { recorder, world } = this.#context;
    const at = { sessionId: this.#session.id, attempt: this.#attempt.attempt, key };
    await recorder.record("said", { ...at, when: "before" });
    await recorder.mayAct();
    const folder = attemptFolder(this.#context, this.#session.id, this.#attempt.attempt);
    const told = world.agents.input(folder, new TextEncoder().encode(`${line}\n`));
    const taken = await Promise.race([told, this.#left]);
    if (taken) await recorder.record("said", { ...at, when: "after" });
  }

  /** The agent waits for more, or must not be spoken with any more: nobody else would end it. */
  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const { world, config, report } = this.#context;
    const work = async () => {
      const { identity, state } = await agentLiveness(this.#context, this.#session, this.#attempt);
      if (state === "alive" && identity !== undefined) await endAgent(world, identity, config.graceMs);
    };
    work().catch((thrown: unknown) =>
      report(`The agent of session ${this.#session.id} could not be ended: ${String(thrown)}.`),
    );
  }
}
