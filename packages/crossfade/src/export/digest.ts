import { createHmac, randomBytes } from 'node:crypto';

const modulus = 2n ** 256n;

/**
 * A sum over rows in whatever order they come: equal for equal rows, as often as they are there. The key is of one
 * comparison, so nobody can make two sets of rows with one sum.
 */
export class RowSum {
  rows = 0;
  private readonly key: Uint8Array;
  private sum = 0n;

  constructor(key: Uint8Array) {
    this.key = key;
  }

  /** Adds a row, each value in its one spelling. */
  add(row: readonly (string | null)[]): void {
    const hash = createHmac('sha256', this.key);
    // A length stands before each value, so that nothing can shift from one to the next.
    for (const value of row) hash.update(value === null ? '-\n' : `${Buffer.byteLength(value)}\n`).update(value ?? '');
    this.sum = (this.sum + BigInt(`0x${hash.digest('hex')}`)) % modulus;
    this.rows++;
  }

  equals(other: RowSum): boolean {
    return this.rows === other.rows && this.sum === other.sum;
  }
}

/** The key of one comparison. */
export function sumKey(): Uint8Array {
  return randomBytes(32);
}
