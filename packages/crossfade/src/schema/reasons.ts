import { displayKey } from '../core/key-text.ts';
import { type ColumnEvidence, count, type Fact, valuesOf } from './evidence.ts';
import type { Misfit } from './misfit.ts';
import type { PgType, SourceColumn } from './model.ts';

/** What the values of a column are called in the report, by the type that they become; storage classes where nothing stands here. */
const labels: Readonly<Partial<Record<PgType, readonly (readonly [Fact, string])[]>>> = {
  boolean: [
    ['integerBit', '0 or 1'],
    ['textBoolean', 'true or false as words'],
  ],
  date: [['textDate', 'ISO dates']],
  timestamptz: [
    ['textOffset', 'ISO timestamps with an offset'],
    ['textNaive', 'ISO timestamps without an offset, read as ZONE'],
    ['textDate', 'ISO dates, read as midnight ZONE'],
    ['integerEpoch', 'integers since 1970'],
  ],
  uuid: [['textUuid', 'canonical UUIDs']],
  jsonb: [
    ['textJsonb', 'JSON in text'],
    ['textJsonScalar', 'JSON scalars in text'],
    ['blobJsonb', 'JSON in blobs'],
  ],
  json: [
    ['textJsonb', 'JSON in text'],
    ['textJson', 'JSON in text that jsonb would change'],
    ['textJsonScalar', 'JSON scalars in text'],
    ['textJsonScalarOdd', 'JSON scalars in text that jsonb would change'],
    ['blobJsonb', 'JSON in blobs'],
    ['blobJson', 'JSON in blobs that jsonb would change'],
  ],
};
const classes: readonly (readonly [Fact, string])[] = [
  ['integer', 'integer'],
  ['real', 'real'],
  ['text', 'text'],
  ['blob', 'blob'],
];

/** The evidence for a type in words: counts and kinds, never a value. `zone`: in which times without an offset are read. */
export function describeColumn(type: PgType, column: SourceColumn, evidence: ColumnEvidence, zone: string): string {
  const { declared } = column;
  const values = valuesOf(evidence);
  if (values === 0) return `no values; declared ${declared === '' ? 'without a type' : declared}`;
  const present = (labels[type] ?? classes).filter(([fact]) => count(evidence, fact) > 0);
  const text =
    present.length === 1
      ? `all ${grouped(values)} values are ${present[0][1]}`
      : present.map(([fact, label]) => `${grouped(count(evidence, fact))} ${label}`).join(', ');
  return `${text.replaceAll('ZONE', zone)}${hints[type] ?? ''}${timeHint(type, column, evidence, values)}`;
}

const hints: Readonly<Partial<Record<PgType, string>>> = {
  integer: ', within 32 bits',
  bigint: '; node-postgres returns bigint as a string',
};

/** The name alone does not make times of integers, but it is worth a word. */
function timeHint(type: PgType, { name }: SourceColumn, evidence: ColumnEvidence, values: number): string {
  const isNamedTime = /(_at|_on|date|time|timestamp)$/i.test(name) || /(At|On)$/.test(name);
  if ((type !== 'integer' && type !== 'bigint') || !isNamedTime || count(evidence, 'integerEpoch') < values) return '';
  return '; by name and size these may be times since 1970: a rule epoch:s, epoch:ms or epoch:us makes timestamptz of them';
}

/** `1 of 812,004 values: rowid 93, text`. */
export function describeMisfit({ count: misfits, row, what }: Misfit, values: number): string {
  return `${grouped(misfits)} of ${grouped(values)} values: ${row === null ? '' : `${displayKey(row)}, `}${what}`;
}

function grouped(n: number): string {
  return n.toLocaleString('en-US');
}
