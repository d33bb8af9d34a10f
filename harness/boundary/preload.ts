/**
 * Preload of a Node process under test: counts its mutating file operations and ends it at one of them.
 *
 * It stands between Node's own JavaScript and the system: every way to a file (fs, fs/promises, FileHandle, streams;
 * sync, callback, promise) goes through the functions of one internal object, whose calls are each one system call, or
 * one that JavaScript cannot look into. So each operation is counted once, in the order in which it was asked for.
 * Always: the trace has an operation before it happens. An operation at which the process ends is carried out as far as
 * the mode says, at once and alone; nothing that waits for it runs.
 * After a power cut it also tells the program another boot id, as a machine does that was started again.
 * Not able to: see what native code does by itself (the shim's part), or what worker threads do to the same end: they
 * have traces of their own and are never ended. Nor can it order operations that the program itself does not order.
 */
import fs from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { type Asked, decoders, decodeSpawn, harmless, type Share } from "./decode.ts";
import { absolute, remember } from "./descriptors.ts";
import {
  type BoundaryMode,
  type BoundaryOrder,
  bootIdPath,
  type Hit,
  type Operation,
  orderVariable,
  type TraceLine,
} from "./operation.ts";

type Native = (...args: unknown[]) => unknown;
type Internals = Record<string, unknown>;

/** Of a callback, the object through which Node is told of the end. */
interface Request {
  oncomplete: (...args: unknown[]) => unknown;
}

const shares: Readonly<Record<BoundaryMode, Share | undefined>> = {
  before: undefined,
  after: "all",
  empty: "nothing",
  torn: "half",
};

/** The internal objects that Node's own modules are built on, by the door that is there for such tools. */
function internals(name: string): Internals {
  const door = Reflect.get(process, "binding");
  if (typeof door !== "function")
    throw new Error(`Node ${process.version} has no process.binding: the boundary preload cannot work here.`);
  return Reflect.apply(door, process, [name]);
}

class Counter {
  readonly #order: BoundaryOrder;
  #fd = -1;
  #count = 0;
  /** Our own writes are not the program's. */
  #isOwn = false;

  constructor(order: BoundaryOrder) {
    this.#order = order;
  }

  /** Puts the count in front of every native function that can change a file or starts a process. */
  install(): void {
    const files = internals("fs");
    for (const [name, decode] of Object.entries(decoders)) this.#wrap(files, name, decode);
    const { bootIdFile } = this.#order;
    if (bootIdFile !== undefined)
      for (const name of ["open", "openFileHandle", "readFileUtf8"]) replacePath(files, name, bootIdFile);
    const isFunction = (name: string) => typeof files[name] === "function";
    const unknown = Object.keys(files).filter(
      (name) => isFunction(name) && !Object.hasOwn(decoders, name) && !harmless.test(name),
    );
    const { Process } = internals("process_wrap") as { Process: { prototype: Internals } };
    this.#wrap(Process.prototype, "spawn", decodeSpawn);
    this.#wrap(internals("spawn_sync"), "spawn", decodeSpawn);
    this.#alone(() => {
      const thread = isMainThread ? "" : `.thread${threadId}`;
      this.#fd = fs.openSync(`${this.#order.trace}.${process.pid}${thread}.jsonl`, "a", 0o600);
    });
    this.#write({ kind: "process", pid: process.pid, argv: process.argv, by: "preload", unknown });
  }

  #wrap(
    holder: Internals,
    name: string,
    decode: (args: readonly unknown[], call: () => unknown) => Asked | undefined,
  ): void {
    const native = holder[name];
    if (typeof native !== "function") return;
    const counter = this;
    holder[name] = function counted(this: unknown, ...args: unknown[]): unknown {
      const call = () => Reflect.apply(native as Native, this, args);
      if (counter.#isOwn || counter.#fd < 0) return call();
      const asked = decode(args, call);
      const n = asked === undefined ? undefined : counter.#ask(asked);
      return watched(args, call, (error, value) => {
        if (error === undefined) rememberOpened(args, name, value);
        if (n !== undefined) counter.#write({ done: n, ...(error === undefined ? {} : { error }) });
      });
    };
  }

  /** Counts and traces; does not return where the process is to end. */
  #ask({ content, carryOut, ...asked }: Asked): number {
    this.#count += 1;
    const operation: Operation = { n: this.#count, ...asked };
    const isWithData = this.#order.data === true && content !== undefined;
    this.#write(isWithData ? { ...operation, data: Buffer.from(content).toString("base64") } : operation);
    const { at, trace } = this.#order;
    if (isMainThread && at?.operation === operation.n && at.mode !== "fail") {
      const { mode } = at;
      const share = shares[mode];
      this.#alone(() => {
        if (share !== undefined) attempt(() => carryOut(share));
        const hit: Hit = { pid: process.pid, mode, operation };
        fs.writeFileSync(`${trace}.hit.tmp`, JSON.stringify(hit));
        // Whole at once: who sees the file may read it.
        fs.renameSync(`${trace}.hit.tmp`, `${trace}.hit`);
        for (;;) process.kill(process.pid, "SIGKILL");
      });
    }
    return operation.n;
  }

  #write(line: TraceLine): void {
    this.#alone(() => fs.writeSync(this.#fd, `${JSON.stringify(line)}\n`));
  }

  #alone(work: () => void): void {
    this.#isOwn = true;
    try {
      work();
    } finally {
      this.#isOwn = false;
    }
  }
}

