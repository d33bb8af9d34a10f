/**
 * Seeded random numbers.
 *
 * Always: the same seed gives the same numbers, on every machine. Not able to: keep a secret.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  reseed(seed: number): void {
    this.#state = seed | 0;
  }

  /** 32 random bits, unsigned. */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** 0 … below - 1. */
  below(below: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * below);
  }

  /** True once in `times`, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string {
    let text = "";
    while (text.length < bytes * 2) text += this.bits().toString(16).padStart(8, "0");
    return text.slice(0, bytes * 2);
  }
}
