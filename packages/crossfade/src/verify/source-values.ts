import { Tag } from '../core/cell.ts';
import type { Rule } from '../schema/model.ts';
import { Decimal } from './decimal.ts';
import { absorbJson } from './json.ts';
import { hexDigit } from './json-string.ts';
import { absorb, begin, type Digester, domain, put, putFinished } from './mix.ts';
import { putDate, putEpoch, putInstantText } from './time.ts';
import {
  asciiText,
  doubleAt,
  putBigInt,
  putBytes,
  putDouble,
  putSafe,
  putUnheld,
  type SourceDecode,
  type TypeKey,
  What,
} from './value.ts';
import { Zone } from './zone.ts';

/** One decoder a type: what a value of the source would be in that type, or that it cannot be held. */

const decimal = new Decimal();

const text: SourceDecode = (d, at, _tag, view, start, end) => putBytes(d, at, What.text, view, start, end);

const bytea: SourceDecode = (d, at, tag, view, start, end) => {
  if (tag === Tag.blob || tag === Tag.text) putBytes(d, at, What.bytes, view, start, end);
  else putUnheld(d, at);
};

/** json keeps the text as it was written, so bytes are compared. */
const json: SourceDecode = (d, at, tag, view, start, end) => {
  if (tag === Tag.blob || tag === Tag.text) putBytes(d, at, What.json, view, start, end);
  else putUnheld(d, at);
};

const jsonb: SourceDecode = (d, at, tag, view, start, end) => {
  if ((tag === Tag.blob || tag === Tag.text) && absorbJson(d, view, start, end)) putFinished(d, at, What.jsonb);
  else putUnheld(d, at);
};

const words = new Map([
  ['t', 1],
  ['true', 1],
  ['f', 0],
  ['false', 0],
]);

const boolean: SourceDecode = (d, at, tag, view, start, end) => {
  const first = end > start ? view.getUint8(start) : 0;
  let value: number | undefined;
  if (tag === Tag.integer && end - start === 1 && (first & 0xfe) === 0x30) value = first & 1;
  if (tag === Tag.text && end - start <= 5) value = words.get(asciiText(view, start, end).toLowerCase());
  if (value === undefined) putUnheld(d, at);
  else put(d, at, What.boolean, value, 0);
};

/** Reals without a fraction and canonical text come here only where a rule or an existing table says integer. -0 has a sign to lose. */
function integer(d: Digester, at: number, tag: number, view: DataView, start: number, end: number): void {
  if (tag === Tag.integer) return putIntegerText(d, at, view, start, end);
  if (tag === Tag.real) {
    const value = realOf(view, start, end);
    if (Number.isInteger(value) && !Object.is(value, -0)) return putBigInt(d, at, What.integer, BigInt(value));
  } else if (tag === Tag.text && /^(0|-?[1-9][0-9]{0,18})$/.test(asciiText(view, start, Math.min(end, start + 21)))) {
    return putIntegerText(d, at, view, start, end);
  }
  putUnheld(d, at);
}

/** The same for the narrower types: the upper half of the 64 bits must say nothing. */
function narrowInteger(signBit: 15 | 31): SourceDecode {
  return (d, at, tag, view, start, end) => {
    integer(d, at, tag, view, start, end);
    if (d.out[at + 1] !== d.out[at + 2] >> signBit) putUnheld(d, at);
  };
}

function putIntegerText(d: Digester, at: number, view: DataView, start: number, end: number): void {
  if (end - start > 15) return putBigInt(d, at, What.integer, BigInt(asciiText(view, start, end)));
  putSafe(d, at, What.integer, shortInteger(view, start, end));
}

/** At most 15 characters, so the value is exact. */
function shortInteger(view: DataView, start: number, end: number): number {
  const negative = view.getUint8(start) === 0x2d;
  let value = 0;
  for (let p = negative ? start + 1 : start; p < end; p++) value = value * 10 + view.getUint8(p) - 0x30;
  return negative ? -value : value;
}

const double: SourceDecode = (d, at, tag, view, start, end) => {
  if (tag === Tag.real) return putDouble(d, at, realOf(view, start, end));
  if (tag === Tag.integer) {
    if (end - start <= 15) return putDouble(d, at, shortInteger(view, start, end));
    const digits = asciiText(view, start, end);
    if (BigInt(Number(digits)) === BigInt(digits)) return putDouble(d, at, Number(digits));
  } else if (tag === Tag.text && end - start < 32) {
    // Only the spelling that JavaScript gives back, so that no character of the text is lost.
    const spelled = asciiText(view, start, end);
    if (String(Number(spelled)) === spelled) return putDouble(d, at, Number(spelled));
  }
  putUnheld(d, at);
};

