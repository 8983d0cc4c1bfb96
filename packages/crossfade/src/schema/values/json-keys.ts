/** Above so many keys of one object a set is quicker than pairs. */
const pairsMax = 24;
/** The hash of every key that was spelled with an escape: spellings of one key must meet, and are compared decoded. */
const escapedHash = -1;

/**
 * The keys of the JSON objects that are open, innermost last, as positions in the document: jsonb would drop all but
 * the last of equal keys in silence. Nothing is allocated for the few distinct keys that objects usually have.
 */
export class KeyLedger {
  private readonly from: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly hashes: number[] = [];

  clear(): void {
    this.from.length = 0;
    this.cut(0);
  }

  /** A container begins; an array is an object without keys here. */
  open(): void {
    this.from.push(this.starts.length);
  }

  /** A key of the innermost object: the bytes between its quotes. */
  add(buf: Uint8Array, start: number, end: number, escaped: boolean): void {
    let hash = escaped ? escapedHash : 0;
    if (!escaped) for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + buf[i]) & 0x7fffffff;
    this.starts.push(start);
    this.ends.push(end);
    this.hashes.push(hash);
  }

  /** The innermost container ends. Whether two of its keys are equal. */
  close(buf: Uint8Array): boolean {
    const from = this.from.pop() ?? 0;
    const duplicate = this.starts.length - from > 1 && this.hasDuplicate(buf, from);
    this.cut(from);
    return duplicate;
  }

  private hasDuplicate(buf: Uint8Array, from: number): boolean {
    const { hashes } = this;
    const to = hashes.length;
    if (to - from > pairsMax || hashes.includes(escapedHash, from)) {
      const seen = new Set<string>();
      for (let i = from; i < to; i++) seen.add(JSON.parse(`"${this.text(buf, i)}"`) as string);
      return seen.size < to - from;
    }
    for (let i = from + 1; i < to; i++) {
      for (let j = from; j < i; j++)
        if (hashes[i] === hashes[j] && this.text(buf, i) === this.text(buf, j)) return true;
    }
    return false;
  }

  private text(buf: Uint8Array, i: number): string {
    return Buffer.from(buf.buffer, buf.byteOffset + this.starts[i], this.ends[i] - this.starts[i]).toString('utf8');
  }

  private cut(length: number): void {
    this.starts.length = this.ends.length = this.hashes.length = length;
  }
}
