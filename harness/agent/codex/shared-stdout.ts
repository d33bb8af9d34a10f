/**
 * One stdout for all that speak in a process at once.
 *
 * Always: whoever has begun a line has stdout to itself until the line's end, however many writes that takes.
 */
import type { StdoutPort } from "../machine.ts";

const newline = 0x0a;

export class SharedStdout {
  readonly #port: StdoutPort;
  #last: Promise<void> = Promise.resolve();
  #bytes = 0;

  constructor(port: StdoutPort) {
    this.#port = port;
  }

  /** So many bytes are out. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A port for one speaker, who writes one piece after the other. */
  lane(): StdoutPort {
    let release: (() => void) | undefined;
    const take = async (): Promise<void> => {
      const before = this.#last;
      this.#last = new Promise((resolve) => {
        release = resolve;
      });
      await before;
    };
    return {
      kind: this.#port.kind,
      write: async (bytes) => {
        if (release === undefined) await take();
        const written = await this.#port.write(bytes);
        this.#bytes += written;
        if (written === bytes.length && bytes.at(-1) === newline) {
          release?.();
          release = undefined;
        }
        return written;
      },
    };
  }
}
