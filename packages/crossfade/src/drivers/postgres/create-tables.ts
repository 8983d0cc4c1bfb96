import { ident } from '../../core/sql-text.ts';
import { keyTypes } from '../../schema/collection.ts';
import { list } from '../../schema/ddl.ts';
import { codecs } from './codecs.ts';
import type { Table } from './table.ts';

/**
 * The statements that make the tables of these collections. Constraints and indexes get PostgreSQL's own names. Text
 * that may be ordered is kept in the order of its code points, so that every index serves the scans.
 *
 * @param all every collection of the schema, because references may lead to tables that are there
 */
export function createTables(schema: string, missing: readonly Table[], all: ReadonlyMap<string, Table>): string[] {
  return [
    `CREATE SCHEMA IF NOT EXISTS ${ident(schema)}`,
    ...missing.map(createTable),
    ...missing.flatMap(createIndexes),
    ...missing.flatMap((table) => createReferences(table, all)),
  ];
}

/** Unique sets count at the end of a write: two records may exchange their values. */
function createTable({ relation, fields, shape }: Table): string {
  const columns = fields.map((field) => {
    const { type, nullable } = shape.fields[field];
    const collation = type === 'text' ? ' COLLATE "C"' : '';
    return `${ident(field)} ${codecs[type].column}${collation}${nullable === true ? '' : ' NOT NULL'}`;
  });
  const unique = (shape.unique ?? []).map((set) => `UNIQUE (${list(set)}) DEFERRABLE INITIALLY DEFERRED`);
  return `CREATE TABLE ${relation} (${[...columns, `PRIMARY KEY (${list(shape.key)})`, ...unique].join(', ')})`;
}

/**
 * One for each order that a scan may ask for and that no constraint's index has: with the key behind it, and nulls
 * first. A constraint's own index has nulls last. What refers is indexed too, for the removal of what is referred to.
 */
function createIndexes({ relation, shape }: Table): string[] {
  const isNullable = (field: string): boolean => shape.fields[field].nullable === true;
  const scanned = [...(shape.indexes ?? []), ...(shape.unique ?? []).filter((set) => set.some(isNullable))].map(
    (set) => [...set, ...shape.key.filter((field) => !set.includes(field))],
  );
  const wanted: (readonly string[])[] = [...scanned];
  for (const { fields } of shape.references ?? []) {
    const isOrdered = fields.every((field) => (keyTypes as readonly string[]).includes(shape.fields[field].type));
    const isServed = [shape.key, ...wanted].some((set) => fields.every((field, i) => set[i] === field));
    if (isOrdered && !isServed) wanted.push(fields);
  }
  return wanted.map((set) => {
    const parts = set.map((field) => `${ident(field)}${isNullable(field) ? ' NULLS FIRST' : ''}`);
    return `CREATE INDEX ON ${relation} (${parts.join(', ')})`;
  });
}

/** References count at the end of a write. */
function createReferences({ relation, shape }: Table, all: ReadonlyMap<string, Table>): string[] {
  return (shape.references ?? []).map(({ fields, to, onRemove }) => {
    const target = all.get(to) as Table;
    const action = onRemove === 'remove' ? 'CASCADE' : 'NO ACTION';
    return `ALTER TABLE ${relation} ADD FOREIGN KEY (${list(fields)}) REFERENCES ${target.relation} (${list(target.shape.key)}) ON DELETE ${action} DEFERRABLE INITIALLY DEFERRED`;
  });
}
