import { absorbNumeric } from './decimal.ts';
import { absorbJson } from './json.ts';
import { absorb, begin, domain, put, putFinished } from './mix.ts';
import { putBytes, putDouble, type TargetDecode, type TypeKey, What } from './value.ts';

/** One decoder a type, of what its send function writes (PostgreSQL, src/backend/utils/adt). Whoever calls has compared fixed lengths. */

const boolean: TargetDecode = (d, at, view, start) => put(d, at, What.boolean, view.getUint8(start), 0);

const int2: TargetDecode = (d, at, view, start) =>
  put(d, at, What.integer, view.getInt16(start) >> 31, view.getInt16(start));
const int4: TargetDecode = (d, at, view, start) =>
  put(d, at, What.integer, view.getInt32(start) >> 31, view.getInt32(start));
const int8: TargetDecode = (d, at, view, start) =>
  put(d, at, What.integer, view.getInt32(start), view.getInt32(start + 4));

const float4: TargetDecode = (d, at, view, start) => putDouble(d, at, view.getFloat32(start));
const float8: TargetDecode = (d, at, view, start) => putDouble(d, at, view.getFloat64(start));

const numeric: TargetDecode = (d, at, view, start, end) => {
  if (end - start < 8 || end - start !== 8 + 2 * view.getUint16(start)) return put(d, at, What.unreadable, 0, 0);
  const sign = view.getUint16(start + 4);
  if (sign === 0xd000 || sign === 0xf000) return put(d, at, What.infinity, sign === 0xd000 ? 1 : -1, 0);
  if (sign === 0xc000) return put(d, at, What.unreadable, 0, 0);
  begin(d.state, d.key, domain.decimal);
  absorbNumeric(d.state, view, start);
  putFinished(d, at, What.numeric);
};

const date: TargetDecode = (d, at, view, start) =>
  put(d, at, What.date, view.getInt32(start) >> 31, view.getInt32(start));
const timestamp: TargetDecode = (d, at, view, start) =>
  put(d, at, What.timestamp, view.getInt32(start), view.getInt32(start + 4));
const timestamptz: TargetDecode = (d, at, view, start) =>
  put(d, at, What.timestamptz, view.getInt32(start), view.getInt32(start + 4));

const uuid: TargetDecode = (d, at, view, start) => {
  begin(d.state, d.key, domain.uuid);
  for (let p = start; p < start + 16; p += 4) absorb(d.state, view.getInt32(p));
  putFinished(d, at, What.uuid);
};

const text: TargetDecode = (d, at, view, start, end) => putBytes(d, at, What.text, view, start, end);
const bytea: TargetDecode = (d, at, view, start, end) => putBytes(d, at, What.bytes, view, start, end);
const json: TargetDecode = (d, at, view, start, end) => putBytes(d, at, What.json, view, start, end);

/** Behind a version byte stands the text that PostgreSQL prints. */
const jsonb: TargetDecode = (d, at, view, start, end) => {
  if (end > start && view.getUint8(start) === 1 && absorbJson(d, view, start + 1, end)) putFinished(d, at, What.jsonb);
  else put(d, at, What.unreadable, 0, 0);
};

/** By type: reads a value that PostgreSQL sent. */
export const fromTarget: Readonly<Record<TypeKey, TargetDecode>> = {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  date,
  timestamp,
  timestamptz,
  uuid,
  text,
  bytea,
  json,
  jsonb,
};
