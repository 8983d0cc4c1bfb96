import type { Rule } from '../schema/model.ts';
import type { Digester } from './mix.ts';
import { asciiText, putBigInt, putSafe, putUnheld, What } from './value.ts';
import type { Zone } from './zone.ts';

/** PostgreSQL counts days and microseconds from 2000-01-01; these stand between it and 1970. */
const epochDays = 10_957;
const epochSeconds = epochDays * 86_400;

/** Days from 2000-01-01 to a date of the Gregorian calendar that exists, else NaN. Fliegel and Van Flandern, CACM 11 (1968). */
function dayNumber(year: number, month: number, day: number): number {
  const leap = (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days) return Number.NaN;
  const a = month <= 2 ? -1 : 0;
  const y = (year + 4800 + a) | 0;
  const months = ((367 * (month - 2 - 12 * a)) / 12) | 0;
  const centuries = ((y + 100) / 100) | 0;
  return (((1461 * y) / 4) | 0) + months - (((3 * centuries) / 4) | 0) + day - 32_075 - 2_451_545;
}

/** Two decimal digits, or a negative number if it is not two. */
function two(view: DataView, p: number, end: number): number {
  if (p + 2 > end) return -1;
  const both = view.getUint16(p) - 0x3030;
  const ones = both & 0xff;
  return both >= 0 && both <= 0x909 && ones <= 9 ? (both >> 8) * 10 + ones : -1;
}

function byteAt(view: DataView, p: number, end: number): number {
  return p < end ? view.getUint8(p) : 0;
}

function readDate(view: DataView, p: number, end: number): number {
  if (p + 10 > end || view.getUint8(p + 4) !== 0x2d || view.getUint8(p + 7) !== 0x2d) return Number.NaN;
  const century = two(view, p, end);
  const year = two(view, p + 2, end);
  return century < 0 || year < 0
    ? Number.NaN
    : dayNumber(century * 100 + year, two(view, p + 5, end), two(view, p + 8, end));
}

/** `YYYY-MM-DD` and nothing else. */
export function putDate(d: Digester, at: number, view: DataView, start: number, end: number): void {
  const day = end - start === 10 ? readDate(view, start, end) : Number.NaN;
  if (Number.isNaN(day)) return putUnheld(d, at);
  putSafe(d, at, What.date, day);
}

/** Reads ISO 8601 as SQLite's users write it. Seconds since 2000 on the clock in the text, what is below them, and the offset. */
class Reading {
  seconds = 0;
  micros = 0;
  /** In seconds, NaN when the text has none. */
  offset = 0;

  read(view: DataView, start: number, end: number): boolean {
    this.seconds = 86_400 * readDate(view, start, end);
    this.micros = 0;
    this.offset = Number.NaN;
    const p = start + 10;
    if (Number.isNaN(this.seconds)) return false;
    if (p === end) return true;
    const separator = view.getUint8(p);
    return (separator === 0x54 || separator === 0x20) && this.clock(view, p + 1, end);
  }

