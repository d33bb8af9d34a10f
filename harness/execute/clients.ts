/**
 * The clients of a run: they read each session's stream and write down every complete event they are shown.
 *
 * Always: what was read until the connection ended counts as shown, also what is drained after a kill. A client
 * that comes back does so with its last cursor, where the subject has cursors.
 */
import type { Context, Followed, Refusable, Shown, Subject } from "../subject/contract.ts";
import type { Recorder } from "./recorder.ts";

interface Connection {
  readonly client: number;
  readonly session: number;
  readonly abort: AbortController;
}

export class Clients {
  private readonly cursors = new Map<string, string>();
  /** Open connections, and when each has been read to its end. */
  private readonly connections = new Map<Connection, Promise<void>>();
  private readonly ids = new Map<number, string>();
  private answers: Promise<unknown> = Promise.resolve();
  private forgotten = 0;

  constructor(
    private readonly subject: Subject,
    private readonly context: Context,
    private readonly recorder: Recorder,
    private readonly count: number,
    /** Plan sessions whose agents ask a person; the first client of each says yes. */
    private readonly asking: ReadonlySet<number> = new Set(),
  ) {}

  /** Connects every client of the session that is not connected. */
  connect(session: number, id: string): void {
    for (let client = 0; client < this.count; client += 1) {
      if (this.isOpen(session, client)) continue;
      const after = this.subject.can.cursor ? this.cursors.get(`${session}/${client}`) : undefined;
      this.open({ client, session }, (context) => this.subject.events(context, id, after), after);
      // What was asked before may wait for its answer still.
      if (client === 0) this.allow(session, id);
    }
  }

  /** An answer that does not come to the orchestrator is given again by the client that comes back. */
  private allow(session: number, id: string): void {
    if (!this.asking.has(session)) return;
    this.ids.set(session, id);
    const said = this.subject.allow?.(this.context, id).catch(() => undefined) ?? Promise.resolve();
    this.answers = Promise.all([this.answers, said]);
  }

  /** Does any agent of the plan ask a person? */
  get isAsked(): boolean {
    return this.asking.size > 0;
  }

  /** Resolves when every yes that was begun has come to the orchestrator, or will not. */
  async answered(): Promise<void> {
    await this.answers;
  }

  /** Opens the stream that answers a prompt, as the session's first client. */
  follow(
    session: number,
    open: (context: Context) => Followed,
  ): Promise<Refusable<{ readonly session: string }>> {
    let followed: Followed | undefined;
    this.open({ client: 0, session }, (context) => {
      followed = open(context);
      return followed.events;
    });
    if (followed === undefined) throw new Error("the stream was not opened");
    return followed.accepted;
  }

  /** Is a client of the session connected? */
  isOpen(session: number, client: number): boolean {
    return [...this.connections.keys()].some((open) => open.session === session && open.client === client);
  }

  /** Ends every connection from the client's side; resolves when what was under way is written down. */
  async disconnect(): Promise<void> {
    const open = [...this.connections];
    for (const [{ abort }] of open) abort.abort();
    await this.allOf(open.map(([, done]) => done));
  }

  /** Resolves when every connection has ended by itself (the server is gone). */
  async drained(): Promise<void> {
    await this.allOf([...this.connections.values()]);
  }

  /** Nobody waits any more: whoever did is not there. */
  forget(): void {
    this.forgotten += 1;
  }

  private async allOf(ends: readonly Promise<void>[]): Promise<void> {
    const since = this.forgotten;
    await Promise.all(ends);
    if (this.forgotten !== since) await new Promise<never>(() => undefined);
  }

  private open(
    who: { readonly client: number; readonly session: number },
    events: (context: Context) => AsyncIterable<Shown>,
    after?: string,
  ): void {
    const connection = { ...who, abort: new AbortController() };
    const { signal } = connection.abort;
    // Not by AbortSignal.any: what listens to that is kept for the life of the process, and its whole run with it.
    const end = () => connection.abort.abort();
    if (this.context.signal.aborted) end();
    else this.context.signal.addEventListener("abort", end, { once: true });
    this.recorder.record({ kind: "connect", ...who, ...(after === undefined ? {} : { after }) });
    const done = this.read(connection, events({ ...this.context, signal }));
    this.connections.set(connection, done);
    void done.then(() => this.context.signal.removeEventListener("abort", end));
  }

  private async read(connection: Connection, events: AsyncIterable<Shown>): Promise<void> {
    const { client, session } = connection;
    try {
      for await (const event of events) {
        if (event.cursor !== undefined) this.cursors.set(`${session}/${client}`, event.cursor);
        this.recorder.record({ kind: "shown", client, session, event });
        const id = event.type === "ask" && client === 0 ? this.ids.get(session) : undefined;
        if (id !== undefined) this.allow(session, id);
      }
    } catch {
      // A connection that breaks is the normal end of a stream under faults; what was complete is recorded.
    }
    this.connections.delete(connection);
    this.recorder.record({ kind: "disconnected", client, session });
  }
}
