import { createHash } from 'node:crypto';
import type { Collection, Field } from '../../schema/collection.ts';
import { codecs } from './codecs.ts';
import { titleOf } from './title.ts';

/** A column, as NocoDB describes it. Truth is 1 or true, depending on the database below. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly column_name?: string;
  /** NocoDB's own type. */
  readonly uidt: string;
  /** The database's type. */
  readonly dt?: string | null;
  readonly pk?: unknown;
  readonly rqd?: unknown;
  readonly system?: unknown;
  /** The default. */
  readonly cdf?: unknown;
}

/** The first way in which a table is not that of the collection, in words; null when it fits. */
export function misfitOf(shape: Collection, columns: readonly Column[]): string | null {
  const keys = columns.filter(({ pk }) => isTrue(pk));
  if (keys.length !== 1 || !['ID', 'Number'].includes(keys[0].uidt))
    return 'has no single number as its primary key, so that its records cannot be told apart or walked through';
  return fieldMisfit(shape, columns) ?? surplusMisfit(shape, columns);
}

/** The title of the primary key, in a table that fits. */
export function idTitleOf(columns: readonly Column[]): string {
  return columns.find(({ pk }) => isTrue(pk))?.title as string;
}

/**
 * What a field is called in what is sent. NocoDB takes a column's title, its name in the database or its id, and the
 * name first: where another column has this field's title as its name, only the id says which one is meant.
 */
export function sentNames(shape: Collection, columns: readonly Column[]): ReadonlyMap<string, string> {
  return new Map(
    Object.keys(shape.fields).map((field) => {
      const wanted = titleOf(field);
      const { id } = columns.find(({ title }) => title === wanted) as Column;
      const isClear = columns.every(({ title, column_name }) => title === wanted || column_name !== wanted);
      return [field, isClear ? wanted : id];
    }),
  );
}

function fieldMisfit(shape: Collection, columns: readonly Column[]): string | null {
  for (const [name, { type }] of Object.entries(shape.fields)) {
    const column = columns.find(({ title }) => title === titleOf(name));
    const label = JSON.stringify(titleOf(name));
    if (column === undefined) return `has no column ${label}`;
    if (isTrue(column.pk) || isTrue(column.system)) return `fills its column ${label} itself`;
    const { columns: wanted } = codecs[type];
    if (!wanted.includes(column.uidt) || (column.uidt === 'SpecificDBType' && !/text|char/i.test(column.dt ?? '')))
      return `has a column ${label} of type ${column.uidt}, and a ${type} comes back equal from ${wanted.join(', ')} alone`;
  }
  return null;
}

/** Other columns are left alone, as long as a record can be made without them. */
function surplusMisfit(shape: Collection, columns: readonly Column[]): string | null {
  const titles = Object.keys(shape.fields).map(titleOf);
  const left = columns.find(
    ({ title, rqd, cdf, pk, system }) =>
      isTrue(rqd) && (cdf ?? null) === null && !isTrue(pk) && !isTrue(system) && !titles.includes(title),
  );
  return left === undefined
    ? null
    : `has a column ${JSON.stringify(left.title)} that demands a value and is not in the schema`;
}

/** What is asked of NocoDB to make a table. Not every version gives it a primary key by itself. */
export function tableToMake(name: string, shape: Collection): object {
  const columns = Object.entries(shape.fields).map(([field, declared], i) => columnToMake(field, declared, i));
  const id = { title: 'Id', column_name: 'id', uidt: 'ID', pk: true, ai: true, rqd: true };
  return { table_name: tableName(name), title: name, columns: [id, ...columns] };
}

/** The database's name of a table: NocoDB refuses or drops some characters of it, and databases cut long ones. */
function tableName(title: string): string {
  if (/^[a-z][a-z0-9_]{0,40}$/.test(title)) return title;
  const hash = createHash('sha256').update(title).digest('hex').slice(0, 8);
  return `${title.replace(/\W+/g, '_').slice(0, 30)}_${hash}`;
}

/** Columns that a table lacks, of fields that may be null: the records that are there have no value for any other. */
export function columnsToMake(shape: Collection, columns: readonly Column[]): object[] {
  return Object.entries(shape.fields).flatMap(([field, declared], i) =>
    declared.nullable !== true || columns.some(({ title }) => title === titleOf(field))
      ? []
      : [columnToMake(field, declared, i)],
  );
}

/** The database's name of a column has the field's letters, and a number, since databases take `a b` and `A_B` for the same. */
function columnToMake(field: string, { type }: Field, i: number): object {
  const [uidt] = codecs[type].columns;
  const column_name = `f${i}_${field.replace(/\W+/g, '_').slice(0, 40)}`;
  return { title: titleOf(field), column_name, uidt, ...(uidt === 'SpecificDBType' && { dt: 'text' }) };
}

/** Truth, as NocoDB describes it. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 1;
}
