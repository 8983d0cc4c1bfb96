import { expect, onTestFinished, test } from 'vitest';
import { filesDriver } from '../../src/drivers/files/files.ts';
import { collections, type Key, type Row } from '../../src/schema/collection.ts';
import { identity } from '../../src/schema/mapping/declare.ts';
import { type BulkLeg, copyRange } from '../../src/sync/copy-range.ts';
import { Drain } from '../../src/sync/drain.ts';
import { sync } from '../../src/sync/sync.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { stamps } from '../support/stamps.ts';
import { filesPlace } from '../support/files-place.ts';
import { postgresStore, stranger as postgresStranger } from '../support/postgres-store.ts';
import { sqliteStore, stranger } from '../support/sqlite-store.ts';

const schema = collections({
  people: { fields: { id: { type: 'text' }, age: { type: 'integer' } }, key: ['id'] },
});
const mapping = identity(schema);
const [family] = mapping.families;

const database = databaseOfFile();

const stamp = stamps();

/** A file of SQLite that leads, and a table of PostgreSQL that demands more than the schema says. */
async function pair(name: string) {
  const { driver: leader, path } = await sqliteStore({}, schema);
  const { driver: follower } = await postgresStore({ target: database(), schema: name }, schema);
  const plain = await postgresStranger(database(), name);
  await plain.query('ALTER TABLE people ADD CONSTRAINT grown CHECK (age >= 0)');
  await leader.capture.install();
  await follower.mirror.begin(1n);
  const leg: BulkLeg = { mapping, from: 'source', leader, follower, epoch: 1n, stamp };
  const followed = async (): Promise<unknown[]> =>
    (await plain.query<Row>('SELECT id FROM people ORDER BY id COLLATE "C"')).rows.map(({ id }) => id);
  return { leg, db: stranger(path), plain, followed };
}

