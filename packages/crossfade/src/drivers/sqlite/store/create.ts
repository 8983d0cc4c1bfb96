import type { Collection, Collections, Reference } from '../../../schema/collection.ts';
import { foldName } from '../../../schema/sqlite/sqlite.ts';
import { name } from '../names.ts';
import { columnTypes } from './cells.ts';

/**
 * The statements that make what is missing: tables with their indexes. What is there is not touched. STRICT tables
 * refuse what the store could not read, whoever writes it.
 *
 * @param present the names of the tables that are there
 */
export function createStatements(schema: Collections, present: readonly string[]): string[] {
  const known = new Set(present.map(foldName));
  return Object.entries(schema)
    .filter(([collection]) => !known.has(foldName(collection)))
    .flatMap(([collection, shape]) => [createTable(collection, shape, schema), ...createIndexes(collection, shape)]);
}

function createTable(collection: string, shape: Collection, schema: Collections): string {
  const columns = Object.entries(shape.fields).map(
    ([field, { type, nullable }]) => `${name(field)} ${columnTypes[type]}${nullable === true ? '' : ' NOT NULL'}`,
  );
  const parts = [
    ...columns,
    `PRIMARY KEY ${list(shape.key)}`,
    ...(shape.unique ?? []).map((fields) => `UNIQUE ${list(fields)}`),
    ...(shape.references ?? []).map((reference) => foreignKey(reference, schema)),
  ];
  return `CREATE TABLE ${name(collection)} (\n  ${parts.join(',\n  ')}\n) STRICT`;
}

/** NO ACTION, because RESTRICT counts at once even where references are deferred. */
function foreignKey({ fields, to, onRemove }: Reference, schema: Collections): string {
  const action = onRemove === 'remove' ? 'CASCADE' : 'NO ACTION';
  return `FOREIGN KEY ${list(fields)} REFERENCES ${name(to)} ${list(schema[to].key)} ON DELETE ${action} DEFERRABLE INITIALLY DEFERRED`;
}

/** Also for references: without an index each removal would read the whole table. The key orders what is equal. */
function createIndexes(collection: string, shape: Collection): string[] {
  const lists = [...(shape.indexes ?? []), ...(shape.references ?? []).map(({ fields }) => fields)];
  const wanted = new Map(lists.map((fields) => [fields.join('\0'), fields]));
  // The key has an index of its own, which begins so.
  wanted.delete(shape.key[0]);
  return [...wanted.values()].map((fields) => {
    const columns = [...fields, ...shape.key.filter((field) => !fields.includes(field))];
    return `CREATE INDEX ${name(`${collection} by ${fields.join(', ')}`)} ON ${name(collection)} ${list(columns)}`;
  });
}

function list(fields: readonly string[]): string {
  return `(${fields.map(name).join(', ')})`;
}
