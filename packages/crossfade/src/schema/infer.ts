import type { RowKey } from '../core/cell.ts';
import { declares } from './declared.ts';
import { type ColumnEvidence, count, type Fact, sumOf, valuesOf, witness } from './evidence.ts';
import { misfitOf } from './misfit.ts';
import type { PgType, SourceColumn } from './model.ts';
import { describeColumn, describeMisfit } from './reasons.ts';

/**
 * Which PostgreSQL type a column gets. One table (`candidates`), read from the narrowest type down: the first whose
 * declaration or values ask for it and which holds every value exactly wins. What the first refused candidate fell
 * short by becomes the reason in the report.
 */

export interface InferenceOptions {
  /** plain: no type is made out of text. */
  readonly types: 'rich' | 'plain';
  /** Part of a key or a unique index: two texts may not become one value. */
  readonly keyed: boolean;
  /** In which times without an offset are read. Default UTC. */
  readonly zone?: string;
}

/** A type with the sentence that the report has for it. */
export interface Inferred {
  readonly type: PgType;
  readonly why: string;
}

/** What the table below may look at. */
interface Context {
  readonly evidence: ColumnEvidence;
  readonly declared: string;
  readonly default: string;
  /** Those that are not NULL. */
  readonly values: number;
  readonly rich: boolean;
  /** Values of documents that are JSON already: no type is made out of text here. */
  readonly isJson: boolean;
}

interface Candidate {
  readonly type: PgType;
  /** Whether the declaration or the values point at this type at all. */
  readonly asked: (c: Context) => boolean;
}

const atLeastHalf = (c: Context, ...names: Fact[]) => c.values > 0 && sumOf(c.evidence, names) * 2 >= c.values;
const mostlyNumbers = (c: Context) => atLeastHalf(c, 'integer', 'real');
const saysBoolean = (c: Context) => declares.boolean(c.declared) || /^\(*\s*(true|false)\s*\)*$/i.test(c.default);
const saysJson = (c: Context) =>
  declares.json(c.declared) || atLeastHalf(c, 'textJsonb', 'textJson', 'blobJsonb', 'blobJson');
const saysInstant = (c: Context) =>
  declares.instant(c.declared)
    ? c.values > 0 || !/^time$/i.test(c.declared)
    : atLeastHalf(c, 'textNaive', 'textOffset');

const candidates: readonly Candidate[] = [
  { type: 'boolean', asked: saysBoolean },
  {
    type: 'date',
    asked: (c) => c.rich && (atLeastHalf(c, 'textDate') || (c.values === 0 && /^date$/i.test(c.declared))),
  },
  { type: 'timestamptz', asked: (c) => c.rich && saysInstant(c) },
  {
    type: 'uuid',
    asked: (c) => c.rich && (atLeastHalf(c, 'textUuid') || (c.values === 0 && /^uuid$/i.test(c.declared))),
  },
  { type: 'jsonb', asked: (c) => (c.rich || c.isJson) && saysJson(c) },
  { type: 'json', asked: (c) => (c.rich || c.isJson) && c.values > 0 && saysJson(c) },
  { type: 'numeric', asked: (c) => declares.decimal(c.declared) && (c.values === 0 || mostlyNumbers(c)) },
  { type: 'double precision', asked: (c) => declares.real(c.declared) && (c.values === 0 || mostlyNumbers(c)) },
  {
    type: 'integer',
    asked: (c) =>
      c.values > 0 ? atLeastHalf(c, 'integer') : declares.integer(c.declared) && !declares.wideInteger(c.declared),
  },
  { type: 'bigint', asked: (c) => (c.values > 0 ? atLeastHalf(c, 'integer') : declares.integer(c.declared)) },
  { type: 'double precision', asked: (c) => mostlyNumbers(c) },
  { type: 'numeric', asked: (c) => mostlyNumbers(c) },
  { type: 'bytea', asked: (c) => (c.values > 0 ? count(c.evidence, 'blob') > 0 : declares.bytes(c.declared)) },
  { type: 'text', asked: () => true },
];

/** Chooses the type of one column. Text is the last resort: what even text cannot hold is told by {@link unheld}. */
export function infer(
  column: SourceColumn,
  evidence: ColumnEvidence,
  { types, keyed, zone = 'UTC' }: InferenceOptions,
): Inferred {
  const { declared } = column;
  const values = valuesOf(evidence);
  const context: Context = {
    evidence,
    declared,
    default: column.default ?? '',
    values,
    rich: types === 'rich',
    isJson: column.member?.form === 'json',
  };
  let refused = '';
  for (const { type, asked } of candidates) {
    if (!asked(context)) continue;
    const misfit = misfitOf(type, evidence, { declared, keyed });
    if (misfit === null || type === 'text')
      return { type, why: `${describeColumn(type, column, evidence, zone)}${refused}` };
    // The first refusal is of the type that was hoped for; the others follow from it.
    if (refused === '') refused = `; not ${type}: ${describeMisfit(misfit, values)}`;
  }
  throw new Error('unreachable: text is always asked for');
}

/** Whether a type holds every value of a column exactly; for foreign keys, whose two sides need one type. */
export function holds(type: PgType, column: SourceColumn, evidence: ColumnEvidence): boolean {
  return misfitOf(type, evidence, { declared: column.declared, keyed: true }) === null;
}

/** Why a value is not held and its row withheld; docs/reference/errors.md has a paragraph on each. */
export type WithheldCode =
  | 'E_TEXT_NUL'
  | 'E_TEXT_ENCODING'
  | 'E_BLOB_IN_TEXT'
  | 'E_VALUE_TOO_LARGE'
  | 'E_TYPE_UNFIT'
  | 'E_DOCUMENT_UNREADABLE';

/** A kind of value that a column's type cannot hold, with where it was first seen. */
export interface Unheld {
  readonly code: WithheldCode;
  readonly count: number;
  readonly row: RowKey | null;
}

/** What even text cannot hold, with the code of each. */
const unheldByText: readonly (readonly [Unheld['code'], Fact])[] = [
  ['E_TEXT_NUL', 'textNul'],
  ['E_TEXT_ENCODING', 'textEncoding'],
  ['E_BLOB_IN_TEXT', 'blobBinary'],
];

/** What keeps the chosen type from holding every value: empty for all columns of a move that can finish with exit 0. */
export function unheld(type: PgType, ordered: boolean, evidence: ColumnEvidence): Unheld[] {
  const refused: (readonly [Unheld['code'], Fact])[] = [
    ['E_VALUE_TOO_LARGE', 'tooLarge'],
    ...(type === 'text' ? unheldByText : ordered ? ([['E_TYPE_UNFIT', 'unfit']] as const) : []),
  ];
  return refused
    .map(([code, fact]) => ({ code, count: count(evidence, fact), row: witness(evidence, fact) }))
    .filter((found) => found.count > 0);
}
