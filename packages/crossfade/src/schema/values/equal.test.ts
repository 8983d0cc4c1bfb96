import { expect, test } from 'vitest';
import { emptyRow, type Value } from '../collection.ts';
import { equalRows, equalValues } from './equal.ts';

const bare = Object.assign(emptyRow(), { a: 1, b: [null, { c: 'x' }] }) as Value;

test.each<[string, Value, Value]>([
  ['texts', 'x', 'x'],
  ['bigints', 1n, 1n],
  ['nulls', null, null],
  ['objects of any prototype and order', bare, { b: [null, { c: 'x' }], a: 1 }],
  ['bytes wherever they lie', new Uint8Array([1, 2]), Buffer.from([1, 2])],
  ['empty lists', [], []],
  ['empty objects', {}, {}],
])('%s are the same', (_, a, b) => {
  expect(equalValues(a, b)).toBe(true);
});

test.each<[string, Value, Value]>([
  ['text and null', '', null],
  ['a number and its bigint', 1, 1n],
  ['a number and its text', 1, '1'],
  ['lists of other length', [1], [1, null]],
  ['a list and an object', [], {}],
  ['members of other names', { a: null }, { b: null }],
  ['a member more', { a: 1 }, { a: 1, b: null }],
  ['inherited and own', { constructor: 'x' }, {}],
  ['bytes and an object', new Uint8Array(), {}],
  ['bytes', new Uint8Array([1]), new Uint8Array([2])],
  ['what lies deep', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
])('%s differ, either way round', (_, a, b) => {
  expect([equalValues(a, b), equalValues(b, a)]).toEqual([false, false]);
});

test('records are the same by their fields', () => {
  expect(equalRows({ a: bare, b: null }, { b: null, a: { a: 1, b: [null, { c: 'x' }] } })).toBe(true);
  expect(equalRows({ a: 1 }, { a: 2 })).toBe(false);
});
