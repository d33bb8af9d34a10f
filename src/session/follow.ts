/**
 * Follows one attempt: from its spool into the record, from the record to whoever watches, until it is over.
 *
 * Always: bytes count as said only when the spool is synced and their CRC is written to the journal, whose sync follows:
 * after a power cut the next life reads from the last CRC that is left, and finds the same lines in the same places. The
 * end is recorded after the last byte. A follower of a dead attempt does the same and is soon through.
 * Never: it polls, except once a second for an agent whose wrapper was killed: then nobody is left to tell.
 */
import type { SpoolLine } from "../journal/index.ts";
import { IoError, type ProcessIdentity, type Watch } from "../model/ports.ts";
import { attemptPaths, endAgent, notedAgent, readExit, readStarted } from "../supervise/index.ts";
import { agentLiveness, startPlaceOf } from "./agent-life.ts";
import { adapterOf, attemptFolder, type Context } from "./context.ts";
import type { Talk } from "./converse.ts";
import { coveredByte } from "./covers.ts";
import { FollowedSpool, type NewLines } from "./followed-spool.ts";
import { News } from "./news.ts";
import { LifeOver } from "./recorder.ts";
import { type AttemptState, latestAttempt, type SessionState } from "./state.ts";
import { decodeLine } from "./stream.ts";

const unwatchedPollMs = 1_000;

export class Follower {
  readonly attempt: AttemptState;
  readonly #context: Context;
  readonly #session: SessionState;
  readonly #folder: string;
  readonly #watches: Watch[] = [];
  #spool: FollowedSpool | undefined;
  #talk: Talk | undefined;
  readonly #news = new News();
  #wrapperGone = false;
  #watchingWrapper = false;
  #named = false;
  #closed = false;
  /** It passed a limit and was signalled. */
  #isEnding = false;
  #running: Promise<void> = Promise.resolve();

  constructor(context: Context, session: SessionState, attempt: AttemptState) {
    this.#context = context;
    this.#session = session;
    this.attempt = attempt;
    this.#folder = attemptFolder(context, session.id, attempt.attempt);
  }

  /** Speaks with the agent from now on. */
  speaksWith(talk: Talk): void {
    this.#talk = talk;
  }

  /**
   * Watches the attempt; to be called before its agent is started, so that nothing is missed.
   *
   * @param isTakenOver an earlier life may have followed it, and been killed as a sync of its spool failed.
   * @throws IoError.
   */
  async open(isTakenOver = false): Promise<void> {
    const { files } = this.#context.world;
    const { spool } = attemptPaths(this.#folder);
    this.#watchFolder(spool);
    const file = await files.openRead(spool);
    if (file === undefined) return;
    this.#spool = await FollowedSpool.of(this.#context, this.#session, this.attempt, file, isTakenOver);
  }

  #watchFolder(spool: string): void {
    const { files } = this.#context.world;
    const onChange = (name: string | undefined) => this.#onChange(`${this.#folder}/${name}` === spool);
    try {
      this.#watches.push(files.watchFolder(this.#folder, onChange));
    } catch (thrown) {
      // Somebody has removed it: then the process table alone tells the end.
      if (!(thrown instanceof IoError && thrown.code === "ENOENT")) throw thrown;
      this.#wrapperGone = true;
    }
  }

  /**
   * Records what is there now and returns; the agent is dead or alive, no end is recorded. Who is followed then is looked
   * at again when something has come meanwhile, or at a {@link poke}: it was just looked at.
   */
  async catchUp(): Promise<void> {
    this.#news.clear();
    if (await this.#drain()) this.#news.tell("said");
  }

  /**
   * Follows until the agent is gone and everything it said is recorded; then records the end.
   *
   * Resolves with false when this life ended before. @throws IoError.
   */
  run(): Promise<boolean> {
    const running = this.#run();
    this.#running = running.then(
      () => undefined,
      () => undefined,
    );
    return running;
  }

  async #run(): Promise<boolean> {
    try {
      while (!this.#closed) {
        const what = await this.#news.next();
        if (this.#closed) break;
        const over = what === "any" ? await this.#turn() : await this.#listen();
        if (over !== undefined) {
          await this.#recordEnd(over.exitCode, over.seen);
          return true;
        }
      }
      return false;
    } catch (thrown) {
      if (thrown instanceof LifeOver) return false;
      throw thrown;
    } finally {
      await this.#release();
    }
  }

  /** The agent is known to be dead: {@link run} records what is left and ends. */
  wrapperIsGone(): void {
    this.#wrapperGone = true;
  }

  /** Something may have changed. */
  poke(): void {
    this.#news.tell("any");
  }

  /** A known agent has said more: that alone is looked at. One that is spoken with may have to be answered. */
  #onChange(isSpool: boolean): void {
    if (isSpool && this.#news.isAwaited) this.#spool?.syncEarly();
    this.#news.tell(isSpool && this.#isKnown() && this.#talk === undefined ? "said" : "any");
  }

