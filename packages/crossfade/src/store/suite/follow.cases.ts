import { refused, same, type Suite } from './check.ts';
import { everything } from './bulk.cases.ts';
import { liveCasesOf, loadCasesOf } from './live.ts';
import { insert, person } from './people.ts';
import type { Store } from '../contract.ts';
import type { SuiteSchema } from './schema.ts';

type Tree = Readonly<Record<string, string | null>>;

const node = (id: string, parent: string | null = null) => ({ id, parent });
const chain: Tree = { a: null, b: 'a', c: 'b' };

async function planted(store: Store<SuiteSchema>): Promise<void> {
  for (const [id, parent] of Object.entries(chain))
    await store.write([{ kind: 'insert', collection: 'nodes', row: node(id, parent) }]);
}

async function holds(store: Store<SuiteSchema>, tree: Tree): Promise<void> {
  for (const id of ['a', 'b', 'c', 'd']) same(await store.read('nodes', [id]), id in tree ? node(id, tree[id]) : null);
}

/** What a load or a mirrored call takes away is what its end leaves without a record to refer to, and nothing more. */
export function followCases(suite: Suite): void {
  loadCases(suite);
  mirrorCases(suite);
}

function loadCases(suite: Suite): void {
  const loads = loadCasesOf(suite);
  loads('a record that a load parts from a removed one stays, with what refers to it', async (bulk, store) => {
    if (!store.supports.constraints) return;
    await planted(store);
    const range = { after: null, upTo: ['b'] };
    same(await bulk.load(1n, 'nodes', range, [node('b')]), { written: 1, removed: 1 });
    await holds(store, { b: null, c: 'b' });
  });
  loads(
    'a load never removes what it was given: a record that refers to a removed one refuses it',
    async (bulk, store) => {
      if (!store.supports.constraints) return;
      await planted(store);
      for (const rows of [[node('b', 'a')], [node('b'), node('d', 'a')]])
        await refused('E_REFERENCE', bulk.load(1n, 'nodes', everything, rows));
      await holds(store, chain);
    },
  );
  loads(
    'a load never removes what is kept: a kept record that refers to a removed one refuses it',
    async (bulk, store) => {
      if (!store.supports.constraints) return;
      await planted(store);
      for (const kept of ['b', 'c'])
        await refused('E_REFERENCE', bulk.load(1n, 'nodes', everything, [node('d')], [[kept]]));
      await holds(store, chain);
      same(await bulk.load(1n, 'nodes', everything, [node('d')], [['a'], ['b'], ['none']]), { written: 1, removed: 1 });
      await holds(store, { a: null, b: 'a', d: null });
    },
  );
  loads('records of a load may refer to later ones, and to themselves', async (bulk) => {
    const rows = [node('a', 'c'), node('b', 'b'), node('c')];
    same(await bulk.load(1n, 'nodes', everything, rows), { written: 3, removed: 0 });
    same(await bulk.range('nodes', everything, 10), rows);
  });
}

function mirrorCases(suite: Suite): void {
  const mirrors = liveCasesOf(suite, 'mirror');
  const given = (id: string, version: bigint, row: ReturnType<typeof node> | null) => ({
    collection: 'nodes',
    key: [id],
    row,
    version,
  });
  mirrors(
    'a record that is parted from a removed one in the same call stays, with what refers to it',
    async (mirror, store) => {
      if (!store.supports.constraints) return;
      await planted(store);
      await mirror.begin(1n);
      same(await mirror.apply(1n, [given('a', 1n, null), given('b', 2n, node('b'))]), 2);
      await holds(store, { b: null, c: 'b' });
    },
  );
  mirrors(
    'no call removes what it was given: a record that refers to a removed one refuses it',
    async (mirror, store) => {
      if (!store.supports.constraints) return;
      await planted(store);
      await mirror.begin(1n);
      await refused('E_REFERENCE', mirror.apply(1n, [given('b', 1n, node('b', 'a')), given('a', 2n, null)]));
      await refused('E_REFERENCE', mirror.apply(1n, [given('a', 1n, null), given('d', 2n, node('d', 'a'))]));
      await holds(store, chain);
    },
  );
  mirrors('a record that comes twice in a call may be referred to by a later one', async (mirror, store) => {
    await mirror.begin(1n);
    const visit = { collection: 'visits', key: ['a', 1], row: { person: 'a', number: 1, note: null }, version: 1n };
    const of = { collection: 'people', key: ['a'] };
    const records = [{ ...of, row: null, version: 1n }, { ...of, row: person('a'), version: 2n }, visit];
    same(await mirror.apply(1n, records), 3);
    same(await store.read('people', ['a']), person('a'));
    same(await store.read('visits', ['a', 1]), visit.row);
  });
  mirrors('a unique value passes from a removed record to another one', async (mirror, store) => {
    if (!store.supports.constraints) return;
    await store.write([insert(person('a', { email: 'x' }))]);
    await mirror.begin(1n);
    const people = (id: string, version: bigint, row: ReturnType<typeof person> | null) => ({
      ...given(id, version, null),
      collection: 'people',
      row,
    });
    same(await mirror.apply(1n, [people('a', 1n, null), people('b', 2n, person('b', { email: 'x' }))]), 2);
    same(await store.read('people', ['a']), null);
    same(await store.read('people', ['b']), person('b', { email: 'x' }));
  });
}
