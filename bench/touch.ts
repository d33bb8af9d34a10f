/**
 * From the touch of a watched source to a session that was taken back and streams again, beside the same of a server
 * that has nothing: both under `node --watch`, whose own pause is in both.
 *
 * Always: a client as people have it: it is connected when the source is touched, its connection breaks, and it comes
 * back with its cursor until it is sent something.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { agentPath, type Place, parseFrame } from "../test/orchestrator/helper.ts";

/** A server under its watcher, on a port that stays. */
export class Watched {
  readonly url: string;
  readonly #entry: string;
  readonly #child: ChildProcess;
  #touches = 0;

  private constructor(place: Place, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#entry = join(place.folder, "entry.cjs");
    this.#write(place.bundle);
    const own = ["--home", place.home, "--port", String(port), "--agent-path", agentPath];
    this.#child = spawn(process.execPath, ["--watch", "--watch-preserve-output", this.#entry, ...own], {
      env: { PATH: "/usr/bin:/bin", HOME: place.folder },
      stdio: "ignore",
      detached: true,
    });
  }

  static async start(place: Place): Promise<Watched> {
    const watched = new Watched(place, await freePort());
    await watched.ready(0);
    return watched;
  }

  /** Saves the source anew. */
  touch(bundle: string): void {
    this.#touches += 1;
    this.#write(bundle);
  }

  #write(bundle: string): void {
    writeFileSync(this.#entry, `require(${JSON.stringify(bundle)}); // ${this.#touches}\n`);
  }

  /** Resolves with the pid of a server that is ready and not the one named. */
  async ready(not: number): Promise<number> {
    for (;;) {
      const answer = await bodyOf(`${this.url}/health`);
      const { ready, pid } =
        answer === undefined ? {} : (JSON.parse(answer) as { ready?: boolean; pid?: number });
      if (ready === true && pid !== undefined && pid !== not) return pid;
      await pause();
    }
  }

  end(): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
  }
}

/** How long it takes from a touch until a server that has no session is ready. */
export async function bareReloadMs(watched: Watched, bundle: string): Promise<number> {
  const pid = await watched.ready(0);
  // As the client of a session, it asks nothing until its connection breaks: questions would slow what is measured.
  const broken = connected(watched.url);
  const from = performance.now();
  watched.touch(bundle);
  await broken;
  await watched.ready(pid);
  return performance.now() - from;
}

/** How long it takes from a touch until a client of the session is sent something by the next server. */
export async function adoptedReloadMs(watched: Watched, bundle: string, session: string): Promise<number> {
  const url = `${watched.url}/api/sessions/${session}/events`;
  const { cursor, broken } = await follow(url);
  const from = performance.now();
  watched.touch(bundle);
  await broken;
  while (!(await isSent(url, cursor))) await pause();
  return performance.now() - from;
}

/** Reads what there is; resolves with the last cursor, and a promise that the connection broke. */
function follow(url: string): Promise<{ cursor: string; broken: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      let text = "";
      let cursor = "";
      const broken = new Promise<void>((tell) => response.once("close", () => tell()));
      response.setEncoding("utf8").on("data", (piece: string) => {
        const frames = (text + piece).split("\n\n");
        text = frames.pop() ?? "";
        for (const event of frames.map(parseFrame)) {
          cursor = event?.id ?? cursor;
          if (event?.type === "live") resolve({ cursor, broken });
        }
      });
      response.on("error", () => undefined);
    });
    request.once("error", reject);
  });
}

function isSent(url: string, cursor: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { headers: { "last-event-id": cursor } }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        resolve(false);
        return;
      }
      response.once("data", () => {
        request.destroy();
        resolve(true);
      });
      response.on("error", () => undefined);
    });
    request.once("error", () => resolve(false));
  });
}

function bodyOf(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.once("end", () => resolve(text));
      response.once("error", () => resolve(undefined));
    });
    request.once("error", () => resolve(undefined));
  });
}

/** Resolves when a connection that says nothing is closed. */
function connected(url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  return new Promise((resolve) => socket.on("error", () => undefined).once("close", () => resolve()));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
