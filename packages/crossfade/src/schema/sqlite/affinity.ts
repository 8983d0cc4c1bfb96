/** How a column converts what is stored in it. sqlite.org/datatype3.html, 3 "Type Affinity". */
export type Affinity = 'INTEGER' | 'TEXT' | 'BLOB' | 'REAL' | 'NUMERIC';

const fragments: readonly (readonly [fragment: RegExp, affinity: Affinity])[] = [
  [/INT/, 'INTEGER'],
  [/CHAR|CLOB|TEXT/, 'TEXT'],
  [/BLOB/, 'BLOB'],
  [/REAL|FLOA|DOUB/, 'REAL'],
];

/** The affinity of a declared type: the first rule that fits, https://sqlite.org/datatype3.html section 3.1. */
export function affinityOf(declared: string): Affinity {
  if (declared === '') return 'BLOB';
  const upper = declared.toUpperCase();
  return fragments.find(([fragment]) => fragment.test(upper))?.[1] ?? 'NUMERIC';
}

/** A value as SQLite stores it. An integer is within 64 bits. */
export type Stored =
  | { readonly kind: 'null' }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'real'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** Hex digits, lower case. */
  | { readonly kind: 'blob'; readonly value: string };

const numeric = /^[ \t\n\v\f\r]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[ \t\n\v\f\r]*$/;
const int64 = 1n << 63n;

/** Whether a numeric affinity would make a number of the text. */
export function looksNumeric(text: string): boolean {
  return numeric.test(text);
}

/** A number as a literal or a numeric text gives it: an integer where it is written as one and fits 64 bits, else a real. */
export function numberOf(text: string): Stored | null {
  const digits = numeric.exec(text)?.[1];
  if (digits === undefined) return null;
  if (/^[+-]?\d+$/.test(digits)) {
    const value = BigInt(digits.replace('+', ''));
    if (value >= -int64 && value < int64) return { kind: 'integer', value };
  }
  return { kind: 'real', value: Number(digits) };
}

/**
 * What a column of this affinity stores when it is given the value; null for a real that TEXT affinity would print,
 * where the digits are not certain.
 */
export function applyAffinity(value: Stored, affinity: Affinity): Stored | null {
  if (affinity === 'TEXT') return toText(value);
  if (affinity === 'BLOB') return value;
  const number = value.kind === 'text' ? (numberOf(value.value) ?? value) : value;
  if (affinity === 'REAL') return number.kind === 'integer' ? { kind: 'real', value: Number(number.value) } : number;
  return number.kind === 'real' ? narrowed(number.value) : number;
}

/** INTEGER and NUMERIC keep a real as an integer when nothing is lost, but never at the two ends of the range. */
function narrowed(value: number): Stored {
  const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 63;
  return whole ? { kind: 'integer', value: BigInt(value) } : { kind: 'real', value };
}

function toText(value: Stored): Stored | null {
  if (value.kind === 'integer') return { kind: 'text', value: String(value.value) };
  if (value.kind !== 'real') return value;
  const size = Math.abs(value.value);
  const text = String(value.value);
  // Here '%!.15g', which SQLite prints reals with, and JavaScript agree but for the point that SQLite always writes.
  const plain = size >= 1e-4 && size < 1e15 && text.replace(/^-?0?\.?0*|[-.]/g, '').length <= 15;
  return plain ? { kind: 'text', value: text.includes('.') ? text : `${text}.0` } : null;
}
