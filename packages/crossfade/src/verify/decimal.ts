import { absorb } from './mix.ts';
import { asciiText } from './value.ts';

/** Words that end a number: a whole one below 10^15 as itself, everything else as groups. */
const ending = { small: 2, negativeSmall: 10, groups: 3, negativeGroups: 11 } as const;

const powersOfTen = Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * Numbers as exact decimals, whatever their notation: 1.50, 1.5 and 15e-1 are one number, and so are a hundred digits
 * and the same hundred digits. The common form of text and of PostgreSQL's binary numeric is the latter's own, groups
 * of four digits aligned at the decimal point and the weight of the first; but most numbers are small and whole, and a
 * whole number below 10^15 is two words.
 *
 * One number at a time: `scan` finds it, and the others speak of the one found last.
 */
export class Decimal {
  negative = false;
  zero = false;
  hasExponent = false;
  /** Of the first digit that is not 0, as a power of ten. */
  private power = 0;
  private first = 0;
  private last = 0;
  private point = 0;

  /** By JSON's grammar, which neither knows a leading plus nor a leading zero. Returns the position behind it, or -1. */
  scan(view: DataView, start: number, end: number): number {
    let p = start;
    this.negative = p < end && view.getUint8(p) === 0x2d;
    if (this.negative) p++;
    this.first = -1;
    this.last = -1;
    this.point = this.digits(view, p, end);
    if (this.point === p || (this.point > p + 1 && view.getUint8(p) === 0x30)) return -1;
    p = this.point;
    if (p < end && view.getUint8(p) === 0x2e) {
      const behind = this.digits(view, p + 1, end);
      if (behind === p + 1) return -1;
      p = behind;
    }
    this.zero = this.first < 0;
    this.hasExponent = p < end && (view.getUint8(p) | 0x20) === 0x65;
    this.power = this.zero ? 0 : this.powerAt(this.first);
    return this.hasExponent ? this.exponent(view, p + 1, end) : p;
  }

  private digits(view: DataView, start: number, end: number): number {
    let p = start;
    for (; p < end; p++) {
      const c = view.getUint8(p);
      if (c < 0x30 || c > 0x39) break;
      if (c === 0x30) continue;
      if (this.first < 0) this.first = p;
      this.last = p;
    }
    return p;
  }

  private exponent(view: DataView, start: number, end: number): number {
    let p = start;
    const sign = p < end ? view.getUint8(p) : 0;
    if (sign === 0x2b || sign === 0x2d) p++;
    const digitsStart = p;
    let value = 0;
    for (; p < end; p++) {
      const c = view.getUint8(p);
      if (c < 0x30 || c > 0x39) break;
      // Far beyond what PostgreSQL holds, and near enough that the sums below stay whole numbers.
      if (value < 100_000_000) value = value * 10 + c - 0x30;
    }
    if (p === digitsStart) return -1;
    // Zero is the same in every power.
    if (!this.zero) this.power += sign === 0x2d ? -value : value;
    return p;
  }

  private powerAt(position: number): number {
    return position < this.point ? this.point - 1 - position : this.point - position;
  }

  absorb(s: Int32Array, view: DataView): void {
    if (this.power < 15 && this.power - this.significant + 1 >= 0)
      return absorbSmall(s, this.whole(view), this.negative);
    let left = this.power & 3;
    let group = 0;
    let groups = 0;
    for (let p = this.first; p <= this.last; p++) {
      if (p === this.point) continue;
      group = group * 10 + view.getUint8(p) - 0x30;
      if (left-- > 0) continue;
      absorb(s, group);
      group = 0;
      groups++;
      left = 3;
    }
    if (group > 0) {
      absorb(s, group * powersOfTen[left + 1]);
      groups++;
    }
    absorbGroupsEnd(s, this.power >> 2, groups, this.negative);
  }

  private whole(view: DataView): number {
    return this.zero ? 0 : this.allDigits(view) * powersOfTen[this.power - this.significant + 1];
  }

  private allDigits(view: DataView): number {
    let digits = 0;
    for (let p = this.first; p <= this.last; p++) {
      if (p !== this.point) digits = digits * 10 + view.getUint8(p) - 0x30;
    }
    return digits;
  }