  private clock(view: DataView, start: number, end: number): boolean {
    const hour = two(view, start, end);
    const minute = two(view, start + 3, end);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || view.getUint8(start + 2) !== 0x3a) return false;
    this.seconds += hour * 3600 + minute * 60;
    let p = start + 5;
    if (byteAt(view, p, end) === 0x3a) {
      const second = two(view, p + 1, end);
      if (second < 0 || second > 59) return false;
      this.seconds += second;
      p += 3;
      if (byteAt(view, p, end) === 0x2e) p = this.fraction(view, p + 1, end);
    }
    if (p < 0 || p === end) return p === end;
    const next = byteAt(view, p + 1, end);
    const isSpaced = view.getUint8(p) === 0x20 && (next === 0x2b || next === 0x2d);
    return this.readOffset(view, isSpaced ? p + 1 : p, end);
  }

  /** One to six digits: PostgreSQL would round a seventh away. */
  private fraction(view: DataView, start: number, end: number): number {
    let p = start;
    let unit = 100_000;
    for (; p < end; p++) {
      const digit = view.getUint8(p) - 0x30;
      if (digit < 0 || digit > 9) break;
      if (p - start === 6) return -1;
      this.micros += digit * unit;
      unit = Math.floor(unit / 10);
    }
    return p === start ? -1 : p;
  }

  private readOffset(view: DataView, p: number, end: number): boolean {
    const sign = view.getUint8(p);
    if (sign === 0x5a) {
      this.offset = 0;
      return p + 1 === end;
    }
    const length = end - p;
    const colon = byteAt(view, p + 3, end) === 0x3a ? 1 : 0;
    if ((sign !== 0x2b && sign !== 0x2d) || (length !== 3 && length !== 5 + colon)) return false;
    const hours = two(view, p + 1, end);
    const minutes = length === 3 ? 0 : two(view, p + 3 + colon, end);
    if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59) return false;
    this.offset = (hours * 3600 + minutes * 60) * (sign === 0x2d ? -1 : 1);
    return true;
  }
}

const reading = new Reading();

/** Text as an instant, or as wall-clock time where the column has no zone: then an offset would be lost. */
export function putInstantText(
  d: Digester,
  at: number,
  what: number,
  zone: Zone | null,
  view: DataView,
  start: number,
  end: number,
): void {
  if (!reading.read(view, start, end)) return putUnheld(d, at);
  let seconds = reading.seconds;
  if (!Number.isNaN(reading.offset)) {
    if (what === What.timestamp) return putUnheld(d, at);
    seconds -= reading.offset;
  } else if (zone !== null) {
    seconds = zone.toUtc(seconds + epochSeconds) - epochSeconds;
    if (Number.isNaN(seconds)) return putUnheld(d, at);
  }
  putMicros(d, at, what, seconds, reading.micros);
}

/** 4713 BC to 294276 AD, which is what PostgreSQL's timestamps hold, in seconds since 2000. */
const secondsMin = -211_813_488_000;
const secondsBelow = 9_223_371_331_200;

function putMicros(d: Digester, at: number, what: number, seconds: number, micros: number): void {
  if (seconds < secondsMin || seconds >= secondsBelow) return putUnheld(d, at);
  // Up to the year 2285 the microseconds are a safe integer.
  if (Math.abs(seconds) < 9_000_000_000) putSafe(d, at, what, seconds * 1_000_000 + micros);
  else putBigInt(d, at, what, BigInt(seconds) * 1_000_000n + BigInt(micros));
}

const unitsPerSecond = { s: 1, ms: 1_000, us: 1_000_000 } as const;

/** An integer as an instant since 1970, in the unit of the rule or in the one that its size suggests. */
export function putEpoch(
  d: Digester,
  at: number,
  what: number,
  unit: EpochUnit | null,
  view: DataView,
  start: number,
  end: number,
): void {
  const value = Number(asciiText(view, start, end));
  const chosen = unit ?? unitBySize(Math.abs(value));
  if (chosen === null || !Number.isSafeInteger(value)) return putUnheld(d, at);
  const perSecond = unitsPerSecond[chosen];
  const seconds = Math.floor(value / perSecond);
  putMicros(d, at, what, seconds - epochSeconds, (value - seconds * perSecond) * (1_000_000 / perSecond));
}

/** Of an integer that is an instant. */
export type EpochUnit = Extract<Rule, { kind: 'epoch' }>['unit'];

/** The years 1973 to 2201 in each unit, and as far before 1970; the ranges do not touch. What lies between them is no instant. */
function unitBySize(size: number): EpochUnit | null {
  if (size === 0 || (size >= 1e8 && size < 7.3e9)) return 's';
  if (size >= 1e11 && size < 7.3e12) return 'ms';
  return size >= 1e14 && size < 7.3e15 ? 'us' : null;
}