/** The machine was booted again: who asks for its boot id is told the new one. */
function replacePath(holder: Internals, name: string, bootIdFile: string): void {
  const native = holder[name];
  if (typeof native !== "function") return;
  holder[name] = function replaced(this: unknown, file: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(native as Native, this, [file === bootIdPath ? bootIdFile : file, ...args]);
  };
}

/** An operation that fails leaves what it leaves; the end comes all the same. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // As it would have failed by itself.
  }
}

/** Calls, and tells how it ended before anybody who waits for it is told: error code or value. */
function watched(
  args: readonly unknown[],
  call: () => unknown,
  ended: (error: string | undefined, value: unknown) => void,
): unknown {
  const request = args.find(isRequest);
  if (request !== undefined) {
    const complete = request.oncomplete;
    request.oncomplete = function completed(this: unknown, error: unknown, ...rest: unknown[]) {
      ended(codeOf(error), rest[0]);
      return Reflect.apply(complete, this, [error, ...rest]);
    };
    return call();
  }
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    ended(codeOf(error), undefined);
    throw error;
  }
  // Registered first, so it runs before anybody else's.
  if (result instanceof Promise)
    result.then(
      (value) => ended(undefined, value),
      (error) => ended(codeOf(error), undefined),
    );
  // Older versions of Node leave the error of a synchronous call in an object that they hand in.
  else
    ended(
      args.map(failureIn).find((code) => code !== undefined),
      result,
    );
  return result;
}

function isRequest(value: unknown): value is Request {
  return (
    typeof value === "object" && value !== null && typeof Reflect.get(value, "oncomplete") === "function"
  );
}

function codeOf(error: unknown): string | undefined {
  if (error === null || error === undefined) return undefined;
  return (typeof error === "object" ? failureIn(error) : undefined) ?? "error";
}

function failureIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  const code = Reflect.get(value, "code");
  return typeof code === "string" ? code : undefined;
}

function rememberOpened([file, flags]: readonly unknown[], name: string, value: unknown): void {
  if ((name === "open" || name === "openFileHandle") && typeof flags === "number")
    remember({ path: absolute(file), flags }, value);
}

const text = process.env[orderVariable];
if (text !== undefined) {
  const order: BoundaryOrder = JSON.parse(text);
  if (order.entry === undefined || (process.argv[1] ?? "").endsWith(order.entry))
    new Counter(order).install();
}
