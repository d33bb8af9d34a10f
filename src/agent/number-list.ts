/**
 * A list of 32-bit numbers that grows without being copied: 4 bytes a number.
 *
 * Always: numbers are unsigned; what is not there reads as 0.
 */
const blockLength = 16_384;

export class NumberList {
  readonly #blocks: Uint32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const within = this.#length % blockLength;
    if (within === 0) this.#blocks.push(new Uint32Array(blockLength));
    const block = this.#blocks[this.#blocks.length - 1];
    if (block !== undefined) block[within] = value;
    this.#length += 1;
  }

  at(index: number): number {
    return this.#blocks[Math.floor(index / blockLength)]?.[index % blockLength] ?? 0;
  }
}
