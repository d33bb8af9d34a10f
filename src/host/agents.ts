/**
 * Starting agents that outlive us, and asking for them afterwards.
 *
 * Always: an agent runs in its own session with its own files for stdin, stdout and stderr; nothing of it hangs
 * on this process. Its environment is what the caller handed in, never this process's own.
 * Never: no signal is sent from here.
 */
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { access, constants, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { getuid } from "node:process";
import type { AgentStart, Agents, Watch } from "../model/ports.ts";
import { atOnce, Descriptor } from "./descriptor.ts";
import { asIoError, io } from "./io.ts";
import { markerName } from "./kin.ts";
import { wrapperScript } from "./wrapper.ts";

/**
 * @param searchPath PATH in which agents are looked up by name; folders joined by `:`.
 */
export function hostAgents(searchPath: string): Agents {
  return {
    resolve: (command) => resolveCommand(command, searchPath),
    start,
    fence,
    held: async (folder) => {
      const fifo = await openStdin(folder);
      await fifo?.close();
      return fifo !== undefined;
    },
    whenGone,
    input: async (folder, bytes) => {
      // Opened once: between two, its reader may go.
      const fifo = await openStdin(folder);
      return fifo === undefined ? false : writeAll(fifo.detach(), bytes);
    },
  };
}

const writing = constants.O_WRONLY | constants.O_NONBLOCK;

/** A pipe takes 64 KiB at once: the system tells when its reader has made room. False when the reader is gone. */
function writeAll(fd: number, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket({ fd, readable: false, writable: true });
    const done = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("error", () => done(false));
    socket.write(bytes, (error) => done(error === null || error === undefined));
  });
}

async function resolveCommand(command: string, searchPath: string): Promise<string | undefined> {
  if (command.includes("\0") || command === "") return undefined;
  if (command.startsWith("/")) return (await isExecutable(command)) ? command : undefined;
  if (command.includes("/")) return undefined;
  for (const folder of searchPath.split(":")) {
    const path = `${folder}/${command}`;
    if (folder.startsWith("/") && (await isExecutable(path))) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function start(request: AgentStart): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ["-c", wrapperScript, "holdfast-agent", request.folder, request.command, ...request.args];
    try {
      const child = spawn("/bin/sh", args, {
        cwd: request.cwd,
        env: { ...request.env, [markerName]: request.marker },
        detached: true,
        stdio: "ignore",
      });
      child.once("error", (error) => reject(asIoError(error, request.cwd, "spawn")));
      child.once("spawn", () => {
        child.unref();
        resolve();
      });
    } catch (thrown) {
      reject(asIoError(thrown, request.cwd, "spawn"));
    }
  });
}

/**
 * The same O_EXCL that the wrapper uses. The file decides, not its content: where a full disk takes the one and not the
 * other, the attempt cannot start all the same.
 */
async function fence(folder: string): Promise<"never-started" | "started"> {
  const path = `${folder}/started`;
  const handle = await io(path, "create", () => open(path, "wx", 0o600), ["EEXIST"], undefined);
  if (handle === undefined) return "started";
  try {
    await io(path, "write", () => handle.writeFile("fenced\n"), ["ENOSPC", "EDQUOT", "EIO"], undefined);
  } finally {
    await handle.close();
  }
  return "never-started";
}

/** Opening the write end of a FIFO without blocking fails with ENXIO exactly when nobody has it open for reading. */
function openStdin(folder: string) {
  return openFifo(`${folder}/stdin`);
}

async function openFifo(path: string): Promise<Descriptor | undefined> {
  const absent = ["ENXIO", "ENOENT", "ENOTDIR"];
  const fifo = await io(path, "open", () => atOnce(() => Descriptor.open(path, writing)), absent, undefined);
  if (fifo === undefined) return undefined;
  const stats = fifo.stats();
  // One of another user could be anybody's ear.
  if (stats.isFIFO() && Number(stats.uid) === getuid?.()) return fifo;
  await fifo.close();
  return undefined;
}

/**
 * Reads the FIFO to which nothing is ever written: the end of file comes when its last writer, the wrapper, is gone. A
 * reader that comes when there is no writer is told nothing, ever; so we are a writer ourselves until we read.
 */
async function whenGone(folder: string, onGone: () => void): Promise<Watch> {
  const path = `${folder}/alive`;
  let watching = true;
  const writer = await openFifo(path);
  if (writer === undefined) {
    queueMicrotask(() => {
      if (watching) onGone();
    });
    return {
      close: () => {
        watching = false;
      },
    };
  }
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  // A bare number: the socket that takes it over closes it.
  const reading = io(path, "open", async () => openSync(path, flags));
  // Also where that fails: whoever watches later would wait for us.
  const fd = await reading.finally(() => writer.close());
  const socket = new Socket({ fd, readable: true, writable: false });
  const gone = () => {
    if (!watching) return;
    watching = false;
    socket.destroy();
    onGone();
  };
  socket.once("end", gone);
  socket.once("error", gone);
  socket.resume();
  socket.unref();
  return {
    close: () => {
      watching = false;
      socket.destroy();
    },
  };
}
