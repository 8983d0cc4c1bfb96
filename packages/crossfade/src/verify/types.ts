import { isUtf8 } from 'node:buffer';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Rule } from '../schema/model.ts';
import { holdsJson } from './json-holds.ts';
import * as from from './source-values.ts';
import * as show from './show.ts';
import * as read from './target-values.ts';
import type { VerifyTable } from './table.ts';
import { type SourceDecode, type TargetDecode, What } from './value.ts';

/** How the values of one PostgreSQL type are read on both sides, and shown where they name a row. */
export interface TypeReader {
  readonly source: (rules: readonly Rule[]) => SourceDecode;
  readonly target: TargetDecode;
  /** How long every value is in PostgreSQL's binary form, null where that depends on the value. */
  readonly bytes: number | null;
  readonly show: (view: DataView, start: number, end: number) => string;
  /** Whether PostgreSQL could hold the bytes, where `source` does not find that out by itself. */
  readonly holds?: (bytes: Buffer) => boolean;
}

const integer = (bytes: 2 | 4 | 8): TypeReader => ({ source: () => from.integers[bytes], target: read.integers[bytes], bytes, show: show.integers[bytes] });
const text: TypeReader = { source: () => from.text, target: read.text, bytes: null, show: show.text, holds: holdsText };

function holdsText(bytes: Buffer): boolean {
  return bytes.length <= limits.fieldBytesMax && isUtf8(bytes) && !bytes.includes(0);
}

/** By pg_type.oid, which is fixed for the types that come with PostgreSQL (src/include/catalog/pg_type.dat). */
const readers: ReadonlyMap<number, TypeReader> = new Map<number, TypeReader>([
  [16, { source: () => from.boolean, target: read.boolean, bytes: 1, show: show.boolean }],
  [17, { source: () => from.bytea, target: read.bytea, bytes: null, show: show.bytea }],
  [20, integer(8)],
  [21, integer(2)],
  [23, integer(4)],
  [25, text],
  [114, { source: () => from.json, target: read.json, bytes: null, show: show.text, holds: (bytes) => holdsText(bytes) && holdsJson(bytes, false) }],
  [700, { source: () => from.real, target: read.real, bytes: 4, show: show.real }],
  [701, { source: () => from.double, target: read.double, bytes: 8, show: show.double }],
  // bpchar arrives with its padding: it equals only a value that has the same spaces.
  [1042, text],
  [1043, text],
  [1082, { source: () => from.date, target: read.date, bytes: 4, show: show.date }],
  [1114, { source: (rules) => from.instant(What.timestamp, rules), target: read.timestamp, bytes: 8, show: show.timestamp }],
  [1184, { source: (rules) => from.instant(What.timestamptz, rules), target: read.timestamptz, bytes: 8, show: show.timestamptz }],
  [1700, { source: () => from.numeric, target: read.numeric, bytes: null, show: show.numeric }],
  [2950, { source: () => from.uuid, target: read.uuid, bytes: 16, show: show.uuid }],
  [3802, { source: () => from.jsonb, target: read.jsonb, bytes: null, show: show.jsonb, holds: (bytes) => bytes.length <= limits.jsonbBytesMax && holdsText(bytes) && holdsJson(bytes, true) }],
]);

/** The readers of a table's columns. Throws E_TARGET_MISMATCH for a type that verification does not know. */
export function readersOf(table: VerifyTable): TypeReader[] {
  return table.columns.map((column) => {
    const reader = readers.get(column.typeOid);
    if (reader !== undefined) return reader;
    const type = column.typeName ?? `with pg_type.oid ${column.typeOid}`;
    const where = `${table.target.schema}.${table.target.name}.${column.target}`;
    throw new CrossfadeError(
      'E_TARGET_MISMATCH',
      `The column ${where} has the type ${type}, which cannot be compared with a source. The table was not verified. Give the column one of the types in docs/reference/verification.md.`,
      { table: table.target.name, column: column.target, typeOid: column.typeOid },
    );
  });
}
