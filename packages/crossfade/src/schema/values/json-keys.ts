/** Above so many keys of one object a set is quicker than pairs. */
const pairsMax = 24;
const keptWordsMax = 3 * 256 * 256;
/** The hash of every key that was spelled with an escape: spellings of one key must meet, and are compared decoded. */
const escapedHash = -1;

/**
 * The keys of the JSON objects that are open, innermost last, as positions in the document: jsonb would drop all but
 * the last of equal keys in silence. Nothing is allocated for the few distinct keys that objects usually have.
 */
export class KeyLedger {
  /** Per open container: where its keys begin. */
  private from: Int32Array = new Int32Array(64);
  private depth = 0;
  /** Three words a key: start, end, hash. */
  private keys: Int32Array = new Int32Array(3 * 256);
  private used = 0;

  clear(): void {
    this.depth = this.used = 0;
    // One huge document is not to cost its memory for the rest of the run.
    if (this.keys.length > keptWordsMax) this.keys = new Int32Array(3 * 256);
  }

  /** A container begins; an array is an object without keys here. */
  open(): void {
    if (this.depth === this.from.length) this.from = grown(this.from);
    this.from[this.depth++] = this.used;
  }

  /** A key of the innermost object: the bytes between its quotes. */
  add(buf: Uint8Array, start: number, end: number, escaped: boolean): void {
    let hash = escaped ? escapedHash : 0;
    if (!escaped) for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + buf[i]) & 0x7fffffff;
    if (this.used === this.keys.length) this.keys = grown(this.keys);
    const { keys } = this;
    keys[this.used++] = start;
    keys[this.used++] = end;
    keys[this.used++] = hash;
  }

  /** The innermost container ends. Whether two of its keys are equal. */
  close(buf: Uint8Array): boolean {
    const from = this.from[--this.depth];
    const duplicate = this.used - from > 3 && this.hasDuplicate(buf, from);
    this.used = from;
    return duplicate;
  }

  private hasDuplicate(buf: Uint8Array, from: number): boolean {
    const { keys, used } = this;
    let escaped = false;
    for (let i = from + 2; i < used; i += 3) if (keys[i] === escapedHash) escaped = true;
    if (escaped || used - from > 3 * pairsMax) {
      const seen = new Set<string>();
      for (let i = from; i < used; i += 3) seen.add(JSON.parse(`"${this.text(buf, i)}"`) as string);
      return seen.size < (used - from) / 3;
    }
    for (let i = from + 3; i < used; i += 3) {
      for (let j = from; j < i; j += 3) {
        if (keys[i + 2] === keys[j + 2] && this.text(buf, i) === this.text(buf, j)) return true;
      }
    }
    return false;
  }

  private text(buf: Uint8Array, i: number): string {
    const { keys } = this;
    return Buffer.from(buf.buffer, buf.byteOffset + keys[i], keys[i + 1] - keys[i]).toString('utf8');
  }
}

/** Twice as long, with the same beginning. */
export function grown(words: Int32Array): Int32Array {
  const longer = new Int32Array(words.length * 2);
  longer.set(words);
  return longer;
}
