import { isUtf8 } from 'node:buffer';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Rule } from '../schema/model.ts';
import { holdsJson } from './json-holds.ts';
import { fromSource } from './source-values.ts';
import { show } from './show.ts';
import { fromTarget } from './target-values.ts';
import type { VerifyTable } from './table.ts';
import type { SourceDecode, TargetDecode, TypeKey } from './value.ts';

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

/** How each type is read, and what pg_type.typlen says of it: null where the length depends on the value. */
const reader = (key: TypeKey, bytes: number | null, holds?: (bytes: Buffer) => boolean): TypeReader => ({
  source: fromSource[key],
  target: fromTarget[key],
  bytes,
  show: show[key],
  ...(holds && { holds }),
});

const holdsText = (bytes: Buffer): boolean =>
  bytes.length <= limits.fieldBytesMax && isUtf8(bytes) && !bytes.includes(0);
const holdsJsonText = (bytes: Buffer): boolean => holdsText(bytes) && holdsJson(bytes, false);
const holdsJsonb = (bytes: Buffer): boolean =>
  bytes.length <= limits.jsonbBytesMax && holdsText(bytes) && holdsJson(bytes, true);

/** By pg_type.oid, which is fixed for the types that come with PostgreSQL (src/include/catalog/pg_type.dat). */
const readers: ReadonlyMap<number, TypeReader> = new Map([
  [16, reader('boolean', 1)],
  [17, reader('bytea', null)],
  [20, reader('int8', 8)],
  [21, reader('int2', 2)],
  [23, reader('int4', 4)],
  [25, reader('text', null, holdsText)],
  [114, reader('json', null, holdsJsonText)],
  [700, reader('float4', 4)],
  [701, reader('float8', 8)],
  // char(n) arrives with its padding: it equals only a value that has the same spaces.
  [1042, reader('text', null, holdsText)],
  [1043, reader('text', null, holdsText)],
  [1082, reader('date', 4)],
  [1114, reader('timestamp', 8)],
  [1184, reader('timestamptz', 8)],
  [1700, reader('numeric', null)],
  [2950, reader('uuid', 16)],
  [3802, reader('jsonb', null, holdsJsonb)],
]);

/** The readers of a table's columns. Throws E_TARGET_MISMATCH for a type that verification does not know. */
export function readersOf(table: VerifyTable): TypeReader[] {
  return table.columns.map((column) => {
    const known = readers.get(column.typeOid);
    if (known !== undefined) return known;
    const type = column.typeName ?? `with pg_type.oid ${column.typeOid}`;
    const where = `${table.target.schema}.${table.target.name}.${column.target}`;
    throw new CrossfadeError(
      'E_TARGET_MISMATCH',
      `The column ${where} has the type ${type}, which cannot be compared with a source. The table was not verified. Give the column one of the types in docs/reference/verification.md.`,
      { table: table.target.name, column: column.target, typeOid: column.typeOid },
    );
  });
}
