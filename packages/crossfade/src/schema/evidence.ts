import { isUtf8 } from 'node:buffer';
import { type RowKey, Tag } from '../core/cell.ts';
import { limits } from '../core/limits.ts';
import { InstantKind, InstantParser } from './values/instant.ts';
import { Json, JsonWalker, jsonbObstacles } from './values/json.ts';
import { booleanWord, epochUnit, isCanonicalUuid, realValue, shortInteger, wideInteger } from './values/scalar.ts';

/**
 * Everything that inference may know about a column, as counts over all of its values. The names are the vocabulary of
 * the type table in infer.ts. The first five are the storage classes, in the order of `Tag`.
 */
export const facts = [
  'null',
  'integer',
  'real',
  'text',
  'blob',
  'integerBit',
  'integerNoBit',
  'integerWide',
  'integerUnsafe',
  'integerEpoch',
  'integerNoEpoch',
  'realNegativeZero',
  'realInfinite',
  'textEmpty',
  'textNul',
  'textEncoding',
  'textBoolean',
  'textUuid',
  'textDate',
  'textNaive',
  'textOffset',
  'textJsonb',
  'textJson',
  'textJsonScalar',
  'textJsonScalarOdd',
  'textOther',
  'blobText',
  'blobBinary',
  'blobJsonb',
  'blobJson',
  'tooLarge',
  'unfit',
  'clockSkipped',
  'clockTwice',
] as const;
export type Fact = (typeof facts)[number];

const index = Object.fromEntries(facts.map((fact, i) => [fact, i])) as Record<Fact, number>;

/** The bytes with which a JSON text or an instant can begin: all others are told at once from the first byte. */
const jsonStarts = new Uint8Array(256);
for (const character of ' \t\r\n{["-0123456789tfn') jsonStarts[character.charCodeAt(0)] = 1;

/** The evidence of one column, as it travels between threads and into inference. */
export interface ColumnEvidence {
  readonly counts: Float64Array;
  /** Per fact the first row that showed it. */
  readonly witnesses: (RowKey | null)[];
  integerMin: bigint | null;
  integerMax: bigint | null;
  bytesMax: number;
  /** The one spelling of all instants of the column; -1 before the first, -2 when there are several. */
  shape: number;
}

/** Evidence of no values, to merge pieces into. */
export function emptyEvidence(): ColumnEvidence {
  return {
    counts: new Float64Array(facts.length),
    witnesses: new Array<RowKey | null>(facts.length).fill(null),
    integerMin: null,
    integerMax: null,
    bytesMax: 0,
    shape: -1,
  };
}

/** How many values of the column show the fact. */
export function count(evidence: ColumnEvidence, fact: Fact): number {
  return evidence.counts[index[fact]];
}

/** How many values show one of several disjoint facts. */
export function sumOf(evidence: ColumnEvidence, names: readonly Fact[]): number {
  return names.reduce((total, name) => total + count(evidence, name), 0);
}

/** How many values are not NULL. */
export function valuesOf(evidence: ColumnEvidence): number {
  return sumOf(evidence, ['integer', 'real', 'text', 'blob']);
}

/** The first row that showed the fact, in the order in which the evidence was merged. */
export function witness(evidence: ColumnEvidence, fact: Fact): RowKey | null {
  return evidence.witnesses[index[fact]];
}

/** Adds the evidence of another piece of the same column. */
export function mergeEvidence(into: ColumnEvidence, from: ColumnEvidence): void {
  for (let i = 0; i < facts.length; i++) {
    into.counts[i] += from.counts[i];
    into.witnesses[i] = earlier(into.witnesses[i], from.witnesses[i]);
  }
  if (from.integerMin !== null && (into.integerMin === null || from.integerMin < into.integerMin))
    into.integerMin = from.integerMin;
  if (from.integerMax !== null && (into.integerMax === null || from.integerMax > into.integerMax))
    into.integerMax = from.integerMax;
  into.bytesMax = Math.max(into.bytesMax, from.bytesMax);
  if (from.shape !== -1) into.shape = into.shape === -1 || into.shape === from.shape ? from.shape : -2;
}

/** The lower rowid, so that the report names the same row whichever thread was quicker. */
function earlier(a: RowKey | null, b: RowKey | null): RowKey | null {
  if (a === null || b === null) return a ?? b;
  return typeof a[0] === 'bigint' && typeof b[0] === 'bigint' && b[0] < a[0] ? b : a;
}

/** The row at hand; its key is read only when a fact is seen for the first time. */
export interface Keyed {
  readonly key: RowKey;
}

/** Collects the evidence of one column. One observer serves one thread. */
export class ColumnObserver {
  readonly evidence = emptyEvidence();
  private readonly json = new JsonWalker(limits.jsonDepthMax);
  private readonly instant = new InstantParser();
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;

  /** Takes one value. `clean`: the caller knows that the text is valid UTF-8 without NUL. */
  observe(tag: number, buf: Uint8Array, start: number, end: number, clean: boolean, row: Keyed): void {
    this.note(tag, row);
    if (tag === Tag.null) return;
    const bytes = end - start;
    if (bytes > this.evidence.bytesMax) this.evidence.bytesMax = bytes;
    if (bytes > limits.fieldBytesMax) this.note(index.tooLarge, row);
    else if (tag === Tag.text) this.text(buf, start, end, clean, row);
    else if (tag === Tag.integer) this.integer(buf, start, end, row);
    else if (tag === Tag.real) this.real(buf, start, end, row);
    else this.blob(buf, start, end, row);
  }

