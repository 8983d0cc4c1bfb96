import { digitsDeclared } from '../schema/declared.ts';
import { sql, type Sql } from '../pg/sql.ts';

/** A value as SQLite takes it. */
export type Cell = bigint | number | string | Uint8Array;

/** How a type of PostgreSQL stands in SQLite. */
export interface Form {
  /** The declared type; none of them changes what is bound to it. */
  readonly declared: string;
  /** The cell of what COPY writes for a value. */
  readonly cell: (text: string) => Cell;
  /**
   * What the cell has to be, said by PostgreSQL by itself: its storage class as a letter, and its value in one spelling.
   * An expression of a column.
   */
  readonly proof: (column: Sql) => Sql;
  /** What the form says otherwise than PostgreSQL, for the report; null when it says the same. */
  readonly note: string | null;
}

const asText = (column: Sql): Sql => sql`'t' || pg_catalog.format('%s', ${column})`;
const text = (declared: string, note: string | null = null): Form => ({
  declared,
  cell: (value) => value,
  proof: asText,
  note,
});
const integer = (declared: string): Form => ({
  declared,
  cell: (value) => BigInt(value),
  proof: (column) => sql`'i' || pg_catalog.format('%s', ${column})`,
  note: null,
});
const real = (round: (value: number) => number): Form => ({
  declared: 'REAL',
  cell: (value) => (value === 'NaN' ? 'NaN' : round(Number(value))),
  proof: (column) =>
    sql`CASE WHEN ${column} = 'NaN' THEN 'tNaN' ELSE 'r' || pg_catalog.encode(pg_catalog.float8send(${column}::pg_catalog.float8), 'hex') END`,
  note: 'NaN is the text NaN',
});

/** Years 1 to 9999 in ISO 8601 with microseconds; infinities and other years as PostgreSQL writes them. */
const instant = (declared: string, zone: 'Z' | ''): Form => ({
  declared,
  cell: (value) => {
    const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:\+00)?$/.exec(value);
    return found === null ? value : `${found[1]}T${found[2]}.${(found[3] ?? '').padEnd(6, '0')}${zone}`;
  },
  proof: (column) => {
    const form = zone === 'Z' ? sql`'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'` : sql`'YYYY-MM-DD"T"HH24:MI:SS.US"'`;
    return sql`CASE WHEN pg_catalog.isfinite(${column}) AND pg_catalog.date_part('year', ${column}) BETWEEN 1 AND 9999
      THEN 't' || pg_catalog.to_char(${column}, ${form}) ELSE ${asText(column)} END`;
  },
  note:
    zone === 'Z'
      ? 'ISO 8601 text in UTC, with microseconds'
      : 'ISO 8601 text, with microseconds; a move takes it for UTC',
});

/** By the name of the type in pg_type. Whatever is not here is PostgreSQL's own text. */
const forms: Readonly<Record<string, Form>> = {
  bool: {
    declared: 'BOOLEAN',
    cell: (value) => (value === 't' ? 1n : 0n),
    proof: (column) => sql`'i' || (${column})::int::text`,
    note: null,
  },
  int2: integer('INTEGER'),
  int4: integer('INTEGER'),
  int8: integer('BIGINT'),
  float4: real(Math.fround),
  float8: real((value) => value),
  // With a value in it that the form of its type does not hold: `withOddValues`.
  'signed float4': { ...real(Math.fround), declared: '' },
  'signed float8': { ...real((value) => value), declared: '' },
  'unbounded numeric': text('TEXT', 'text of its digits, NaN and infinities; a move takes it for text'),
  numeric: text(digitsDeclared, 'text of its digits'),
  text: text('TEXT'),
  varchar: text('TEXT'),
  bpchar: text('TEXT'),
  uuid: text('UUID'),
  date: text('DATE'),
  timestamptz: instant('TIMESTAMPTZ', 'Z'),
  timestamp: instant('TIMESTAMP', ''),
  json: text('JSON TEXT'),
  jsonb: text('JSON TEXT', "PostgreSQL's text of the JSON"),
  bytea: {
    declared: 'BLOB',
    cell: (value) => Buffer.from(value.slice(2), 'hex'),
    proof: (column) => sql`'b' || pg_catalog.encode(${column}, 'hex')`,
    note: null,
  },
};

/** The form of a type. */
export function formOf(type: string): Form {
  return Object.hasOwn(forms, type) ? forms[type] : text('TEXT', "PostgreSQL's own text");
}
