import { expect, test } from 'vitest';
import { CrossfadeError } from '../../src/core/errors.ts';
import type { Report, TableReport } from '../../src/move/report.ts';
import { acceptable, lineOf, totals } from './line.ts';

const table: TableReport = {
  source: 't',
  target: 't',
  rows: 3,
  loaded: 3,
  rejected: 0,
  altered: 0,
  verified: 3,
  columns: [],
};
const report: Report = {
  verdict: 'equal',
  exitCode: 0,
  source: 's',
  target: 't',
  schema: 'public',
  rows: 3,
  bytes: 9,
  tables: [table],
  notMoved: [],
  warnings: [],
  seconds: { profile: 0, create: 0, load: 0, index: 0, verify: 0, total: 0 },
  constraints: { created: 0, notCreated: [] },
  badValues: [],
  differences: [],
  quarantineFile: null,
  error: null,
};
const bad = { table: 't', column: 'a', code: 'E_TEXT_NUL', count: 1, firstKey: 'rowid 1', fix: '' };
const ends = (came: Report | Error, published: number) => acceptable(lineOf('f', came, 1, published));

test('an exit 0 whose sums or tables do not add up is not accepted', () => {
  expect(ends(report, 1)).toBe(true);
  expect(ends(report, 0)).toBe(false);
  expect(ends({ ...report, tables: [{ ...table, verified: 2 }] }, 1)).toBe(false);
  expect(ends({ ...report, tables: [{ ...table, loaded: 2, verified: 2 }] }, 1)).toBe(false);
});

test('a stop is accepted only where it names a value and has published nothing', () => {
  const stopped: Report = { ...report, verdict: 'stopped', exitCode: 3, badValues: [bad] };
  expect(ends(stopped, 0)).toBe(true);
  expect(ends(stopped, 1)).toBe(false);
  expect(ends({ ...stopped, badValues: [] }, 0)).toBe(false);
});

test('an account of nothing is none', () => {
  const accounted: Report = { ...report, verdict: 'accounted', exitCode: 4, badValues: [bad] };
  expect(ends(accounted, 1)).toBe(false);
  expect(ends({ ...accounted, tables: [{ ...table, loaded: 2, rejected: 1, verified: 2 }] }, 1)).toBe(true);
});

test('a damaged file may be refused by name; any other failure counts', () => {
  expect(ends(new CrossfadeError('E_SOURCE_CORRUPT', 'damaged'), 0)).toBe(true);
  expect(ends(new CrossfadeError('E_TARGET_REFUSED', 'refused'), 0)).toBe(false);
  expect(ends(new TypeError('a defect'), 0)).toBe(false);
  expect(totals([lineOf('broken.db', new CrossfadeError('E_SOURCE_CORRUPT', 'damaged'), 1, 0)], 2)).toContain(
    'refused: broken.db',
  );
});
