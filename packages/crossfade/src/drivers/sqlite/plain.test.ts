import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../../test/fixtures/random.ts';
import { printsRealsExactly } from './exact-reals.ts';
import { realText } from './plain.ts';

const count = 1_000_000;
/** SQLite takes 127 arguments a function. */
const perCall = 100;

const doubleOf = (text: string): number => Number(text.replace('Inf', 'Infinity'));

function memory(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  return db;
}

/** A third any 64 bits, a third short decimals, a third near the places where the spelling changes. */
function doubles(): Float64Array {
  const { below, next } = seeded(20260731);
  const values = new Float64Array(count);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < count; i++) {
    if (i % 3 === 0) bits.set([below(2 ** 32), below(2 ** 32)], i * 2);
    else if (i % 3 === 1) values[i] = (below(2e9) - 1e9) / 10 ** below(12);
    else values[i] = (next() - 0.5) * 10 ** (below(44) - 22);
    // NaN is NULL in SQLite, and -0.0 has its own test.
    if (Number.isNaN(values[i]) || Object.is(values[i], -0)) values[i] = i;
  }
  return values;
}

test('of a million doubles all read back from our text, and from that of a SQLite that is said to print them exactly', () => {
  const db = memory();
  const print = db.prepare(`SELECT concat_ws(' ', ${Array(perCall).fill('?').join(', ')}) AS text`);
  const values = doubles();
  const wrong: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let i = 0; i < count; i += perCall) {
    const some = Array.from(values.subarray(i, i + perCall));
    const texts = String(print.get(...some)?.text).split(' ');
    for (const [at, value] of some.entries()) {
      if (doubleOf(realText(value)) !== value) wrong.ours.push(value);
      if (doubleOf(texts[at]) !== value) wrong.theirs.push(value);
    }
  }
  expect(wrong.ours.slice(0, 20)).toEqual([]);
  expect(printsRealsExactly(db), `wrong: ${wrong.theirs.slice(0, 20).join(', ')}`).toBe(wrong.theirs.length === 0);
});

test('infinities and zeros', () => {
  expect([Infinity, -Infinity, 0, -0].map(realText)).toEqual(['Inf', '-Inf', '0.0', '-0.0']);
});

test('SQLite 3.53 and later print reals exactly, so the packed way is taken', () => {
  const db = memory();
  const [major, minor] = String(db.prepare('SELECT sqlite_version() AS v').get()?.v).split('.').map(Number);
  expect(printsRealsExactly(db)).toBe(major > 3 || minor >= 53);
});

test('a SQLite that prints 15 digits is noticed', () => {
  const db = memory();
  db.function('concat', (value) => String(Number(Number(value).toPrecision(15))));
  expect(printsRealsExactly(db)).toBe(false);
});
