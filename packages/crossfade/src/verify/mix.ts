/**
 * The keyed hash under every digest: four lanes of 32 bits, each a multiplication by a secret odd number and a rotation
 * a word, as in MurmurHash3, and a finish that folds all lanes into both words of the result.
 *
 * Keyed, because whoever wrote the data must not be able to prepare values that collide: starting values and
 * multipliers are random for each run. Four lanes that see the word turned by a quarter each, because the highest bit
 * goes through a multiplication unchanged, and so is a predictable bit in one lane at a time and never in the others.
 * Integers of 32 bits only, because V8 keeps these in registers: three times as fast as HalfSipHash in the same place.
 */

/** Working memory of one table's digests. `out` holds three words a column: what the value is, and 64 bits that stand for it. */
export interface Digester {
  /** The lanes' starting values. */
  readonly key: Int32Array;
  /** The four lanes, and behind them their multipliers. */
  readonly state: Int32Array;
  readonly out: Int32Array;
}

/** Half of them are the lanes' starting values, half their multipliers. */
export const seedBytes = 32;

/** @param seed 32 random bytes, the same ones for both sides and all workers of a run. */
export function digester(seed: Uint8Array, columns: number): Digester {
  if (seed.byteLength !== seedBytes) throw new TypeError(`The seed of a verification has ${seedBytes} bytes.`);
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const key = Int32Array.from({ length: 4 }, (_, i) => view.getInt32(4 * i, true));
  const state = Int32Array.from({ length: 8 }, (_, i) => view.getInt32(4 * i, true) | 1);
  return { key, state, out: new Int32Array(3 * columns) };
}

/** Digests of different domains never meet: a row without columns is no empty text. */
export const domain = { row: 1, key: 2, bytes: 3, decimal: 4, json: 5, member: 6, uuid: 7 } as const;

/** A new digest of the domain. Every digest begins here and ends with `finish`. */
export function begin(s: Int32Array, key: Int32Array, of: number): void {
  s[0] = key[0] + of;
  s[1] = key[1] + of;
  s[2] = key[2] + of;
  s[3] = key[3] + of;
}

/** One word of 32 bits. What is absorbed must say by itself where each part of it ends. */
export function absorb(s: Int32Array, word: number): void {
  const a = Math.imul(s[0] ^ word, s[4]);
  const b = Math.imul(s[1] ^ ((word << 16) | (word >>> 16)), s[5]);
  const c = Math.imul(s[2] ^ ((word << 8) | (word >>> 24)), s[6]);
  const d = Math.imul(s[3] ^ ((word << 24) | (word >>> 8)), s[7]);
  s[0] = (a << 15) | (a >>> 17);
  s[1] = (b << 13) | (b >>> 19);
  s[2] = (c << 17) | (c >>> 15);
  s[3] = (d << 11) | (d >>> 21);
}

/** The same as `absorb` of each word in turn. */
export function absorbWords(s: Int32Array, words: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) absorb(s, words[i]);
}

/** Bytes, four at a time, and then how many there were: 'a' and 'a\0' differ although their last words are equal. */
export function absorbBytes(s: Int32Array, view: DataView, start: number, end: number): void {
  // The lanes and multipliers in variables: going through the array for each word takes three times as long.
  let a = s[0];
  let b = s[1];
  let c = s[2];
  let d = s[3];
  const ka = s[4];
  const kb = s[5];
  const kc = s[6];
  const kd = s[7];
  let p = start;
  for (; p + 4 <= end; p += 4) {
    const word = view.getInt32(p, true);
    a = Math.imul(a ^ word, ka);
    b = Math.imul(b ^ ((word << 16) | (word >>> 16)), kb);
    c = Math.imul(c ^ ((word << 8) | (word >>> 24)), kc);
    d = Math.imul(d ^ ((word << 24) | (word >>> 8)), kd);
    a = (a << 15) | (a >>> 17);
    b = (b << 13) | (b >>> 19);
    c = (c << 17) | (c >>> 15);
    d = (d << 11) | (d >>> 21);
  }
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
  let rest = 0;
  for (let shift = 0; p < end; p++, shift += 8) rest |= view.getUint8(p) << shift;
  absorb(s, rest);
  absorb(s, end - start);
}

/** Leaves the digest in the first two words of the state. Every lane goes into both words, in another order. */
export function finish(s: Int32Array): void {
  const a = s[0];
  const b = s[1];
  const c = s[2];
  const d = s[3];
  let x = Math.imul(a ^ (a >>> 16), s[4]) + b;
  let y = Math.imul(d ^ (d >>> 16), s[5]) + c;
  x = Math.imul(x ^ (x >>> 15), s[6]) + c;
  y = Math.imul(y ^ (y >>> 15), s[7]) + b;
  x = Math.imul(x ^ (x >>> 14), s[5]) + d;
  y = Math.imul(y ^ (y >>> 14), s[4]) + a;
  // The last two steps are those of MurmurHash3's finalizer, whose constants are known to mix.
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  s[0] = x ^ (x >>> 16);
  s[1] = y ^ (y >>> 16);
}

/** A column's three words. */
export function put(d: Digester, at: number, what: number, a: number, b: number): void {
  d.out[at] = what;
  d.out[at + 1] = a;
  d.out[at + 2] = b;
}

/** Finishes the state and makes it the value of the column. */
export function putFinished(d: Digester, at: number, what: number): void {
  finish(d.state);
  put(d, at, what, d.state[0], d.state[1]);
}
