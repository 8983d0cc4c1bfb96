import type { RowKey } from '../core/cell.ts';
import { declares } from './declared.ts';
import { type ColumnEvidence, count, type Fact, sumOf, valuesOf, witness } from './evidence.ts';
import type { PgType } from './model.ts';

/** What keeps a type from holding a column, how many values it concerns, and one of their rows where it is known. */
export interface Misfit {
  readonly count: number;
  readonly what: string;
  readonly row: RowKey | null;
}

/** What decides beside the values themselves. */
export interface Circumstances {
  readonly declared: string;
  /** Part of a key or a unique index: two texts may not become one value. */
  readonly keyed: boolean;
}

/** What a type demands of the evidence of a column. */
interface Demand {
  /** Disjoint facts that must add up to all values. */
  readonly fits: (given: Circumstances) => readonly Fact[];
  /** Facts of which there may be none, in words. */
  readonly excludes?: Readonly<Partial<Record<Fact, string>>>;
}

const instants: readonly Fact[] = ['textDate', 'textNaive', 'textOffset'];
/** A scalar is taken for JSON only where the declaration says so: a text `true` is a text. */
const scalars = ({ declared }: Circumstances, ...some: Fact[]): readonly Fact[] =>
  declares.json(declared) ? some : [];

const demands: Readonly<Record<PgType, Demand>> = {
  boolean: { fits: () => ['integerBit', 'textBoolean'] },
  date: { fits: () => ['textDate'] },
  timestamp: { fits: () => ['textNaive', 'textDate'] },
  // A number or a bare date is an instant only where the declaration says so.
  timestamptz: {
    fits: ({ declared }) => (declares.instant(declared) ? [...instants, 'integerEpoch'] : ['textNaive', 'textOffset']),
  },
  uuid: { fits: () => ['textUuid'] },
  jsonb: { fits: (given) => ['textJsonb', 'blobJsonb', ...scalars(given, 'textJsonScalar')] },
  json: {
    fits: (given) => [
      ...(['textJsonb', 'textJson', 'blobJsonb', 'blobJson'] as const),
      ...scalars(given, 'textJsonScalar', 'textJsonScalarOdd'),
    ],
  },
  integer: { fits: () => ['integer'], excludes: { integerWide: 'beyond 32 bits' } },
  bigint: { fits: () => ['integer'] },
  'double precision': {
    fits: () => ['integer', 'real'],
    excludes: { integerUnsafe: 'an integer that a double would round' },
  },
  numeric: { fits: () => ['integer', 'real'], excludes: { realNegativeZero: 'a negative zero' } },
  bytea: { fits: () => ['blob'] },
  text: {
    fits: () => ['integer', 'real', 'text', 'blobText'],
    excludes: { textNul: 'text with NUL', textEncoding: 'text that is not UTF-8' },
  },
};

/** Null when the type holds every value exactly. */
export function misfitOf(type: PgType, evidence: ColumnEvidence, given: Circumstances): Misfit | null {
  const fits = demands[type].fits(given);
  const outside = valuesOf(evidence) - sumOf(evidence, fits);
  if (outside > 0) return { count: outside, ...firstOutside(evidence, fits) };
  for (const [fact, what] of Object.entries(demands[type].excludes ?? {}) as [Fact, string][]) {
    if (count(evidence, fact) > 0) return { count: count(evidence, fact), what, row: witness(evidence, fact) };
  }
  if (!given.keyed || !mergesTexts(type, evidence)) return null;
  const what = 'equal values are spelled differently, and the column is part of a key or unique index';
  return { count: valuesOf(evidence), what, row: null };
}

/** Texts that differ can name one instant or one JSON value; under a unique index they would collide. */
function mergesTexts(type: PgType, evidence: ColumnEvidence): boolean {
  switch (type) {
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return evidence.shape === -2 || (evidence.shape !== -1 && count(evidence, 'integer') > 0);
    case 'boolean':
      return count(evidence, 'text') > 0;
    case 'json':
    case 'jsonb':
      return sumOf(evidence, demands.json.fits({ declared: '', keyed: true })) > 0;
    default:
      return false;
  }
}

/** The kinds of values that partition a column, likeliest misfit first, in the words of the report. */
const kinds: Readonly<Partial<Record<Fact, string>>> = {
  textOther: 'text',
  textEmpty: 'empty text',
  textNul: 'text with NUL',
  textEncoding: 'text that is not UTF-8',
  textJson: 'JSON that jsonb would change (duplicate keys, \\u0000, lone surrogates, -0, numbers beyond a double)',
  textJsonScalarOdd: 'a JSON scalar that jsonb would change (\\u0000, lone surrogates, -0, numbers beyond a double)',
  textBoolean: 'a word',
  textJsonScalar: 'a JSON scalar',
  textUuid: 'a UUID',
  textDate: 'a date',
  textNaive: 'a timestamp without offset',
  textOffset: 'a timestamp',
  textJsonb: 'JSON',
  blobBinary: 'blob',
  blobJson: 'JSON that jsonb would change, in a blob',
  blobText: 'blob',
  real: 'real',
  integerNoBit: 'an integer that is neither 0 nor 1',
  integerNoEpoch: 'an integer of no plausible time',
  integer: 'integer',
};

const opposites: Readonly<Partial<Record<Fact, Fact>>> = {
  integerNoBit: 'integerBit',
  integerNoEpoch: 'integerEpoch',
};

function firstOutside(evidence: ColumnEvidence, fits: readonly Fact[]): { what: string; row: RowKey | null } {
  for (const [fact, what] of Object.entries(kinds) as [Fact, string][]) {
    const storageClass = /^[a-z]+/.exec(fact)?.[0] as Fact;
    // These two say something only where their opposite would have fitted.
    const opposite = opposites[fact];
    if (opposite !== undefined && !fits.includes(opposite)) continue;
    const row = fits.includes(fact) || fits.includes(storageClass) ? null : witness(evidence, fact);
    // A number or a word in text is JSON only to those who look for JSON.
    const isPlain = fact.startsWith('textJsonScalar') && !fits.includes('textJsonb');
    if (row !== null) return { what: isPlain ? 'text' : what, row };
  }
  return { what: 'another value', row: null };
}
