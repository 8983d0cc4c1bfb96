import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { absorbNumber, Decimal } from './decimal.ts';
import { begin, digester, domain, finish, seedBytes } from './mix.ts';

const d = digester(randomBytes(seedBytes), 1);
const decimal = new Decimal();

function viewOf(text: string): DataView {
  const bytes = Buffer.from(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function digestOf(text: string, absorb: (view: DataView) => void): string {
  begin(d.state, d.key, domain.decimal);
  absorb(viewOf(text));
  finish(d.state);
  return `${d.state[0]},${d.state[1]}`;
}

const scanned = (text: string): string =>
  digestOf(text, (view) => {
    expect(decimal.scan(view, 0, view.byteLength)).toBe(view.byteLength);
    decimal.absorb(d.state, view);
  });
const quick = (text: string): string =>
  digestOf(text, (view) => expect(absorbNumber(d.state, view, 0, view.byteLength)).toBe(view.byteLength));

const digits = fc.oneof(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 10n ** 40n), fc.bigInt(0n, 10n ** 16n)).map(String);

test('a number has one digest, wherever its point stands and whatever zeros and exponent it is written with', () => {
  fc.assert(
    fc.property(
      digits,
      fc.nat(45),
      fc.nat(9),
      fc.integer({ min: -60, max: 60 }),
      fc.boolean(),
      (all, scale, zeros, exponent, negative) => {
        const padded = all.padStart(scale + 1, '0');
        const whole = padded.slice(0, padded.length - scale);
        const fraction = padded.slice(padded.length - scale);
        const sign = negative ? '-' : '';
        const pointed = `${sign}${whole}.${fraction}${'0'.repeat(zeros + 1)}`;
        const shifted = `${sign}${all}e${exponent - scale}`;
        expect(scanned(`${pointed}E${exponent}`)).toBe(scanned(shifted));
        expect(quick(pointed)).toBe(scanned(`${sign}${all}e${-scale}`));
      },
    ),
    { numRuns: 3_000 },
  );
});

test('other numbers have other digests', () => {
  const texts = [
    '0',
    '1',
    '-1',
    '10',
    '100',
    '1000',
    '10000',
    '0.1',
    '0.01',
    '0.001',
    '0.0001',
    '0.00001',
    '12',
    '1.2',
    '120',
    '10001',
    '1.0001',
    '4294967296',
    '4294967297',
    '999999999999999',
    '1000000000000000',
    '1000000000000001',
    '10000000000000000',
    '100000000000000000000',
    '1e400',
    '1e-400',
    '-1e400',
    '1e99999999',
    '1e-99999999',
  ];
  expect(new Set(texts.map(scanned)).size).toBe(texts.length);
  expect(new Set(texts.map(quick)).size).toBe(texts.length);
  expect(quick('-0')).toBe(quick('0'));
  expect(quick('-0.000')).toBe(quick('0e5'));
});

test('doubles are read as JavaScript reads them', () => {
  const spelled = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? '-0.0' : String(n))),
    fc
      .tuple(digits, fc.nat(30), fc.integer({ min: -330, max: 310 }))
      .map(([all, scale, exponent]) => `${BigInt(all)}.${'0'.repeat(scale % 3)}${scale}e${exponent}`),
  );
  fc.assert(
    fc.property(spelled, (text) => {
      const view = viewOf(text);
      expect(decimal.scan(view, 0, view.byteLength)).toBe(view.byteLength);
      expect(decimal.toDouble(view, 0, view.byteLength)).toBe(Number(text));
    }),
    { numRuns: 20_000 },
  );
});
