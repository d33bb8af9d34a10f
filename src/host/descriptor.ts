/**
 * An open file by its number.
 *
 * Always: what the system has at hand is asked for at once, since to hand such a call to another thread and to hear from
 * there takes many times as long, above all where processors are busy; what may wait for the disk is done beside. The
 * number is given back when no call on it is under way: else that call would meet whichever file gets it next.
 * Never: a file that was closed is asked for anything more.
 */
import {
  type BigIntStats,
  closeSync,
  fdatasync,
  fstatSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
} from "node:fs";

/** More than so many bytes are read beside. */
const readBytesMax = 16 * 1024;
/** More than so many bytes are written beside: to copy these into the system's memory takes some microseconds. */
const writtenBytesMax = 64 * 1024;

/** Runs what takes the system no time, after everything else that waits: many of these must not keep others from their turn. */
export async function atOnce<T>(work: () => T | Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return work();
}

export class Descriptor {
  readonly #fd: number;
  #pending = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  /** @param fd from now on this object's to close. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws what the system says. */
  static open(path: string, flags: number): Descriptor {
    return new Descriptor(openSync(path, flags));
  }

  stats(): BigIntStats {
    return fstatSync(this.#number(), { bigint: true });
  }

  sizeNow(): number {
    return fstatSync(this.#number()).size;
  }

  /** Fills `bytes` from offset `at` on, at once; how many there were. */
  readNow(bytes: Uint8Array, at: number): number {
    return readAll(this.#number(), bytes, at);
  }

  /** As {@link readNow}; many bytes are waited for. */
  read(bytes: Uint8Array, at: number): Promise<number> {
    if (bytes.length <= readBytesMax) return this.#whileOpen((fd) => atOnce(() => readAll(fd, bytes, at)));
    return this.#whileOpen(async (fd) => {
      for (let have = 0; have < bytes.length; ) {
        const asked = bytes.length - have;
        const count = await beside<number>((done) => read(fd, bytes, have, asked, at + have, done));
        if (count < asked) return have + count;
        have += count;
      }
      return bytes.length;
    });
  }

  /** Writes all of it where the file ends. */
  append(bytes: Uint8Array): Promise<void> {
    return this.#write(bytes, null);
  }

  /** Writes all of it from offset `at` on, in a file that was not opened to be appended to. */
  write(bytes: Uint8Array, at: number): Promise<void> {
    return this.#write(bytes, at);
  }

  sync(): Promise<void> {
    return this.#whileOpen(synced);
  }

  /** To wake the thread that does it takes as long as to write to a client. */
  syncLater(): Promise<void> {
    return this.#whileOpen((fd) => atOnce(() => synced(fd)));
  }

  /** The number, from now on its taker's to close. Nothing is under way on it. */
  detach(): number {
    const fd = this.#number();
    this.#isClosed = true;
    return fd;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    closeSync(this.#fd);
  }

  #write(bytes: Uint8Array, at: number | null): Promise<void> {
    return this.#whileOpen(async (fd) => {
      for (let from = 0; from < bytes.length; ) {
        const left = bytes.length - from;
        const to = at === null ? null : at + from;
        from +=
          left <= writtenBytesMax
            ? writeSync(fd, bytes, from, left, to)
            : await beside<number>((done) => write(fd, bytes, from, left, to, done));
      }
    });
  }

  #number(): number {
    if (this.#isClosed) throw Object.assign(new Error("the file was closed"), { code: "EBADF" });
    return this.#fd;
  }

  /** What has begun before the file is closed comes to its end before that. */
  async #whileOpen<T>(work: (fd: number) => Promise<T>): Promise<T> {
    const fd = this.#number();
    this.#pending += 1;
    try {
      return await work(fd);
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#onIdle?.();
    }
  }
}

function synced(fd: number): Promise<void> {
  return beside<void>((done) => fdatasync(fd, (error) => done(error)));
}

/** Calls the system on another thread. */
function beside<T>(ask: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, value) => (error === null ? resolve(value as T) : reject(error)));
  });
}

/** A regular file gives less than was asked for at its end alone. */
function readAll(fd: number, bytes: Uint8Array, at: number): number {
  for (let have = 0; have < bytes.length; ) {
    const count = readSync(fd, bytes, have, bytes.length - have, at + have);
    if (count < bytes.length - have) return have + count;
    have += count;
  }
  return bytes.length;
}
