import { isUtf8 } from 'node:buffer';
import { Tag } from '../core/cell.ts';
import { limits } from '../core/limits.ts';
import type { PgType } from '../schema/model.ts';
import { Json, JsonWalker, jsonbObstacles } from '../schema/values/json.ts';
import { ascii, booleanWord, isPlainDecimal, realValue, shortInteger, wideInteger } from '../schema/values/scalar.ts';
import type { CopyBuffer } from './buffer.ts';
import { instantEncoders } from './encode-instant.ts';
import type { Encode, EncodeOptions } from './encoder.ts';
import { decimalOf, writeInfinity, writeNumeric } from './numeric.ts';

/** The encoder of a column. One encoder serves one thread and one buffer. */
export function encoderFor(type: PgType, out: CopyBuffer, options: EncodeOptions): Encode {
  return makers[type](out, options);
}

const makers: Readonly<Record<PgType, (out: CopyBuffer, options: EncodeOptions) => Encode>> = {
  boolean: (out) => (tag, buf, start, end) => {
    const value = tag === Tag.integer ? bit(buf, start, end) : tag === Tag.text ? booleanWord(buf, start, end) : null;
    if (value === null) return false;
    out.int32(1);
    out.int8(value ? 1 : 0);
    return true;
  },
  integer: (out) => (tag, buf, start, end) => {
    const value =
      tag === Tag.integer ? shortInteger(buf, start, end) : Number(integerFrom(tag, buf, start, end) ?? Number.NaN);
    if (!(value >= -0x80000000 && value <= 0x7fffffff)) return false;
    out.int32(4);
    out.int32(value);
    return true;
  },
  bigint: (out) => (tag, buf, start, end) => {
    const value = tag === Tag.integer ? shortInteger(buf, start, end) : Number.NaN;
    if (!Number.isNaN(value)) {
      out.int32(8);
      out.int64(value);
      return true;
    }
    const wide = tag === Tag.integer ? wideInteger(buf, start, end) : integerFrom(tag, buf, start, end);
    if (wide === null || BigInt.asIntN(64, wide) !== wide) return false;
    out.int32(8);
    out.bigint64(wide);
    return true;
  },
  numeric: (out) => (tag, buf, start, end) => {
    if (tag === Tag.integer) return writeNumeric(out, ascii(buf, start, end));
    if (tag === Tag.text) {
      const text = ascii(buf, start, end);
      // A leading zero, or the sign of a zero, would be lost.
      return isPlainDecimal(text) && !/^-?0\d|^-[0.]+$/.test(text) && writeNumeric(out, text);
    }
    if (tag !== Tag.real) return false;
    const value = realValue(buf, start, end);
    if (Object.is(value, -0)) return false;
    if (Number.isFinite(value)) return writeNumeric(out, decimalOf(value));
    writeInfinity(out, value > 0);
    return true;
  },
  'double precision': (out) => (tag, buf, start, end) => {
    const value = doubleFrom(tag, buf, start, end);
    if (value === null) return false;
    out.int32(8);
    out.double(value);
    return true;
  },
  ...instantEncoders,
  uuid: (out) => (tag, buf, start, end) => {
    if (tag === Tag.blob && end - start === 16) return field(out, buf, start, end);
    const text = tag === Tag.text && end - start === 36 ? ascii(buf, start, end) : '';
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return false;
    return field(out, Buffer.from(text.replaceAll('-', ''), 'hex'), 0, 16);
  },
  json: (out, options) => jsonEncoder(out, options, Json.deep, false),
  jsonb: (out, options) => jsonEncoder(out, options, Json.deep | jsonbObstacles, true),
  bytea: (out, { rules }) => {
    // Without the user's word text never becomes bytes, not even where an existing column would take them.
    const takesText = rules.some((rule) => rule.kind === 'type' && rule.type === 'bytea');
    return (tag, buf, start, end) =>
      (tag === Tag.blob || (tag === Tag.text && takesText)) && field(out, buf, start, end);
  },
  text:
    (out, { checked }) =>
    (tag, buf, start, end) => {
      if (checked && tag >= Tag.text && !isStorableText(buf, start, end)) return false;
      return field(out, buf, start, end);
    },
};

function jsonEncoder(out: CopyBuffer, { checked }: EncodeOptions, obstacles: number, binary: boolean): Encode {
  const walker = new JsonWalker(limits.jsonDepthMax);
  const most = binary ? limits.jsonbBytesMax : limits.fieldBytesMax;
  return (tag, buf, start, end) => {
    if (tag < Tag.text || end - start > most) return false;
    if (checked) {
      const flags = isStorableText(buf, start, end) ? walker.inspect(buf, start, end) : Json.no;
      if (flags === Json.no || flags & obstacles) return false;
    }
    if (!binary) return field(out, buf, start, end);
    // jsonb's binary form is a version, 1, and then the text; PostgreSQL parses it itself.
    out.int32(end - start + 1);
    out.int8(1);
    out.bytes(buf, start, end);
    return true;
  };
}

function field(out: CopyBuffer, buf: Uint8Array, start: number, end: number): boolean {
  if (end - start > limits.fieldBytesMax) return false;
  out.int32(end - start);
  out.bytes(buf, start, end);
  return true;
}

function isStorableText(buf: Uint8Array, start: number, end: number): boolean {
  const bytes = buf.subarray(start, end);
  return isUtf8(bytes) && !bytes.includes(0);
}

function bit(buf: Uint8Array, start: number, end: number): boolean | null {
  if (end - start !== 1 || buf[start] > 0x31 || buf[start] < 0x30) return null;
  return buf[start] === 0x31;
}

/** An integer out of a real without fraction or a canonical decimal text; only a rule brings those here. */
function integerFrom(tag: number, buf: Uint8Array, start: number, end: number): bigint | null {
  if (tag === Tag.text) {
    const text = end - start > 20 ? '' : ascii(buf, start, end);
    return /^(0|-?[1-9][0-9]*)$/.test(text) ? BigInt(text) : null;
  }
  if (tag !== Tag.real) return null;
  const value = realValue(buf, start, end);
  return Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value) : null;
}

/** A double out of a real, an integer that a double holds, or the very text that JavaScript prints for one. */
function doubleFrom(tag: number, buf: Uint8Array, start: number, end: number): number | null {
  if (tag === Tag.real) return realValue(buf, start, end);
  if (tag === Tag.integer) {
    const value = shortInteger(buf, start, end);
    if (!Number.isNaN(value)) return value;
    const wide = wideInteger(buf, start, end);
    return BigInt(Number(wide)) === wide ? Number(wide) : null;
  }
  const text = tag === Tag.text && end - start < 32 ? ascii(buf, start, end) : '';
  return text !== '' && String(Number(text)) === text ? Number(text) : null;
}
