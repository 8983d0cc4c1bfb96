import type { PgType } from './model.ts';

/** What the declared type of a column says, by its words: SQLite keeps them and enforces none of them. */
export const declares = {
  /** Not INTEGER's `int`, and not `timer`. */
  instant: (declared: string) => /date|time(?!r)/i.test(declared),
  decimal: (declared: string) => /numeric|decimal|number|money/i.test(declared),
  real: (declared: string) => /real|floa|doub/i.test(declared),
  integer: (declared: string) => /int/i.test(declared),
  wideInteger: (declared: string) => /big|int8/i.test(declared),
  json: (declared: string) => /json/i.test(declared),
  boolean: (declared: string) => /bool/i.test(declared),
  bytes: (declared: string) => /blob|bytea|binary/i.test(declared),
} as const;

/** Of a column that holds decimals as their digits; TEXT keeps SQLite from making doubles of them. */
export const digitsDeclared = 'NUMERIC TEXT';

/** Declarations that mean the type itself; whatever else a column gets has its evidence beside it. */
const synonyms: Readonly<Partial<Record<PgType, RegExp>>> = {
  boolean: /^bool(ean)?$/i,
  integer: /^int(eger|4)?$/i,
  bigint: /^(bigint|int8)$/i,
  numeric: /^(numeric|decimal)$/i,
  'double precision': /^(real|double|double precision|float|float8)$/i,
  timestamptz: /^(timestamptz|timestamp with time zone)$/i,
  bytea: /^(blob|bytea)$/i,
};

/** Whether a declared type and PostgreSQL's are the same to a reader. */
export function saysSame(declared: string, type: PgType): boolean {
  return declared.toLowerCase() === type || (synonyms[type]?.test(declared) ?? false);
}
