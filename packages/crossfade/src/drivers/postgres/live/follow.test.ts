import { expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/harness/postgres.ts';
import { node, nodes } from '../../../../test/support/nodes.ts';
import { postgresStore } from '../../../../test/support/postgres-store.ts';
import { collections } from '../../../schema/collection.ts';

const mirrored = (id: string, version: bigint, row: ReturnType<typeof node> | null) => ({
  collection: 'nodes',
  key: [id],
  row,
  version,
});

/** Tables that a person has made, whose constraints count at once, with a chain of three. */
async function immediate() {
  const database = await freshDatabase();
  await database.query(`CREATE TABLE nodes (id text COLLATE "C" PRIMARY KEY, tag text NOT NULL UNIQUE,
    parent text REFERENCES nodes ON DELETE CASCADE);
    CREATE TABLE strangers (node text REFERENCES nodes ON DELETE SET NULL)`);
  const { store, driver } = await postgresStore({ target: database, schema: 'public' }, nodes);
  for (const row of [node('a', null, 'x'), node('b', 'a', 'y'), node('d', 'b', 'z')])
    await store.write([{ kind: 'insert', collection: 'nodes', row }]);
  await database.query(`INSERT INTO strangers VALUES ('b')`);
  await driver.mirror.begin(1n);
  const held = async (): Promise<unknown[]> => [
    ...(await store.scan('nodes')).rows.map(({ id, parent, tag }) => [id, parent, tag]),
    (await database.query('SELECT node FROM strangers')).rows[0].node,
  ];
  return { driver, held, database };
}

test('what a removed record had stays where it is parted from it, also for tables that the schema does not know', async () => {
  const { driver, held } = await immediate();
  await driver.bulk.load(1n, 'nodes', { after: null, upTo: ['c'] }, [node('b', null, 'y')]);
  expect(await held()).toEqual([['b', null, 'y'], ['d', 'b', 'z'], 'b']);
  await driver.mirror.apply(1n, [mirrored('b', 1n, null), mirrored('d', 2n, node('d', null, 'z'))]);
  expect(await held()).toEqual([['d', null, 'z'], null]);
});

test('a removal frees a unique value that counts at once', async () => {
  const { driver, held } = await immediate();
  await driver.mirror.apply(1n, [mirrored('d', 1n, null), mirrored('e', 2n, node('e', 'b', 'z'))]);
  expect(await held()).toEqual([['a', null, 'x'], ['b', 'a', 'y'], ['e', 'b', 'z'], 'b']);
  await driver.bulk.load(1n, 'nodes', { after: ['b'], upTo: null }, [node('f', 'a', 'z')]);
  expect(await held()).toEqual([['a', null, 'x'], ['b', 'a', 'y'], ['f', 'a', 'z'], 'b']);
});

test('where that would take along a record that is to stay, the load or the mirrored call is refused', async () => {
  const { driver, held } = await immediate();
  const before = await held();
  const refused = { code: 'E_UNIQUE' };
  const moved = node('b', null, 'x');
  await expect(driver.bulk.load(1n, 'nodes', { after: null, upTo: ['c'] }, [moved])).rejects.toMatchObject(refused);
  await expect(driver.mirror.apply(1n, [mirrored('a', 1n, null), mirrored('b', 2n, moved)])).rejects.toMatchObject(
    refused,
  );
  expect(await held()).toEqual(before);
});

test('a kept record that a removal would take along or change refuses the load', async () => {
  const { driver, held, database } = await immediate();
  await database.query('ALTER TABLE nodes ADD COLUMN near text REFERENCES nodes ON DELETE SET NULL');
  await database.query("UPDATE nodes SET near = 'd' WHERE id = 'a'");
  const before = await held();
  const everything = { after: null, upTo: null };
  for (const keep of [
    [['b'], ['d']],
    [['a'], ['b']],
  ])
    await expect(driver.bulk.load(1n, 'nodes', everything, [], keep)).rejects.toMatchObject({ code: 'E_REFERENCE' });
  await expect(driver.bulk.load(1n, 'nodes', everything, [node('e', null, 'x')], [['b'], ['d']])).rejects.toMatchObject(
    { code: 'E_UNIQUE' },
  );
  expect(await held()).toEqual(before);
  expect((await database.query('SELECT near FROM nodes ORDER BY id')).rows[0].near).toBe('d');
});

test('records are mirrored in the order of the caller, also behind one that comes twice', async () => {
  const database = await freshDatabase();
  await database.query(`CREATE TABLE people (id text COLLATE "C" PRIMARY KEY);
    CREATE TABLE visits (id text COLLATE "C" PRIMARY KEY, person text NOT NULL REFERENCES people)`);
  const id = { type: 'text' } as const;
  const both = collections({
    people: { fields: { id }, key: ['id'] },
    visits: {
      fields: { id, person: id },
      key: ['id'],
      references: [{ fields: ['person'], to: 'people', onRemove: 'refuse' }],
    },
  });
  const { store, driver } = await postgresStore({ target: database, schema: 'public' }, both);
  await driver.mirror.begin(1n);
  const visit = { collection: 'visits', key: ['v'], row: { id: 'v', person: 'p' }, version: 1n };
  const records = [
    { collection: 'people', key: ['p'], row: null, version: 1n },
    { collection: 'people', key: ['p'], row: { id: 'p' }, version: 2n },
    visit,
    visit,
  ];
  expect(await driver.mirror.apply(1n, records)).toBe(3);
  expect(await store.read('visits', ['v'])).toEqual({ id: 'v', person: 'p' });
});
