import { CrossfadeError } from '../core/errors.ts';
import {
  type Collection,
  type Collections,
  emptyRow,
  type FieldType,
  keyTypes,
  type Reference,
  type Row,
  type Value,
} from '../schema/collection.ts';
import { canonical, ValueFault } from '../schema/values/field-values.ts';
import { Json, JsonWalker } from '../schema/values/json.ts';
import { decimalOf, JsonFault, parseJson, printJson } from '../schema/values/json-value.ts';
import { isCarried } from './clauses.ts';
import { looseOf, whyLoose } from './equality.ts';
import type { NotTranslated } from './exported.ts';
import { formOf } from './form.ts';
import type { PgColumn, PgForeignKey, PgTable } from './pg-table.ts';
import { obstacleTo } from './reference.ts';
import type { TextRow } from './rows.ts';

/** The field of each type of PostgreSQL; whatever is not here is text, as PostgreSQL writes it. */
const fieldTypes: Readonly<Record<string, FieldType>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'numeric',
  'unbounded numeric': 'numeric',
  float4: 'double',
  float8: 'double',
  'signed float4': 'double',
  'signed float8': 'double',
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
};

const plainText = new Set(['text', 'varchar']);

/** The field type of a column. */
export function fieldTypeOf({ type }: PgColumn): FieldType {
  return Object.hasOwn(fieldTypes, type) ? fieldTypes[type] : 'text';
}

/** What the report says of a column that a store says otherwise. */
export function noteOf(column: PgColumn): string | null {
  const type = fieldTypeOf(column);
  return type === 'text' && !plainText.has(column.type) ? "PostgreSQL's own text" : null;
}

/** The tables as collections of a store. @throws CrossfadeError E_UNSUPPORTED for a table without a key that a store takes */
export function collectionsOf(tables: readonly PgTable[]): {
  readonly schema: Collections;
  readonly notTranslated: readonly NotTranslated[];
} {
  const notTranslated: NotTranslated[] = [];
  const schema = Object.fromEntries(tables.map((table) => [table.name, collectionOf(table, tables, notTranslated)]));
  return { schema, notTranslated };
}

function collectionOf(table: PgTable, tables: readonly PgTable[], notTranslated: NotTranslated[]): Collection {
  const typeOf = new Map(table.columns.map((column) => [column.name, fieldTypeOf(column)]));
  const isKey = (columns: readonly string[]): boolean =>
    columns.every((column) => (keyTypes as readonly string[]).includes(typeOf.get(column) as string));
  if (table.primaryKey.length === 0 || !isKey(table.primaryKey))
    throw new CrossfadeError(
      'E_UNSUPPORTED',
      `Table ${table.name} has no primary key by which a store could name its records. Nothing was written. Leave it out with --except, or copy into sqlite:FILE.`,
      { table: table.name },
    );
  const say = (what: string, why: string): unknown => notTranslated.push({ what: `${what} of ${table.name}`, why });
  const sayLoose = (what: string, columns: readonly string[]): void => {
    for (const column of looseOf(columns, table)) say(`${what} by ${column}`, whyLoose);
  };
  isCarried(`primary key of ${table.name}`, table.primaryKeyClauses, notTranslated);
  sayLoose('primary key', table.primaryKey);
  const references = table.foreignKeys.flatMap((key): Reference[] => {
    const parent = tables.find(({ name }) => name === key.parent);
    const what = `foreign key ${key.name}`;
    const obstacle = parent === undefined ? noneOfThisKind : storeObstacleTo(key, table, parent);
    if (parent === undefined || obstacle !== null) say(what, obstacle ?? noneOfThisKind);
    else if (isCarried(`${what} of ${table.name}`, key.clauses, notTranslated))
      return [{ fields: key.columns, to: parent.name, onRemove: key.onDelete === 'CASCADE' ? 'remove' : 'refuse' }];
    return [];
  });
  const unique = table.unique.filter(({ name, columns, clauses }) => {
    if (isKey(columns)) {
      sayLoose(`unique key ${name}`, columns);
      return isCarried(`unique key ${name} of ${table.name}`, clauses, notTranslated);
    }
    say(`unique key ${name}`, 'a store has no key of these types');
    return false;
  });
  for (const what of besides(table)) say(what, 'a store of records has none');
  return {
    fields: Object.fromEntries(
      table.columns.map((column) => [column.name, { type: fieldTypeOf(column), nullable: !column.required }]),
    ),
    key: table.primaryKey,
    unique: unique.map(({ columns }) => columns),
    references,
  };
}

const noneOfThisKind = 'a store has none of this kind';

