/**
 * The clients of a run: they read each session's stream and write down every complete event they are shown.
 *
 * Always: what was read until the connection ended counts as shown, also what is drained after a kill. A client
 * that comes back does so with its last cursor, where the subject has cursors.
 */
import type { Context, Subject } from "../subject/contract.ts";
import type { Recorder } from "./recorder.ts";

interface Connection {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export class Clients {
  private readonly cursors = new Map<string, string>();
  private readonly connections = new Map<string, Connection>();
  private forgotten = 0;

  constructor(
    private readonly subject: Subject,
    private readonly context: Context,
    private readonly recorder: Recorder,
    private readonly count: number,
  ) {}

  /** Connects every client of the session that is not connected. */
  connect(session: number, id: string): void {
    for (let client = 0; client < this.count; client += 1) {
      const key = `${session}/${client}`;
      if (this.connections.has(key)) continue;
      const abort = new AbortController();
      const after = this.subject.can.cursor ? this.cursors.get(key) : undefined;
      this.recorder.record({ kind: "connect", client, session, ...(after === undefined ? {} : { after }) });
      const done = this.read(key, { client, session, id, after, abort });
      this.connections.set(key, { abort, done });
    }
  }

  /** Ends every connection from the client's side; resolves when what was under way is written down. */
  async disconnect(): Promise<void> {
    const open = [...this.connections.values()];
    for (const connection of open) connection.abort.abort();
    await this.allOf(open);
  }

  /** Resolves when every connection has ended by itself (the server is gone). */
  async drained(): Promise<void> {
    await this.allOf([...this.connections.values()]);
  }

  /** Nobody waits any more: whoever did is not there. */
  forget(): void {
    this.forgotten += 1;
  }

  private async allOf(connections: readonly Connection[]): Promise<void> {
    const since = this.forgotten;
    await Promise.all(connections.map(({ done }) => done));
    if (this.forgotten !== since) await new Promise<never>(() => undefined);
  }

  private async read(
    key: string,
    {
      client,
      session,
      id,
      after,
      abort,
    }: { client: number; session: number; id: string; after: string | undefined; abort: AbortController },
  ): Promise<void> {
    const context = { ...this.context, signal: AbortSignal.any([this.context.signal, abort.signal]) };
    try {
      for await (const event of this.subject.events(context, id, after)) {
        if (event.cursor !== undefined) this.cursors.set(key, event.cursor);
        this.recorder.record({ kind: "shown", client, session, event });
      }
    } catch {
      // A connection that breaks is the normal end of a stream under faults; what was complete is recorded.
    }
    this.connections.delete(key);
    this.recorder.record({ kind: "disconnected", client, session });
  }
}
