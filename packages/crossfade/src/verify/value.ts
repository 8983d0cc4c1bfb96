import { limits } from '../core/limits.ts';
import { absorbBytes, begin, type Digester, domain, put, putFinished } from './mix.ts';

/**
 * What a value is. A difference here is a difference, whatever the 64 bits beside it say: NULL is not '', and a value
 * that its type cannot hold is equal to nothing, because only the source side ever writes `unheld` and only the target
 * side `unreadable`.
 */
export const What = {
  null: 0,
  unheld: 1,
  unreadable: 2,
  boolean: 3,
  integer: 4,
  double: 5,
  numeric: 6,
  infinity: 7,
  date: 8,
  timestamp: 9,
  timestamptz: 10,
  uuid: 11,
  bytes: 12,
  text: 13,
  json: 14,
  jsonb: 15,
} as const;

/** The types that verification reads, by the names of PostgreSQL's catalog where they are short. */
export type TypeKey =
  | 'boolean'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'text'
  | 'bytea'
  | 'json'
  | 'jsonb';

/** Reads a value of the source, which is not NULL, as the type of its column. `tag` as in core/cell.ts. */
export type SourceDecode = (d: Digester, at: number, tag: number, view: DataView, start: number, end: number) => void;

/** Reads a value that PostgreSQL sent in its binary form, which is not NULL. */
export type TargetDecode = (d: Digester, at: number, view: DataView, start: number, end: number) => void;

/** The type cannot hold the value, so nothing in the target equals it. */
export function putUnheld(d: Digester, at: number): void {
  put(d, at, What.unheld, 0, 0);
}

/** The bytes as they are. */
export function putBytes(d: Digester, at: number, what: number, view: DataView, start: number, end: number): void {
  begin(d.state, d.key, domain.bytes);
  absorbBytes(d.state, view, start, end);
  putFinished(d, at, what);
}

/** A whole number below 2^53 as the two halves of its 64 bits, which is how PostgreSQL sends it. */
export function putSafe(d: Digester, at: number, what: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  put(d, at, what, high, value - high * 0x1_0000_0000);
}

/** The same for any whole number; one beyond 64 bits is not held. */
export function putBigInt(d: Digester, at: number, what: number, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) return putUnheld(d, at);
  put(d, at, what, Number(value >> 32n), Number(BigInt.asIntN(32, value)));
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** All 64 bits, so that -0 stays apart from 0 and a value rounded to 4 bytes from the one it was. */
export function putDouble(d: Digester, at: number, value: number): void {
  // One NaN of many, whatever its payload was.
  double[0] = Number.isNaN(value) ? Number.NaN : value;
  put(d, at, What.double, halves[0], halves[1]);
}

/** The double that was put there. */
export function doubleAt(d: Digester, at: number): number {
  halves[0] = d.out[at + 1];
  halves[1] = d.out[at + 2];
  return double[0];
}

let seen: DataView | null = null;
let seenBytes: Buffer = Buffer.alloc(0);

/** Only for bytes that are known, or at once checked, to be ASCII. */
export function asciiText(view: DataView, start: number, end: number): string {
  if (view !== seen) {
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    // A very large value is not to be held until the next one comes.
    if (view.byteLength > limits.exclusiveBytes) return bytes.toString('latin1', start, end);
    seen = view;
    seenBytes = bytes;
  }
  return seenBytes.toString('latin1', start, end);
}
