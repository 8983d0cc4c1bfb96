import { ident, literal } from '../../core/sql-text.ts';
import type { PgType } from '../model.ts';
import type { Affinity, Stored } from '../sqlite/affinity.ts';

/**
 * Said in plain words, and meant for the report. Thrown inside this folder alone; its front door turns it into a result.
 */
export class Untranslatable extends Error {}

/** Ends a translation; the words go into the report. */
export function refuse(why: string): never {
  throw new Untranslatable(why);
}

/** SQLite's own collations; those of an application are not translated. */
export type Collation = 'BINARY' | 'NOCASE' | 'RTRIM';

/** Comparisons as PostgreSQL or SQLite spell them; `is` never gives unknown. */
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'is' | 'is not';

/** A part of an expression in PostgreSQL's words, with what must be known of it in SQLite's to use it rightly. */
export interface Term {
  /** Stands wherever an operand may stand: an atom, a call, or in parentheses. */
  readonly sql: string;
  /** boolean also for SQLite's 0 and 1 where they are the outcome of a test. */
  readonly type: PgType | 'null';
  /**
   * exact: SQLite holds every value in the one storage class that goes with the type. mixed: integers and reals beside
   * each other, which compare alike and divide, print and name themselves differently. loose: other classes too.
   */
  readonly storage: 'exact' | 'mixed' | 'loose';
  /** Of a column or a CAST; null for what has none; undefined where the declaration is not known. */
  readonly affinity: Affinity | null | undefined;
  /** Of a column, or written with COLLATE; null for what has none, which compares as BINARY. */
  readonly collation: Collation | null;
  /** COLLATE was written: it wins over the other side's collation. */
  readonly explicit: boolean;
  /** COLLATE was written somewhere inside: SQLite lets it reach out of any expression into a comparison of the whole. */
  readonly buried: boolean;
  /** The value, where it is known. Constants take their form from what they stand beside. */
  readonly constant: Stored | null;
  /** For integers: no absolute value exceeds 2 to this power. Above 63 the sql is a numeric, and SQLite would have gone to a real. */
  readonly bits: number;
  /** Set when the term is a column and nothing more. */
  readonly column: ColumnEnv | null;
}

/** What an expression may know of a column. The optional facts come from the evidence; without them nature is assumed. */
export interface ColumnEnv {
  /** In the target. */
  readonly name: string;
  readonly type: PgType;
  /** BINARY, NOCASE, RTRIM or the name of an application's own. */
  readonly collation: string;
  /** The declared type, which gives the affinity. Left out: unknown, and comparisons that hang on it are not translated. */
  readonly declared?: string;
  /** The storage classes among the values, NULL apart. Left out: those that go with the declared and the target type. */
  readonly stored?: readonly ('integer' | 'real' | 'text' | 'blob')[];
  /** Evidence's name for the one spelling of all instants; -1 for no values, -2 for several spellings. Left out: one spelling. */
  readonly shape?: number;
  /** The column is read as wall-clock time of a zone other than UTC. */
  readonly zoned?: boolean;
  /** A generated column cannot be read by another one in PostgreSQL. */
  readonly generated?: boolean;
}

const plain = {
  storage: 'exact',
  affinity: null,
  collation: null,
  explicit: false,
  buried: false,
  constant: null,
  bits: 0,
  column: null,
} as const;

/** The outcome of an operation: of no affinity and no collation, as in SQLite. */
export function outcome(type: Term['type'], sql: string, more: Partial<Term> = {}): Term {
  return { ...plain, type, sql, ...more };
}

/** An integer within 2^bits, in SQL of type bigint or narrower. */
export function integer(sql: string, bits: number): Term {
  return outcome(bits <= 30 ? 'integer' : 'bigint', sql, { bits });
}

/** NULL, of no type. */
export const nothing: Term = outcome('null', 'NULL', { constant: { kind: 'null' } });

/** TRUE and FALSE: SQLite's 1 and 0. */
export function truthValue(value: boolean): Term {
  return outcome('boolean', String(value), { constant: { kind: 'integer', value: value ? 1n : 0n } });
}

/** A constant of the type that goes with its storage class. @throws {Untranslatable} for text that PostgreSQL cannot hold. */
export function constant(value: Stored): Term {
  switch (value.kind) {
    case 'null':
      return nothing;
    case 'integer':
      return { ...integer(integerSql(value.value), bitsOf(value.value)), constant: value };
    case 'real':
      return outcome('double precision', `${realSql(value.value)}::double precision`, { constant: value });
    case 'text':
      return outcome('text', textSql(value.value), { constant: value });
    case 'blob':
      return outcome('bytea', `pg_catalog.decode('${value.value}', 'hex')`, { constant: value });
  }
}

/** An integer literal that PostgreSQL reads as the same number, the smallest one included. */
export function integerSql(value: bigint): string {
  if (value === -(1n << 63n)) return `'${value}'::bigint`;
  return value < 0n ? `(${value})` : String(value);
}

/** A decimal that reads back as the same double, quoted where PostgreSQL has no number for it. */
export function realSql(value: number): string {
  if (!Number.isFinite(value)) return `'${value}'`;
  const digits = Object.is(value, -0) ? '-0.0' : String(value);
  // Without point or exponent PostgreSQL would see an integer, and -0 would lose its sign.
  const decimal = /[.e]/.test(digits) ? digits : `${digits}.0`;
  return decimal.startsWith('-') ? `'${decimal}'` : decimal;
}

/** A text literal with its type, so that no operator guesses one. */
export function textSql(value: string): string {
  if (value.includes('\0')) refuse('the text holds NUL, which PostgreSQL cannot');
  if (!value.isWellFormed()) refuse('the text is not valid Unicode');
  return literal(value).trim();
}

/** The smallest power of two that the size of the integer does not exceed. */
function bitsOf(value: bigint): number {
  const size = value < 0n ? -value : value;
  return size <= 1n ? 0 : (size - 1n).toString(2).length;
}

/** @throws {Untranslatable} for a name that PostgreSQL cannot hold. */
export function columnSql(name: string): string {
  try {
    return ident(name);
  } catch {
    return refuse('the name of a column is not one in PostgreSQL');
  }
}