  #isKnown(): boolean {
    return this.attempt.identity !== undefined && this.#watchingWrapper;
  }

  /** Stops following; what is being recorded is finished first. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#talk?.leave();
    this.poke();
    await this.#running;
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches.splice(0)) watch.close();
    const spool = this.#spool;
    this.#spool = undefined;
    await spool?.close();
  }

  /** A look at what the agent says alone. */
  async #listen(): Promise<undefined> {
    while ((await this.#drain()) && !this.#closed);
  }

  /** One look at everything; answers when the agent is over. The exit note is read before the spool. */
  async #turn(): Promise<{ exitCode: number | null; seen: string } | undefined> {
    const { world } = this.#context;
    // Somebody waits for what a known agent has just said; everything else can wait.
    const isRead = this.#isKnown() && !(await this.#drain());
    const exitCode = await readExit(world.files, this.#folder);
    const wrapperGone = this.#wrapperGone;
    await this.#identify(undefined);
    await this.#talk?.speak();
    if (exitCode === undefined && !wrapperGone) await this.#watchWrapper();
    const liveness = wrapperGone
      ? await agentLiveness(this.#context, this.#session, this.attempt)
      : undefined;
    if (liveness?.state === "alive") await this.#identify(liveness.identity);
    if (!isRead || exitCode !== undefined || wrapperGone)
      while (await this.#drain()) if (this.#closed) return undefined;
    if (this.#closed) return undefined;
    if (exitCode !== undefined) return { exitCode, seen: `the wrapper noted exit code ${exitCode}` };
    if (liveness?.state === "dead") {
      const late = await readExit(world.files, this.#folder);
      return late === undefined
        ? { exitCode: null, seen: liveness.seen }
        : { exitCode: late, seen: `the wrapper noted exit code ${late}` };
    }
    if (wrapperGone) world.clock.after(unwatchedPollMs, () => this.poke());
    return undefined;
  }

  /** Puts the agent's identity on record as soon as it is noted, or was found. */
  async #identify(found: ProcessIdentity | undefined): Promise<void> {
    if (this.attempt.identity !== undefined) return;
    const { world, recorder } = this.#context;
    const place = startPlaceOf(this.#session, this.attempt);
    const identity = found ?? (await notedAgent(world, this.#folder, place));
    if (identity === undefined) return;
    await recorder.record("agent", { sessionId: this.#session.id, attempt: this.attempt.attempt, identity });
  }

  /** From the moment the wrapper holds its FIFOs, the system tells when it is gone. */
  async #watchWrapper(): Promise<void> {
    if (this.#watchingWrapper) return;
    const { world } = this.#context;
    const started = await world.files.stat(attemptPaths(this.#folder).started);
    if (started === undefined) return;
    this.#watchingWrapper = true;
    const gone = () => {
      this.#wrapperGone = true;
      this.poke();
    };
    this.#watches.push(await world.agents.whenGone(this.#folder, gone));
  }

  /** Records what is new in the spool; true when there may be more. */
  async #drain(): Promise<boolean> {
    if (this.#spool === undefined) return false;
    const { news, sizeBytes, more } = await this.#spool.next();
    if (news !== undefined) await this.#record(news);
    await this.#limit(sizeBytes);
    return more;
  }

  async #record({ lines, synced, cover: coverOf }: NewLines): Promise<void> {
    const { recorder } = this.#context;
    const at = { sessionId: this.#session.id, attempt: this.attempt.attempt };
    const cover = { ...at, ...(await coverOf()) };
    const records: Promise<unknown>[] = [];
    // A later attempt's name for it is the newer one.
    const isNamed = this.#named || (this.#session.agentSessionId !== undefined && !this.#isLatest());
    const name = isNamed ? undefined : this.#nameIn(lines);
    if (name !== undefined) {
      this.#named = true;
      if (name !== this.#session.agentSessionId) {
        // Before the cover: what is covered is never read for a name again, and a crash may come between the two.
        records.push(recorder.record("agent-session", { ...at, agentSessionId: name }));
      }
    }
    records.push(recorder.record("cover", cover, synced));
    await Promise.all(records);
    await this.#talk?.listen(lines);
  }

  #isLatest(): boolean {
    return latestAttempt(this.#session) === this.attempt;
  }

  /** The agent's own session id, where one of these lines says it. */
  #nameIn(lines: readonly SpoolLine[]): string | undefined {
    const adapter = adapterOf(this.#session);
    for (const line of lines) {
      for (const fact of decodeLine(adapter, line)) {
        if (fact.kind === "session" && adapter.isSessionId(fact.agentSessionId)) return fact.agentSessionId;
      }
    }
    return undefined;
  }

  /** Ends the agent, as soon as it is known who that is; also where the life that recorded it may have gone first. */
  async #limit(spoolBytes: number): Promise<void> {
    const { config, recorder, world } = this.#context;
    const isOver = spoolBytes > config.spoolBytesMax || this.attempt.limit !== undefined;
    if (!isOver || this.#isEnding) return;
    const { identity, state } = await agentLiveness(this.#context, this.#session, this.attempt);
    // One that has ended by itself was not ended.
    if (state === "dead") return;
    if (this.attempt.limit === undefined) {
      const reason = `The agent wrote more than ${config.spoolBytesMax} bytes to its stdout and was ended.`;
      await recorder.fact(this.#session, "limit", {
        sessionId: this.#session.id,
        attempt: this.attempt.attempt,
        reason,
      });
    }
    if (identity === undefined) return;
    this.#isEnding = true;
    await endAgent(world, identity, config.graceMs);
  }

  /** A wrapper that could not even say that it began has started nothing, unless a power cut took its words. */
  async #startedByMarker(): Promise<"no" | "unknown"> {
    const { world } = this.#context;
    if (this.attempt.bootId !== world.processes.self.bootId) return "unknown";
    return (await readStarted(world.files, this.#folder)) === "empty" ? "no" : "unknown";
  }

  async #recordEnd(exitCode: number | null, seen: string): Promise<void> {
    const { recorder, world } = this.#context;
    const started =
      exitCode !== null || coveredByte(this.attempt.covers) > 0 || this.attempt.identity !== undefined;
    await recorder.factOf(this.#session, this.attempt, "ended", {
      sessionId: this.#session.id,
      attempt: this.attempt.attempt,
      exitCode,
      started: started ? "yes" : await this.#startedByMarker(),
      seen,
      tailBytes: this.#spool?.tailBytes ?? 0,
      atMs: world.clock.now(),
    });
  }
}
