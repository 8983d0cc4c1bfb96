/** A fraction in lowest terms: what is reckoned here must not round, or `86400000 * (1 / 86400)` would not be 1000. */
export interface Rational {
  readonly top: bigint;
  readonly bottom: bigint;
}

/** A fraction in lowest terms with a positive bottom. */
export function rational(top: bigint, bottom = 1n): Rational {
  const divisor = greatestCommonDivisor(top < 0n ? -top : top, bottom);
  return { top: top / divisor, bottom: bottom / divisor };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a || 1n : greatestCommonDivisor(b, a % b);
}

/** The very value of a double, or null when its denominator is out of all proportion. */
export function rationalOf(value: number): Rational | null {
  for (let shift = 0; shift <= 32; shift++) {
    const whole = value * 2 ** shift;
    if (Number.isSafeInteger(whole)) return rational(BigInt(whole), 1n << BigInt(shift));
  }
  return null;
}

/** The exact sum. */
export function plus(a: Rational, b: Rational): Rational {
  return rational(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
}

/** The exact product. */
export function times(a: Rational, b: Rational): Rational {
  return rational(a.top * b.top, a.bottom * b.bottom);
}
