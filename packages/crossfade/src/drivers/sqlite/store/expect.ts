import type { Collection, Field, FieldType, Reference } from '../../../schema/collection.ts';
import type { SourceColumn, SourceIndex, SourceTable } from '../../../schema/model.ts';
import { type Affinity, affinityOf, foldName } from '../../../schema/sqlite/sqlite.ts';

const texts: readonly Affinity[] = ['TEXT', 'BLOB'];
/** Text that looks like no number stays text there, as in a column that is declared DATETIME. */
const moments: readonly Affinity[] = ['TEXT', 'BLOB', 'NUMERIC'];
const integers: readonly Affinity[] = ['INTEGER', 'NUMERIC'];

/** The affinities under which a column keeps what it is given: others would make 7 of '007'. */
const keeping: Readonly<Record<FieldType, readonly Affinity[]>> = {
  text: texts,
  numeric: texts,
  json: texts,
  timestamptz: moments,
  timestamp: moments,
  date: moments,
  uuid: moments,
  integer: integers,
  bigint: integers,
  boolean: integers,
  double: ['REAL'],
  bytes: ['BLOB', 'TEXT', 'NUMERIC', 'INTEGER', 'REAL'],
};

/** What keeps a table from holding a collection, in sentences without their full stop; empty where nothing does. */
export function misfits(collection: string, shape: Collection, table: SourceTable): string[] {
  const columns = new Map(table.columns.map((column) => [foldName(column.name), column]));
  const fields = Object.entries(shape.fields);
  const own = new Set(fields.map(([field]) => foldName(field)));
  return [
    ...fields.flatMap(([field, declared]) =>
      columnMisfits(collection, field, declared, columns.get(foldName(field)), table),
    ),
    ...table.columns
      .filter((column) => !own.has(foldName(column.name)) && isDemanded(column, table))
      .map((column) => `${collection}.${column.name} must be filled, and the schema has no such field`),
    ...[shape.key, ...(shape.unique ?? [])]
      .filter((list) => !isUnique(list, table))
      .map(
        (list) => `${collection} has no unique index of exactly (${list.join(', ')}) that compares text by its bytes`,
      ),
    ...(shape.references ?? [])
      .filter((reference) => !hasReference(reference, table))
      .map(
        ({ fields: from, to, onRemove }) =>
          `${collection} (${from.join(', ')}) has no foreign key to ${to} that ${onRemove === 'remove' ? 'cascades' : 'refuses'} on delete`,
      ),
  ];
}

function columnMisfits(
  collection: string,
  field: string,
  { type, nullable }: Field,
  column: SourceColumn | undefined,
  table: SourceTable,
): string[] {
  const at = `${collection}.${field}`;
  if (column === undefined) return [`there is no column ${at}`];
  if (column.generated !== null) return [`${at} is a generated column`];
  const isAny = table.strict && column.declared.toUpperCase() === 'ANY';
  const affinity = isAny ? 'BLOB' : affinityOf(column.declared);
  const isRefused = table.strict && !isAny && type === 'bytes' && affinity !== 'BLOB';
  if (isRefused || !keeping[type].includes(affinity))
    return [`${at} is declared ${column.declared || 'without a type'}, which does not keep ${type} as it is`];
  return nullable === true && column.notNull ? [`${at} is NOT NULL, and nullable in the schema`] : [];
}

function isDemanded(column: SourceColumn, table: SourceTable): boolean {
  return column.notNull && column.default === null && column.generated === null && column.name !== table.rowidAlias;
}

function isUnique(fields: readonly string[], table: SourceTable): boolean {
  if (fields.length === 1 && table.rowidAlias !== null && foldName(table.rowidAlias) === foldName(fields[0]))
    return true;
  return table.indexes.some(({ unique, where, parts }) => unique && where === null && coversExactly(parts, fields));
}

/** In any order: uniqueness has none. */
function coversExactly(parts: SourceIndex['parts'], fields: readonly string[]): boolean {
  const wanted = new Set(fields.map(foldName));
  return (
    parts.length === wanted.size &&
    parts.every(
      ({ column, collation }) => column !== null && wanted.has(foldName(column)) && foldName(collation) === 'binary',
    )
  );
}

function hasReference({ fields, to, onRemove }: Reference, table: SourceTable): boolean {
  const actions = onRemove === 'remove' ? ['CASCADE'] : ['NO ACTION', 'RESTRICT'];
  return table.foreignKeys.some(
    ({ columns, parent, onDelete }) =>
      foldName(parent) === foldName(to) &&
      columns.map(foldName).join('\0') === fields.map(foldName).join('\0') &&
      actions.includes(onDelete),
  );
}
