import type { Cursor, Page, ScanQuery, Store } from '../contract.ts';
import { refused, type Suite } from './check.ts';
import { person } from './people.ts';
import type { SuiteSchema } from './schema.ts';

/** Cases of a store that scans in order; another one has to say so. */
export function scansOf({ it }: Suite): (name: string, run: (store: Store<SuiteSchema>) => Promise<void>) => void {
  return (name, run) =>
    it(name, async (store) =>
      store.supports.orderedScan ? run(store) : refused('E_UNSUPPORTED', store.scan('people')),
    );
}

/** Seven people, written in another order than that of their keys. */
export async function people(store: Store<SuiteSchema>): Promise<void> {
  const rows = [
    person('a', { age: 30, team: 'x', email: 'a@b' }),
    person('b', { age: 40, team: 'y', email: 'b@b' }),
    person('c', { age: 30, team: 'x' }),
    person('d'),
    person('e', { age: -1, team: 'y' }),
    person('f', { age: 2_147_483_647, team: 'z' }),
    person('g', { team: 'x', name: 'zz' }),
  ];
  for (const row of rows.toReversed()) await store.write([{ kind: 'insert', collection: 'people', row }]);
}

/** The ids of all pages of a scan, in their order. */
export async function idsOf(store: Store<SuiteSchema>, query: ScanQuery): Promise<string[]> {
  const ids: string[] = [];
  let after: Cursor | null = null;
  do {
    const page: Page<{ readonly id: string }> = await store.scan('people', {
      ...query,
      ...(after === null ? {} : { after }),
    });
    ids.push(...page.rows.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids;
}
