import type { Value } from '../../schema/collection.ts';
import type { Condition, ScanQuery } from '../contract.ts';
import { refused, same, type Suite } from './check.ts';
import { idsOf, people, scansOf } from './scanned.ts';

const where = (field: string, is: Condition['is'], value: Value): Condition => ({ field, is, value });

const conditionsAndIds: readonly (readonly [readonly Condition[], readonly string[]])[] = [
  [[], ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
  [[where('id', '=', 'c')], ['c']],
  [[where('id', '>', 'c')], ['d', 'e', 'f', 'g']],
  [
    [where('id', '>=', 'c'), where('id', '<', 'f')],
    ['c', 'd', 'e'],
  ],
  [[where('age', '=', 30)], ['a', 'c']],
  [[where('age', '<=', 30)], ['a', 'c', 'e']],
  [[where('age', '=', null)], ['d', 'g']],
  [[where('age', '>', null)], []],
  [
    [where('team', '=', 'x'), where('age', '>=', 30)],
    ['a', 'c'],
  ],
  [[where('name', '=', "'; DROP TABLE people; --")], []],
  [[where('team', '=', 'X')], []],
];

const refusedScans = {
  'a limit of 0': { limit: 0 },
  'a limit of 1,001': { limit: 1_001 },
  'a limit of 1.5': { limit: 1.5 },
  'an order that is not declared': { by: ['name'] },
  'a condition on no field': { where: [where('nose', '=', 'x')] },
  'a condition of another type': { where: [where('age', '=', 'secret')] },
  'another comparison': { where: [{ field: 'age', is: '<>', value: 1 }] },
  'a place that is none': { after: ['a', 'b', 'c'] },
};

/** What a scan finds, and what it refuses to look for. */
export function conditionCases(suite: Suite): void {
  const scans = scansOf(suite);
  for (const [conditions, ids] of conditionsAndIds) {
    scans(
      `where ${conditions.map(({ field, is, value }) => `${field} ${is} ${JSON.stringify(value)}`).join(' and ') || 'nothing is asked'}`,
      async (store) => {
        await people(store);
        same(await idsOf(store, { where: conditions, limit: 2 }), ids);
      },
    );
  }
  for (const [what, query] of Object.entries(refusedScans)) {
    scans(`${what} is refused`, async (store) =>
      refused('E_SCAN_INVALID', store.scan('people', query as ScanQuery), ['secret']),
    );
  }
}
