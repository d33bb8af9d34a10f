/**
 * A session's stream as server-sent events.
 *
 * A client pulls: the next piece is read from the disk when its connection has room, so a slow client costs nothing
 * and holds nobody up. `id` is the position. Events without an id are about the stream itself: `resync` (the cursor
 * is not of this record, everything follows from the start) and `live` (all there was is sent).
 */

import type { HttpPieces } from "../model/http.ts";
import { parsePosition } from "../model/position.ts";
import type { Context } from "../session/context.ts";
import type { SessionState } from "../session/state.ts";
import { type StreamEvent, StreamReader } from "../session/stream.ts";
import { readStream } from "../session/view.ts";

/** Comment lines keep proxies and clients from giving up on a quiet stream. */
const heartbeatMs = 15_000;

/** @param open streams of this life; closed by {@link closeStreams}. */
export function eventStream(
  context: Context,
  session: SessionState,
  lastEventId: string | undefined,
  open: Set<() => void>,
): HttpPieces {
  const cursor = lastEventId === undefined ? undefined : parsePosition(lastEventId);
  const known = cursor !== undefined && StreamReader.knows(session, cursor);
  const reader = readStream(context, session, known ? cursor : undefined);
  const signal = changeSignal(context, session.id);
  let resync = lastEventId !== undefined && lastEventId !== "" && !known;
  let live = false;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    open.delete(end);
    signal.close();
    void reader.close().catch(() => undefined);
  };
  open.add(end);
  const read = async (): Promise<string | undefined> => {
    if (resync) {
      resync = false;
      return control("resync", { epoch: session.epoch, why: "the cursor is not of this record" });
    }
    while (!ended) {
      const changed = signal.next();
      const events = await reader.next();
      // Not all may have been read: nothing is said to be live.
      if (ended) break;
      if (events.length > 0) return events.map(frame).join("");
      if (!live) {
        live = true;
        return control("live", {});
      }
      if ((await changed) === "heartbeat") return ": still here\n\n";
    }
    return undefined;
  };
  const next = async (): Promise<string | undefined> => {
    try {
      const text = await read();
      if (text === undefined) end();
      return text;
    } catch (thrown) {
      if (!ended) context.report(`The stream of session ${session.id} broke off: ${String(thrown)}.`);
      end();
      return undefined;
    }
  };
  return { next, cancel: end };
}

/** Ends all streams; their clients come back with their cursors. */
export function closeStreams(open: Set<() => void>): void {
  for (const end of [...open]) end();
}

function frame(event: StreamEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function control(type: string, data: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

/** Tells that the session changed since `next()` was called, or that it is time for a heartbeat. */
function changeSignal(context: Context, sessionId: string) {
  let wake: ((what: "changed" | "heartbeat") => void) | undefined;
  const stop = context.recorder.watch(sessionId, () => wake?.("changed"));
  let timer: { cancel(): void } | undefined;
  return {
    next(): Promise<"changed" | "heartbeat"> {
      timer?.cancel();
      timer = context.world.clock.after(heartbeatMs, () => wake?.("heartbeat"));
      return new Promise((resolve) => (wake = resolve));
    },
    close(): void {
      stop();
      timer?.cancel();
      wake?.("changed");
    },
  };
}
