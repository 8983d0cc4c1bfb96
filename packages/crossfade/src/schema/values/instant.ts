/**
 * Dates and times as text, read from bytes: `YYYY-MM-DD`, optionally followed by `T` or a space, `HH:MM`, seconds, up to
 * six digits of fraction, and an offset, which a space may precede. Only what names one instant exactly is taken: a seventh digit, second 60,
 * hour 24 and 30 February are not, because PostgreSQL would round, roll over or refuse them.
 */
export const InstantKind = { none: 0, date: 1, naive: 2, offset: 3 } as const;

/** The proleptic Gregorian days since 1970-01-01. Howard Hinnant, "chrono-compatible low-level date algorithms". */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  // Years are 0 to 9999 here, so truncation to 32-bit integers is division.
  const era = (y / 400) | 0;
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Room in a shape for the spellings of an offset. */
const zonesPerClock = 20_000;

/** Whether a spelling of date and time names UTC: without an offset, or with Z. */
export function isUtcShape(shape: number): boolean {
  return shape > 0 && shape % zonesPerClock <= 1;
}

const monthDays = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** One parser serves one thread: the fields hold the last value read, so that nothing is allocated. */
export class InstantParser {
  /** Days since 1970-01-01. */
  days = 0;
  /** Seconds since 1970-01-01T00:00:00, in UTC when the text had an offset, else on the wall clock. */
  seconds = 0;
  /** 0 to 999,999. */
  micros = 0;
  /** Names the spelling, offset included: two values of one spelling are the same instant only if their texts are equal. */
  shape = 0;

  /** One of {@link InstantKind}. */
  parse(buf: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length < 10 || length > 33 || buf[start + 4] !== 0x2d || buf[start + 7] !== 0x2d) return InstantKind.none;
    const century = two(buf, start);
    const yearOfCentury = two(buf, start + 2);
    const month = two(buf, start + 5);
    const day = two(buf, start + 8);
    if ((century | yearOfCentury | month | day) < 0) return InstantKind.none;
    const year = century * 100 + yearOfCentury;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) return InstantKind.none;
    this.days = daysFromCivil(year, month, day);
    this.seconds = this.days * 86_400;
    this.micros = 0;
    this.shape = 0;
    return length === 10 ? InstantKind.date : this.time(buf, start + 10, end);
  }

  private time(buf: Uint8Array, start: number, end: number): number {
    const separator = buf[start];
    if ((separator !== 0x54 && separator !== 0x20) || end - start < 6 || buf[start + 3] !== 0x3a)
      return InstantKind.none;
    const hour = two(buf, start + 1);
    const minute = two(buf, start + 4);
    if ((hour | minute) < 0 || hour > 23 || minute > 59) return InstantKind.none;
    let p = start + 6;
    let second = 0;
    let fractionDigits = -1;
    if (p < end && buf[p] === 0x3a) {
      second = p + 3 <= end ? two(buf, p + 1) : -1;
      if (second < 0 || second > 59) return InstantKind.none;
      p += 3;
      fractionDigits = 0;
      if (p < end && buf[p] === 0x2e) {
        fractionDigits = this.fraction(buf, p + 1, end);
        if (fractionDigits < 1 || fractionDigits > 6) return InstantKind.none;
        p += 1 + fractionDigits;
      }
    }
    this.seconds += hour * 3600 + minute * 60 + second;
    const isSpaced = p + 1 < end && buf[p] === 0x20 && (buf[p + 1] === 0x2b || buf[p + 1] === 0x2d);
    const clockShape = (separator === 0x54 ? 10 : 0) + (isSpaced ? 20 : 0) + fractionDigits + 2;
    return this.offset(buf, isSpaced ? p + 1 : p, end, clockShape);
  }

  /** Reads the digits behind the point; returns how many there are. */
  private fraction(buf: Uint8Array, start: number, end: number): number {
    let p = start;
    let value = 0;
    for (; p < end && p < start + 7; p++) {
      const digit = buf[p] - 0x30;
      if (digit < 0 || digit > 9) break;
      if (p < start + 6) value = value * 10 + digit;
    }
    for (let i = p - start; i < 6; i++) value *= 10;
    this.micros = value;
    return p - start;
  }

  private offset(buf: Uint8Array, start: number, end: number, clockShape: number): number {
    this.shape = clockShape * zonesPerClock;
    if (start === end) return InstantKind.naive;
    const sign = buf[start];
    const length = end - start;
    if (sign === 0x5a) {
      this.shape += 1;
      return length === 1 ? InstantKind.offset : InstantKind.none;
    }
    if (sign !== 0x2b && sign !== 0x2d) return InstantKind.none;
    if (length !== 3 && length !== 5 && !(length === 6 && buf[start + 3] === 0x3a)) return InstantKind.none;
    const hours = two(buf, start + 1);
    const minutes = length === 3 ? 0 : two(buf, end - 2);
    if ((hours | minutes) < 0 || hours > 15 || minutes > 59) return InstantKind.none;
    const offsetMinutes = (hours * 60 + minutes) * (sign === 0x2b ? 1 : -1);
    this.seconds -= offsetMinutes * 60;
    // -00:00 is another spelling of +00:00, hence the extra one.
    this.shape +=
      2 +
      (offsetMinutes + 960) * 4 +
      (length === 3 ? 0 : length === 5 ? 1 : 2) +
      (sign === 0x2d && offsetMinutes === 0 ? 7_777 : 0);
    return InstantKind.offset;
  }
}

/** Two digits, or -1. */
function two(buf: Uint8Array, p: number): number {
  const tens = buf[p] - 0x30;
  const ones = buf[p + 1] - 0x30;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/** How many days the month has. */
export function lastDay(year: number, month: number): number {
  if (month !== 2) return monthDays[month];
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
