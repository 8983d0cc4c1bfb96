import type { PgColumn } from './pg-table.ts';

/** A constant as PostgreSQL writes it, and the type that it names. */
interface Constant {
  /** What stands between its quotes, or the whole where it has none. */
  readonly text: string;
  readonly isQuoted: boolean;
  readonly cast: string | null;
}

const constantForm = /^(?:'((?:[^']|'')*)'|\((-\d+(?:\.\d+)?)\)|(\d+(?:\.\d+)?|true|false))(?:::([a-z ]+))?$/;

/** What the default puts into a row of the copy has to be the cell that a row of PostgreSQL would have become. */
const defaults: Readonly<Record<string, (constant: Constant, base: string) => string | null>> = {
  bool: ({ text, isQuoted }) => (!isQuoted && /^(true|false)$/.test(text) ? text : null),
  int2: wholeNumber,
  int4: wholeNumber,
  int8: wholeNumber,
  float4: ({ text }) => (Math.fround(Number(text)) === Number(text) ? exactDouble(text) : null),
  float8: ({ text }) => exactDouble(text),
  // Declared as nothing, the column would keep a whole number as one.
  'signed float4': () => null,
  'signed float8': () => null,
  numeric: ({ text }, base) => decimal(text, /^numeric\(\d+,(-?\d+)\)$/.exec(base)?.[1]),
  text: asText,
  varchar: asText,
  json: ofType('json'),
  jsonb: ofType('jsonb'),
  uuid: ofType('uuid'),
  date: ofType('date'),
};

/** The time of the insert as a cell holds it, to the millisecond, which is as exact as SQLite's clock. */
const now = "(strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))";
const exactInstant = /^timestamp(\([3-6]\))? with time zone$/;

/** The default of a column as SQLite takes it; null where it would put something else into a row. */
export function defaultOf(text: string, { type, base }: Pick<PgColumn, 'type' | 'base'>): string | null {
  if (/^(CURRENT_TIMESTAMP|now\(\))$/.test(text)) return exactInstant.test(base) ? now : null;
  const [whole, quoted, negative, plain, cast] = constantForm.exec(text) ?? [];
  if (whole === undefined || !Object.hasOwn(defaults, type)) return null;
  const constant = { text: quoted ?? negative ?? plain, isQuoted: quoted !== undefined, cast: cast ?? null };
  return defaults[type](constant, base);
}

/** PostgreSQL's double keeps the sign, which SQLite does not, and its other numbers have none. */
function isSignedZero(text: string): boolean {
  return /^-[0.]+$/.test(text);
}

function wholeNumber({ text }: Constant): string | null {
  return /^-?\d+$/.test(text) && !isSignedZero(text) ? text : null;
}

/** Of more digits SQLite may make another double than PostgreSQL. */
function exactDouble(text: string): string | null {
  return /^-?\d+(\.\d+)?$/.test(text) && !isSignedZero(text) && text.replace(/\D/g, '').length <= 15 ? text : null;
}

/** With as many decimals as the type has, where it says how many. */
function decimal(text: string, scale: string | undefined): string | null {
  const [whole, integer, fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined || isSignedZero(text)) return null;
  if (scale === undefined) return `'${text}'`;
  if (fraction.length > Number(scale)) return null;
  return scale === '0' ? `'${integer}'` : `'${integer}.${fraction.padEnd(Number(scale), '0')}'`;
}

/** A date that is made text follows the settings of whoever inserts it, and of what is too long PostgreSQL takes none. */
function asText({ text, cast }: Constant, base: string): string | null {
  const most = Number(/^character varying\((\d+)\)$/.exec(base)?.[1] ?? Infinity);
  const fits = [...text.replaceAll("''", "'")].length <= most;
  const isPlain = cast === null || /^(text|character varying|smallint|integer|bigint|numeric)$/.test(cast);
  return fits && isPlain ? `'${text}'` : null;
}

function ofType(type: string): (constant: Constant) => string | null {
  return ({ text, isQuoted, cast }) => (isQuoted && cast === type ? `'${text}'` : null);
}