/** Why a store would not keep a foreign key as PostgreSQL does, or null: it wants the whole key, in fields of its types. */
function storeObstacleTo(key: PgForeignKey, child: PgTable, parent: PgTable): string | null {
  const types = (table: PgTable, columns: readonly string[]): string =>
    columns
      .map((name) => table.columns.find((column) => column.name === name))
      .map((column) => column && fieldTypeOf(column))
      .join();
  const isWhole = parent.primaryKey.join('\0') === key.parentColumns.join('\0');
  if (!isWhole || !['NO ACTION', 'RESTRICT', 'CASCADE'].includes(key.onDelete)) return noneOfThisKind;
  if (types(child, key.columns) !== types(parent, parent.primaryKey))
    return 'a store compares fields of one type alone';
  return obstacleTo(key, child, parent);
}

/** What a table has besides its fields and keys. */
function besides({ checks, columns, indexes, otherConstraints }: PgTable): string[] {
  const ofColumn = ({ name, default: given, generated, isDomain, sequence }: PgColumn): string[] => [
    ...(given === null || sequence !== null ? [] : [`default of ${name}`]),
    ...(generated ? [`generated column ${name}`] : []),
    ...(isDomain ? [`domain of ${name}`] : []),
    ...(sequence === null ? [] : [`counting of ${name}`]),
  ];
  return [
    ...checks.map(({ name }) => `check ${name}`),
    ...columns.flatMap(ofColumn),
    ...indexes.map(({ name }) => `index ${name}`),
    ...otherConstraints,
  ];
}

const walker = new JsonWalker(1_000);

/** A row as a record. @throws CrossfadeError E_ROW_INVALID for a value that a store does not hold exactly */
export function recordOf(table: PgTable, row: TextRow): Row {
  const record = emptyRow();
  for (const [i, column] of table.columns.entries()) {
    const text = row[i];
    try {
      record[column.name] = text === null ? null : canonical(fieldTypeOf(column), valueOf(column, text));
    } catch (error) {
      if (!(error instanceof ValueFault || error instanceof JsonFault)) throw error;
      throw new CrossfadeError(
        'E_ROW_INVALID',
        `A value of ${table.name}.${column.name} ${error.message.replace(/^it /, '')}, so a store of records does not hold it exactly. No copy was left. Mend the value, leave the table out with --except, or copy into sqlite:FILE.`,
        { table: table.name, column: column.name },
      );
    }
  }
  return record;
}

function valueOf(column: PgColumn, text: string): unknown {
  const type = fieldTypeOf(column);
  if (type === 'boolean') return text === 't';
  if (type === 'json') {
    const bytes = Buffer.from(text);
    const found = walker.inspect(bytes, 0, bytes.length);
    if ((found & Json.duplicateKey) !== 0) throw new ValueFault('has two members of one name');
    if ((found & Json.number) !== 0 && hasNegativeZero(text)) throw new ValueFault('has a negative zero');
    if (text === 'null') throw new ValueFault("is JSON's null, which a store does not tell from none");
    const value = parseJson(text);
    // Of the numbers that jsonb would change, -0 is the one that can still be parsed.
    if ((found & Json.number) !== 0) throw new ValueFault('has a negative zero in it');
    return value;
  }
  const cell = formOf(column.type).cell(text);
  if (type === 'integer') return Number(cell);
  if (Object.is(cell, -0)) throw new ValueFault('is a negative zero');
  return cell;
}

/** A store takes it for zero. */
function hasNegativeZero(text: string): boolean {
  let has = false;
  JSON.parse(text, (_name, value: unknown) => {
    has ||= Object.is(value, -0);
    return value;
  });
  return has;
}

/** A value of a record as the proof of a column says it. */
export function spelledValue(type: FieldType, value: Value): string | null {
  if (value === null) return null;
  switch (type) {
    case 'boolean':
      return value === true ? 'i1' : 'i0';
    case 'integer':
    case 'bigint':
      return `i${(value as number | bigint).toString()}`;
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return `r${bytes.toString('hex')}`;
    }
    case 'bytes':
      return `b${Buffer.from(value as Uint8Array).toString('hex')}`;
    case 'json':
      return spelledJson(printJson(value as never));
    default:
      return `t${value as string}`;
  }
}

/** JSON in one spelling: members by name, numbers by their digits. */
export function spelledJson(text: string): string {
  const one = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value === 'number') return { number: decimalOf(context?.source ?? '') };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return { members: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) };
  };
  return `j${JSON.stringify(JSON.parse(text, one))}`;
}
