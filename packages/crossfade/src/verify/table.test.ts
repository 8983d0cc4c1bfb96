import { expect, test } from 'vitest';
import { copyOutStatement, type VerifyTable } from './table.ts';

const table: VerifyTable = {
  source: 't',
  target: { schema: 'a"b', name: 'T; drop table x' },
  columns: ['id', 'weird "name"'].map((name) => ({ source: name, target: name, typeOid: 25, rules: [] })),
  key: [0],
};

test('names are quoted and the order of the columns is kept', () => {
  expect(copyOutStatement(table)).toBe(
    'COPY (SELECT "id", "weird ""name""" FROM ONLY "a""b"."T; drop table x") TO STDOUT (FORMAT binary)',
  );
});

test('a part of the pages is bounded below and above, the last one only below', () => {
  expect(copyOutStatement(table, { from: 10, to: 20 })).toContain(
    ` WHERE ctid >= '(10,0)'::pg_catalog.tid AND ctid < '(20,0)'::pg_catalog.tid)`,
  );
  expect(copyOutStatement(table, { from: 20, to: Infinity })).toContain(` WHERE ctid >= '(20,0)'::pg_catalog.tid)`);
});

test.each([-1, 1.5, Number.NaN, 2 ** 32])('%d is no page', (from) => {
  expect(() => copyOutStatement(table, { from, to: Infinity })).toThrow(TypeError);
});