/** Thirty people, of which p07 is beneath the CHECK and p11 has an age beyond an integer. */
const thirty = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
  INSERT INTO people SELECT printf('p%02d', i), CASE i WHEN 7 THEN -7777 WHEN 11 THEN 77770000000 ELSE i END FROM n`;
const mend = `UPDATE people SET age = 7 WHERE id = 'p07'; UPDATE people SET age = 11 WHERE id = 'p11'`;
const ids = Array.from({ length: 30 }, (_, i) => `p${String(i).padStart(2, '0')}`);
const healthy = ids.filter((id) => !['p07', 'p11'].includes(id));
const quarantined = [
  { unit: { family: 'people', key: ['p07'] }, code: 'E_RECORD_REFUSED', reason: 'refused' },
  { unit: { family: 'people', key: ['p11'] }, code: 'E_RECORD_DAMAGED', reason: 'damaged' },
];

/** In the order of their keys; none of them tells a value. */
function listed(refused: readonly { readonly unit: { readonly key: Key }; readonly facts: object }[]) {
  for (const { facts } of refused) for (const value of Object.values(facts)) expect(String(value)).not.toMatch(/7777/);
  return refused.toSorted((a, b) => (String(a.unit.key) < String(b.unit.key) ? -1 : 1));
}

test('a drain quarantines what cannot be read or held, brings all others, and lets it go when it is mended', async () => {
  const { leg, db, followed } = await pair('drained');
  db.exec(thirty);
  const drain = new Drain(leg, { limit: 8 });
  let last = await drain.round();
  while (last.cleared > 0 || last.isMore) last = await drain.round();
  expect(await followed()).toEqual(healthy);
  expect(last).toMatchObject({ waiting: 2, isMore: false, isDrained: false });
  expect(listed(last.refused)).toMatchObject(quarantined);
  expect(last.refused.find(({ unit }) => unit.key[0] === 'p07')?.facts).toMatchObject({
    collection: 'people',
    constraint: 'grown',
    sqlstate: '23514',
  });
  expect(await leg.leader.capture.entries(9)).toHaveLength(2);
  db.exec(mend);
  last = await drain.round();
  while (!last.isDrained && last.cleared > 0) last = await drain.round();
  expect(last).toMatchObject({ refused: [], waiting: 0, isDrained: true });
  expect(await followed()).toEqual(ids);
});

test('a constraint that is dropped at the follower lets the record arrive without another write of it', async () => {
  const { leg, db, plain, followed } = await pair('dropped');
  db.exec("INSERT INTO people VALUES ('a', -1), ('b', 1)");
  const drain = new Drain(leg);
  expect(await drain.round()).toMatchObject({ cleared: 1, waiting: 1, isDrained: false });
  await plain.query('ALTER TABLE people DROP CONSTRAINT grown');
  expect(await drain.round()).toMatchObject({ cleared: 1, refused: [], isDrained: true });
  expect(await followed()).toEqual(['a', 'b']);
});

test.each([1, 4, 100])(
  'a copy in ranges of %i quarantines the same, and keeps what the follower held of it',
  async (limit) => {
    const { leg, db, plain, followed } = await pair(`copied_${limit}`);
    await plain.query("INSERT INTO people VALUES ('p11', 1), ('p12x', 1)");
    await leg.leader.capture.remove();
    db.exec(thirty);
    const refused = [];
    let after: Key | null = null;
    do {
      const copied = await copyRange(leg, family, after, { limit, removalsMax: 1 });
      expect(copied.unnamed).toEqual([]);
      refused.push(...copied.refused);
      after = copied.next;
    } while (after !== null);
    expect(listed(refused)).toMatchObject(quarantined);
    expect(await followed()).toEqual([...healthy, 'p11'].sort());
    await plain.query('ALTER TABLE people DROP CONSTRAINT grown');
    const units = refused.map(({ unit }) => unit);
    expect((await sync(leg, units, { removalsMax: 0 })).refused).toMatchObject([{ reason: 'damaged' }]);
    expect(await followed()).toContain('p07');
  },
);

test('a document that is damaged at the leader is read by its key, and keeps a copy from removing anything', async () => {
  const { dir, plant } = filesPlace();
  for (const id of ['a', 'b', 'c']) plant(`people/${id}.json`, `{"id":"${id}","age":1}`);
  plant('people/b.json', '{"id":"b","age":');
  const leader = filesDriver({ dir });
  onTestFinished(() => leader.close());
  await leader.open(schema);
  const { driver: follower } = await postgresStore({ target: database(), schema: 'documents' }, schema);
  await follower.mirror.begin(1n);
  const leg: BulkLeg = { mapping, from: 'source', leader, follower, epoch: 1n, stamp };
  const held = ['b', 'x'].map((id) => ({ kind: 'put' as const, collection: 'people', key: [id], row: { id, age: 9 } }));
  await follower.write(held);
  const units = ['a', 'b', 'c'].map((id) => ({ family: 'people', key: [id] }));
  expect(await sync(leg, units, { removalsMax: 0 })).toMatchObject({
    written: 2,
    held: 2,
    refused: [{ unit: units[1] }],
  });
  const copied = await copyRange(leg, family, null, { limit: 10, removalsMax: 9 });
  expect(copied).toMatchObject({ refused: [], unnamed: [{ collection: 'people', files: ['b.json'] }], next: null });
  expect(await follower.bulk.range('people', { after: null, upTo: null }, 9)).toMatchObject([
    { id: 'a', age: 1 },
    { id: 'b', age: 9 },
    { id: 'c', age: 1 },
    { id: 'x', age: 9 },
  ]);
  await leader.close();
  plant('people/b.json', '{"id":"b","age":2}');
  await leader.open(schema);
  expect(await copyRange(leg, family, null, { limit: 10, removalsMax: 9 })).toMatchObject({ refused: [], unnamed: [] });
  expect(await follower.bulk.range('people', { after: null, upTo: null }, 9)).toMatchObject([
    { id: 'a' },
    { id: 'b', age: 2 },
    { id: 'c' },
  ]);
});

test('a document that is damaged at the follower is removed neither by a copy nor by a unit that it may belong to', async () => {
  const { dir, plant, list } = filesPlace();
  plant('people/lost.json', '{"id":"lost","age":');
  plant('people/x.json', '{"id":"x","age":9}');
  const follower = filesDriver({ dir });
  onTestFinished(() => follower.close());
  await follower.open(schema);
  await follower.mirror.begin(1n);
  const { driver: leader, store } = await sqliteStore({}, schema);
  await store.write([{ kind: 'put', collection: 'people', row: { id: 'a', age: 1 } }]);
  const leg: BulkLeg = { mapping, from: 'source', leader, follower, epoch: 1n, stamp };
  const before = list('people');
  await expect(copyRange(leg, family, null, { limit: 10, removalsMax: 9 })).rejects.toMatchObject({
    code: 'E_RECORD_DAMAGED',
    facts: { files: ['lost.json'] },
  });
  const parts = [{ collection: 'people', by: ['age'], rows: [{ id: 'y', age: 9 }] }];
  await expect(follower.mirror.apply(1n, [{ unit: 'ages', key: [9], parts, version: stamp() }])).rejects.toMatchObject({
    code: 'E_RECORD_DAMAGED',
    facts: { files: ['lost.json'] },
  });
  expect(list('people')).toEqual(before);
});