  /** Digits from the first to the last that is not 0. */
  get significant(): number {
    return this.zero ? 0 : this.last - this.first + (this.first < this.point && this.point < this.last ? 0 : 1);
  }

  /** Few enough digits, near enough to the point, that no other decimal so short stands for the same double. */
  get isShort(): boolean {
    return this.zero || (!this.hasExponent && this.significant <= 15 && this.power < 15 && this.power > -200);
  }

  /** Within the digits that PostgreSQL's numeric has before and behind the point. */
  get fitsNumeric(): boolean {
    return this.power < 131_072 && this.power - this.significant + 1 >= -16_383;
  }

  /**
   * Correctly rounded. Up to 15 digits and a power up to 22 are exact in doubles, so one multiplication or division
   * rounds once (Clinger, How to Read Floating Point Numbers Accurately, 1990); V8 reads the rest.
   */
  toDouble(view: DataView, start: number, end: number): number {
    if (this.zero) return this.negative ? -0 : 0;
    const significant = this.significant;
    const power = this.power - significant + 1;
    if (significant > 15 || power > 22 || power < -22) return Number(asciiText(view, start, end));
    const digits = this.allDigits(view);
    const value = power < 0 ? digits / powersOfTen[-power] : digits * powersOfTen[power];
    return this.negative ? -value : value;
  }
}

function absorbGroupsEnd(s: Int32Array, weight: number, groups: number, negative: boolean): void {
  absorb(s, weight);
  absorb(s, (groups << 4) | (negative ? ending.negativeGroups : ending.groups));
}

/** Zero has no sign. */
function absorbSmall(s: Int32Array, value: number, negative: boolean): void {
  const high = Math.floor(value / 0x1_0000_0000);
  absorb(s, value - high * 0x1_0000_0000);
  absorb(s, (high << 4) | (negative && value !== 0 ? ending.negativeSmall : ending.small));
}

/**
 * Reads and absorbs a number of JSON at once, which most often is a few digits. Returns the position behind it, or -1.
 */
export function absorbNumber(s: Int32Array, view: DataView, start: number, end: number): number {
  const negative = view.getUint8(start) === 0x2d;
  const digitsStart = negative ? start + 1 : start;
  let p = digitsStart;
  let value = 0;
  for (; p < end; p++) {
    const digit = view.getUint8(p) - 0x30;
    if (digit < 0 || digit > 9 || p - digitsStart === 15) break;
    value = value * 10 + digit;
  }
  const next = p < end ? view.getUint8(p) : 0;
  const isPlain = p > digitsStart && (p === digitsStart + 1 || view.getUint8(digitsStart) !== 0x30);
  if (isPlain && next !== 0x2e && (next | 0x20) !== 0x65 && (next < 0x30 || next > 0x39)) {
    absorbSmall(s, value, negative);
    return p;
  }
  p = decimal.scan(view, start, end);
  if (p >= 0) decimal.absorb(s, view);
  return p;
}

const decimal = new Decimal();

/** PostgreSQL's numeric as `numeric_send` writes it, from `start` on; only for finite ones. */
export function absorbNumeric(s: Int32Array, view: DataView, start: number): void {
  const negative = view.getUint16(start + 4) === 0x4000;
  let weight = view.getInt16(start + 2);
  let p = start + 8;
  let end = p + 2 * view.getUint16(start);
  for (; p < end && view.getInt16(p) === 0; p += 2) weight--;
  while (end > p && view.getInt16(end - 2) === 0) end -= 2;
  const groups = (end - p) >> 1;
  const isWhole = groups <= weight + 1 || groups === 0;
  if (isWhole && (groups === 0 || weight < 3 || (weight === 3 && view.getInt16(p) < 1000))) {
    let value = 0;
    for (let group = 0; groups > 0 && group <= weight; group++, p += 2)
      value = value * 10_000 + (p < end ? view.getInt16(p) : 0);
    return absorbSmall(s, value, negative);
  }
  for (; p < end; p += 2) absorb(s, view.getInt16(p));
  absorbGroupsEnd(s, weight, groups, negative);
}
