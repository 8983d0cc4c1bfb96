import type { DatabaseSync } from 'node:sqlite';

/** Doubles whose shortest exact decimal has 16 or 17 digits, or lies at an edge of the range. */
const hard = [
  0.1 + 0.2,
  1 / 3,
  5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
  2 ** 60 + 2 ** 8,
  2 ** 53 * 1.5,
  0.1,
  1e23,
  8.41e21,
  -2.5e-7,
  4.35,
  1 - 2 ** -53,
];

/**
 * Whether SQLite's own text of a real reads back as the same double. Older versions print 15 digits, which is a silent
 * loss; then reals are taken through the API instead, which is slower.
 */
export function printsRealsExactly(db: DatabaseSync): boolean {
  const print = db.prepare('SELECT concat(?) AS text');
  return hard.every((value) => Number(print.get(value)?.text) === value);
}