  /** What only those know who know the ordered type and the zone: that it cannot hold the value, or what the clocks did. */
  add(fact: 'unfit' | 'clockSkipped' | 'clockTwice', row: Keyed): void {
    this.note(index[fact], row);
  }

  /** The evidence so far. */
  result(): ColumnEvidence {
    const { evidence } = this;
    if (this.min <= this.max) this.widen(BigInt(this.min), BigInt(this.max));
    return evidence;
  }

  private note(fact: number, row: Keyed): void {
    const { counts, witnesses } = this.evidence;
    if (counts[fact]++ === 0) witnesses[fact] = row.key;
  }

  private widen(min: bigint, max: bigint): void {
    const { evidence } = this;
    if (evidence.integerMin === null || min < evidence.integerMin) evidence.integerMin = min;
    if (evidence.integerMax === null || max > evidence.integerMax) evidence.integerMax = max;
  }

  private integer(buf: Uint8Array, start: number, end: number, row: Keyed): void {
    const value = shortInteger(buf, start, end);
    if (Number.isNaN(value)) return this.wide(wideInteger(buf, start, end), row);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.note(value === 0 || value === 1 ? index.integerBit : index.integerNoBit, row);
    if (value > 0x7fffffff || value < -0x80000000) this.note(index.integerWide, row);
    this.note(epochUnit(value) === null ? index.integerNoEpoch : index.integerEpoch, row);
  }

  private wide(value: bigint, row: Keyed): void {
    this.widen(value, value);
    this.note(index.integerWide, row);
    this.note(index.integerNoBit, row);
    this.note(epochUnit(Number(value)) === null ? index.integerNoEpoch : index.integerEpoch, row);
    // Beyond 2^53 a double skips integers, so double precision is no home for the column.
    if (BigInt(Number(value)) !== value || value > 9007199254740992n || value < -9007199254740992n)
      this.note(index.integerUnsafe, row);
  }

  private real(buf: Uint8Array, start: number, end: number, row: Keyed): void {
    const first = buf[start] === 0x2d ? start + 1 : start;
    if (buf[first] === 0x49) this.note(index.realInfinite, row);
    else if (first > start && Object.is(realValue(buf, start, end), -0)) this.note(index.realNegativeZero, row);
  }

  private text(buf: Uint8Array, start: number, end: number, clean: boolean, row: Keyed): void {
    if (start === end) return this.note(index.textEmpty, row);
    if (!clean && !this.holdable(buf, start, end, row)) return;
    const first = buf[start];
    const length = end - start;
    if (length <= 5 && booleanWord(buf, start, end) !== null) this.note(index.textBoolean, row);
    if (length === 36 && isCanonicalUuid(buf, start, end)) return this.note(index.textUuid, row);
    if (jsonStarts[first] === 0) return this.note(index.textOther, row);
    const kind = this.instant.parse(buf, start, end);
    if (kind === InstantKind.none) return this.jsonText(buf, start, end, row);
    const { evidence } = this;
    if (evidence.shape !== this.instant.shape) evidence.shape = evidence.shape === -1 ? this.instant.shape : -2;
    this.note(
      kind === InstantKind.date ? index.textDate : kind === InstantKind.naive ? index.textNaive : index.textOffset,
      row,
    );
  }

  private jsonText(buf: Uint8Array, start: number, end: number, row: Keyed): void {
    const flags = this.json.inspect(buf, start, end);
    if (flags === Json.no || flags & Json.deep) return this.note(index.textOther, row);
    const fitsJsonb = (flags & jsonbObstacles) === 0 && end - start <= limits.jsonbBytesMax;
    if (flags & Json.scalar) {
      this.note(fitsJsonb ? index.textJsonScalar : index.textJsonScalarOdd, row);
    } else this.note(fitsJsonb ? index.textJsonb : index.textJson, row);
  }

  private blob(buf: Uint8Array, start: number, end: number, row: Keyed): void {
    const bytes = buf.subarray(start, end);
    if (!isUtf8(bytes) || bytes.includes(0)) return this.note(index.blobBinary, row);
    this.note(index.blobText, row);
    if (buf[start] !== 0x7b && buf[start] !== 0x5b) return;
    const flags = this.json.inspect(buf, start, end);
    if (flags === Json.no || flags & Json.deep) return;
    this.note(
      (flags & jsonbObstacles) === 0 && end - start <= limits.jsonbBytesMax ? index.blobJsonb : index.blobJson,
      row,
    );
  }

  /** Whether PostgreSQL's text takes the bytes: UTF-8, and no NUL. */
  private holdable(buf: Uint8Array, start: number, end: number, row: Keyed): boolean {
    const bytes = buf.subarray(start, end);
    if (!isUtf8(bytes)) {
      this.note(index.textEncoding, row);
      return false;
    }
    if (bytes.includes(0)) {
      this.note(index.textNul, row);
      return false;
    }
    return true;
  }
}