/** A real column holds a double only if no digit of it is lost. */
const real: SourceDecode = (d, at, tag, view, start, end) => {
  double(d, at, tag, view, start, end);
  if (d.out[at] === What.double && !Object.is(Math.fround(doubleAt(d, at)), doubleAt(d, at))) putUnheld(d, at);
};

/** The double that a real cell's text stands for. */
function realOf(view: DataView, start: number, end: number): number {
  if (decimal.scan(view, start, end) === end) return decimal.toDouble(view, start, end);
  const spelled = asciiText(view, start, end);
  return spelled === 'Inf' ? Infinity : spelled === '-Inf' ? -Infinity : Number.NaN;
}

const numeric: SourceDecode = (d, at, tag, view, start, end) => {
  const isNumber = decimal.scan(view, start, end) === end;
  if (tag === Tag.real) {
    if (!isNumber || !decimal.isShort)
      return putRealAsNumeric(d, at, isNumber ? decimal.toDouble(view, start, end) : realOf(view, start, end));
  } else if (tag === Tag.blob || (tag === Tag.text && decimal.hasExponent)) return putUnheld(d, at);
  if (!isNumber || !decimal.fitsNumeric || (decimal.zero && decimal.negative)) return putUnheld(d, at);
  putDecimal(d, at, view);
};

/** From 2^53 on a double is an integer with all of its digits; below, the number that JavaScript prints, which has the fewest digits. */
function putRealAsNumeric(d: Digester, at: number, value: number): void {
  if (Number.isNaN(value)) return putUnheld(d, at);
  if (!Number.isFinite(value)) return put(d, at, What.infinity, value > 0 ? 1 : -1, 0);
  const digits = Buffer.from(
    Number.isInteger(value) && Math.abs(value) >= 2 ** 53 ? String(BigInt(value)) : String(value),
  );
  const view = new DataView(digits.buffer, digits.byteOffset, digits.length);
  decimal.scan(view, 0, digits.length);
  putDecimal(d, at, view);
}

function putDecimal(d: Digester, at: number, view: DataView): void {
  begin(d.state, d.key, domain.decimal);
  decimal.absorb(d.state, view);
  putFinished(d, at, What.numeric);
}

const date: SourceDecode = (d, at, tag, view, start, end) => {
  if (tag === Tag.text) putDate(d, at, view, start, end);
  else putUnheld(d, at);
};

/** Integers are instants in both types; a zone means something only where instants are kept. */
function instant(what: number, rules: readonly Rule[]): SourceDecode {
  const zoneRule = rules.find((rule) => rule.kind === 'zone');
  const zone = zoneRule && what === What.timestamptz ? new Zone(zoneRule.zone) : null;
  const unit = rules.find((rule) => rule.kind === 'epoch')?.unit ?? null;
  return (d, at, tag, view, start, end) => {
    if (tag === Tag.text) putInstantText(d, at, what, zone, view, start, end);
    else if (tag === Tag.integer) putEpoch(d, at, what, unit, view, start, end);
    else putUnheld(d, at);
  };
}

/** 8-4-4-4-12 digits in either case, or the 16 bytes themselves. */
const uuid: SourceDecode = (d, at, tag, view, start, end) => {
  const isText = tag === Tag.text && end - start === 36;
  if (!isText && !(tag === Tag.blob && end - start === 16)) return putUnheld(d, at);
  begin(d.state, d.key, domain.uuid);
  let p = start;
  for (let word = 0; word < 4; word++) {
    let bits = 0;
    if (!isText) bits = view.getInt32(start + 4 * word);
    else {
      for (let digit = 0; digit < 8; digit++, p++) {
        const hyphen = p - start === 8 || p - start === 13 || p - start === 18 || p - start === 23;
        if (hyphen && view.getUint8(p++) !== 0x2d) return putUnheld(d, at);
        const value = hexDigit(view.getUint8(p));
        if (value < 0) return putUnheld(d, at);
        bits = (bits << 4) | value;
      }
    }
    absorb(d.state, bits);
  }
  putFinished(d, at, What.uuid);
};

/** By type: reads a value of the source, given the rules of its column. */
export const fromSource: Readonly<Record<TypeKey, (rules: readonly Rule[]) => SourceDecode>> = {
  boolean: () => boolean,
  int2: () => narrowInteger(15),
  int4: () => narrowInteger(31),
  int8: () => integer,
  float4: () => real,
  float8: () => double,
  numeric: () => numeric,
  date: () => date,
  timestamp: (rules) => instant(What.timestamp, rules),
  timestamptz: (rules) => instant(What.timestamptz, rules),
  uuid: () => uuid,
  text: () => text,
  bytea: () => bytea,
  json: () => json,
  jsonb: () => jsonb,
};
