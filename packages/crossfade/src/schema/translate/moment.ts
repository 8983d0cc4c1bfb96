import type { Affinity } from '../sqlite/affinity.ts';
import { InstantKind, InstantParser } from '../values/instant.ts';
import type { Counted, Moment, Written } from './moment-parse.ts';
import type { DefaultColumn } from './stored.ts';
import { refuse, textSql } from './term.ts';

/** SQLite's fields of strftime: PostgreSQL's to_char, and what they are at 2001-02-03 04:05:06.789. */
const fields: Readonly<Record<string, readonly [layout: string, sample: string]>> = {
  d: ['DD', '03'],
  f: ['SS.MS', '06.789'],
  F: ['YYYY-MM-DD', '2001-02-03'],
  H: ['HH24', '04'],
  I: ['HH12', '04'],
  j: ['DDD', '034'],
  m: ['MM', '02'],
  M: ['MI', '05'],
  p: ['AM', 'AM'],
  R: ['HH24:MI', '04:05'],
  S: ['SS', '06'],
  T: ['HH24:MI:SS', '04:05:06'],
  u: ['ID', '6'],
  Y: ['YYYY', '2001'],
  '%': ['"%"', '%'],
};

/** The moment as the column holds it. @throws {Untranslatable} */
export function momentSql(moment: Moment, column: DefaultColumn, affinity: Affinity): string {
  if (moment.kind === 'counted') return countedSql(moment, column, affinity);
  if (moment.layout === '%s') {
    const one = { top: 1n, bottom: 1n };
    const digits: Counted = {
      kind: 'counted',
      scale: one,
      shift: { top: 0n, bottom: 1n },
      integer: true,
      fine: false,
      later: moment.later,
    };
    const kept = column.type === 'text' || affinity === 'INTEGER' || affinity === 'NUMERIC' || affinity === 'REAL';
    return kept ? countedSql(digits, column, affinity) : misfit(column);
  }
  return writtenSql(moment, column, affinity);
}

function misfit(column: DefaultColumn): never {
  return refuse(`SQLite stores the current time in a form that a column of type ${column.type} does not hold`);
}

/** Text that says an instant becomes that instant, with the microseconds that SQLite leaves out. */
function writtenSql(moment: Written, column: DefaultColumn, affinity: Affinity): string {
  const { layout, sample } = layoutOf(moment.layout);
  const bytes = Buffer.from(sample);
  const parser = new InstantParser();
  const kind = parser.parse(bytes, 0, bytes.length);
  const instant = kind === InstantKind.naive || (kind === InstantKind.offset && parser.seconds === sampleSeconds);
  const text = `pg_catalog.to_char(${utc(moment)}, ${textSql(layout)})`;
  switch (column.type) {
    case 'timestamptz':
      return instant ? now(moment) : misfit(column);
    case 'timestamp':
      return kind === InstantKind.naive ? utc(moment) : misfit(column);
    case 'date':
      return kind === InstantKind.date || kind === InstantKind.naive ? `(${utc(moment)})::date` : misfit(column);
    case 'text':
      return text;
    case 'integer':
    case 'bigint':
      return /^\d{1,9}$/.test(sample) && affinity !== 'TEXT' && affinity !== 'BLOB'
        ? `(${text})::${column.type}`
        : misfit(column);
    default:
      return misfit(column);
  }
}

const sampleSeconds = Date.UTC(2001, 1, 3, 4, 5, 6) / 1000;

function countedSql(moment: Counted, column: DefaultColumn, affinity: Affinity): string {
  const { type } = column;
  if (type === 'timestamptz') return isEpoch(moment) ? now(moment) : misfit(column);
  if (moment.integer && (type === 'integer' || type === 'bigint')) return `(${number(moment)})::${type}`;
  if (moment.integer && type === 'text') return `(${number(moment)})::bigint::text`;
  const real = type === 'double precision' || (type === 'numeric' && affinity !== 'TEXT');
  return real ? `(${number(moment)})::${type}` : misfit(column);
}

/** Seconds, milliseconds or microseconds since 1970: what a move reads as an instant. */
function isEpoch({ scale, shift, integer }: Counted): boolean {
  return integer && scale.bottom === 1n && [1n, 1_000n, 1_000_000n].includes(scale.top) && shift.top === 0n;
}

function number(moment: Counted): string {
  const { scale, shift } = moment;
  const epoch = `EXTRACT(epoch FROM ${now(moment)})`;
  const seconds = moment.fine ? epoch : `pg_catalog.floor(${epoch})`;
  const scaled = [
    seconds,
    ...(scale.top === 1n ? [] : [`* ${scale.top}`]),
    ...(scale.bottom === 1n ? [] : [`/ ${scale.bottom}`]),
  ].join(' ');
  const shifted =
    shift.top === 0n ? scaled : `${scaled} + (${shift.top}${shift.bottom === 1n ? '' : `.0 / ${shift.bottom}`})`;
  return moment.integer && moment.fine ? `pg_catalog.floor(${shifted})` : shifted;
}

function now({ later }: Moment): string {
  return later === 0 ? 'CURRENT_TIMESTAMP' : `(CURRENT_TIMESTAMP + INTERVAL '${later} seconds')`;
}

function utc(moment: Moment): string {
  return `pg_catalog.timezone('UTC', ${now(moment)})`;
}

/** The layout for to_char, where everything that might be a field of its own stands in quotes. */
function layoutOf(strftime: string): { layout: string; sample: string } {
  let layout = '';
  let sample = '';
  for (const [piece, field] of strftime.matchAll(/%([^])?|[- :.,/]+|[^%]/gu)) {
    const known = piece.startsWith('%')
      ? (fields[field ?? ''] ?? refuse('a field of strftime has no equal in to_char'))
      : null;
    // Two fields that touch could read as a third: DD and DDD, or SS and SS.
    if (known && known[0].startsWith(layout.at(-1) ?? ' ')) layout += '""';
    layout += known ? known[0] : /^[- :.,/]+$/.test(piece) ? piece : `"${piece.replace(/["\\]/, '\\$&')}"`;
    sample += known ? known[1] : piece;
  }
  return { layout, sample };
}
