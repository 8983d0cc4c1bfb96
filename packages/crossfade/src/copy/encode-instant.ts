import { Tag } from '../core/cell.ts';
import type { PgType, Rule } from '../schema/model.ts';
import { InstantKind, InstantParser } from '../schema/values/instant.ts';
import { epochUnit, shortInteger, wideInteger } from '../schema/values/scalar.ts';
import { ZoneClock } from '../schema/values/zone.ts';
import type { CopyBuffer } from './buffer.ts';
import type { Encode, EncodeOptions } from './encoder.ts';

/** PostgreSQL counts from 2000-01-01. */
const epochSeconds = 946_684_800;
const epochDays = 10_957;
const perSecond = { s: 1, ms: 1_000, us: 1_000_000 } as const;
/** 4713 BC to 294276 AD, in seconds since 1970: what a timestamp holds. */
const secondsMin = -210_866_803_200;
const secondsMax = 9_224_318_016_000;

/** Dates and times: days or microseconds since 2000, as 4 or 8 bytes. */
export const instantEncoders: Readonly<
  Record<'date' | 'timestamp' | 'timestamptz', (out: CopyBuffer, options: EncodeOptions) => Encode>
> = {
  date: (out) => {
    const parser = new InstantParser();
    return (tag, buf, start, end) => {
      if (tag !== Tag.text || parser.parse(buf, start, end) !== InstantKind.date) return false;
      out.int32(4);
      out.int32(parser.days - epochDays);
      return true;
    };
  },
  timestamp: (out, { rules }) => timestampEncoder('timestamp', out, rules),
  timestamptz: (out, { rules }) => timestampEncoder('timestamptz', out, rules),
};

function timestampEncoder(type: PgType, out: CopyBuffer, rules: readonly Rule[]): Encode {
  const parser = new InstantParser();
  const zone = rules.find((rule) => rule.kind === 'zone');
  const clock = zone === undefined || type === 'timestamp' ? null : new ZoneClock(zone.zone);
  const unit = rules.find((rule) => rule.kind === 'epoch')?.unit ?? null;
  return (tag, buf, start, end) => {
    if (tag === Tag.integer) return writeEpoch(out, buf, start, end, unit);
    const kind = tag === Tag.text ? parser.parse(buf, start, end) : InstantKind.none;
    if (kind === InstantKind.none || (kind === InstantKind.offset && type === 'timestamp')) return false;
    const seconds = clock === null || kind === InstantKind.offset ? parser.seconds : clock.toUtc(parser.seconds);
    return writeInstant(out, seconds, parser.micros);
  };
}

/** An integer as an instant: in the unit that a rule names, else in the one that its size tells. */
function writeEpoch(
  out: CopyBuffer,
  buf: Uint8Array,
  start: number,
  end: number,
  ordered: 's' | 'ms' | 'us' | null,
): boolean {
  const short = shortInteger(buf, start, end);
  const value = Number.isNaN(short) ? Number(wideInteger(buf, start, end)) : short;
  const unit = ordered ?? epochUnit(value);
  if (unit === null || !Number.isSafeInteger(value)) return false;
  const scale = perSecond[unit];
  const seconds = Math.floor(value / scale);
  return writeInstant(out, seconds, (value - seconds * scale) * (1_000_000 / scale));
}

function writeInstant(out: CopyBuffer, seconds: number, micros: number): boolean {
  if (!(seconds >= secondsMin && seconds < secondsMax)) return false;
  const since = seconds - epochSeconds;
  out.int32(8);
  // Up to the year 2285 the product is exact as a double.
  if (Math.abs(since) < 9_000_000_000) out.int64(since * 1_000_000 + micros);
  else out.bigint64(BigInt(since) * 1_000_000n + BigInt(micros));
  return true;
}
