import type { TypeKey } from './value.ts';

/** Values that PostgreSQL sent, as text, to name the rows that differ. Nothing is compared by these texts. */

type Show = (view: DataView, start: number, end: number) => string;

/** Keys are short; a longer text is cut, because thousands of them are kept. */
const shownBytesMax = 200;

const text: Show = (view, start, end) => {
  const shown = Buffer.from(view.buffer, view.byteOffset + start, Math.min(end - start, shownBytesMax)).toString(
    'utf8',
  );
  return end - start > shownBytesMax ? `${shown}…` : shown;
};

const bytea: Show = (view, start, end) => {
  const shown = Buffer.from(view.buffer, view.byteOffset + start, Math.min(end - start, shownBytesMax)).toString('hex');
  return end - start > shownBytesMax ? `\\x${shown}…` : `\\x${shown}`;
};

const boolean: Show = (view, start) => (view.getUint8(start) === 0 ? 'false' : 'true');

const int2: Show = (view, start) => String(view.getInt16(start));
const int4: Show = (view, start) => String(view.getInt32(start));
const int8: Show = (view, start) => String(view.getBigInt64(start));
const float4: Show = (view, start) => String(view.getFloat32(start));
const float8: Show = (view, start) => String(view.getFloat64(start));
const jsonb: Show = (view, start, end) => text(view, start + 1, end);

const uuid: Show = (view, start, end) =>
  bytea(view, start, end)
    .slice(2)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

const secondsTo2000 = 946_684_800;

/** JavaScript's dates end before PostgreSQL's do; what lies behind them is shown as the seconds since 1970. */
function iso(seconds: number): string {
  return Math.abs(seconds) <= 8.64e12 ? new Date(seconds * 1000).toISOString().slice(0, -5) : `@${seconds}`;
}

const date: Show = (view, start) => iso(secondsTo2000 + view.getInt32(start) * 86_400).split('T')[0];

const timestamp: Show = (view, start) => {
  const micros = view.getBigInt64(start);
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return `${iso(secondsTo2000 + Number((micros - fraction) / 1_000_000n))}.${String(fraction).padStart(6, '0')}`;
};
const timestamptz: Show = (view, start, end) => `${timestamp(view, start, end)}Z`;

const numeric: Show = (view, start, end) => {
  const sign = view.getUint16(start + 4);
  const special = { 0xc000: 'NaN', 0xd000: 'Infinity', 0xf000: '-Infinity' }[sign];
  if (special !== undefined) return special;
  let digits = '';
  for (let p = start + 8; p < end && digits.length < shownBytesMax; p += 2)
    digits += String(view.getInt16(p)).padStart(4, '0');
  const wholeDigits = 4 * (view.getInt16(start + 2) + 1);
  const whole = digits
    .slice(0, Math.max(0, wholeDigits))
    .padEnd(Math.min(wholeDigits, shownBytesMax), '0')
    .replace(/^0+(?=\d)/, '');
  const fraction =
    `${'0'.repeat(Math.min(Math.max(0, -wholeDigits), shownBytesMax))}${digits.slice(Math.max(0, wholeDigits))}`.replace(
      /(?<!0)0+$/,
      '',
    );
  return `${sign === 0x4000 ? '-' : ''}${whole || '0'}${fraction ? `.${fraction}` : ''}`;
};

/** A cell of the source: text as it is, a blob in hexadecimal. */
export function showCell(isBlob: boolean, view: DataView, start: number, end: number): string {
  return isBlob ? bytea(view, start, end) : text(view, start, end);
}

/** By type: a value in PostgreSQL's binary form as a person reads it. */
export const show: Readonly<Record<TypeKey, Show>> = {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  date,
  timestamp,
  timestamptz,
  uuid,
  text,
  bytea,
  json: text,
  jsonb,
};
