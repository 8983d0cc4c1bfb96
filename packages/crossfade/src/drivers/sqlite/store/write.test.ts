import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/harness/folders.ts';
import { sqliteStore, stranger } from '../../../../test/support/sqlite-store.ts';
import type { CrossfadeError } from '../../../core/errors.ts';
import type { Change } from '../../../store/contract.ts';
import type { SuiteSchema } from '../../../store/suite/schema.ts';
import { collections } from '../../../schema/collection.ts';
import { person } from '../../../store/suite/people.ts';

const email = (id: string, value: string | null): Change<SuiteSchema> => ({
  kind: 'patch',
  collection: 'people',
  key: [id],
  set: { email: value },
});

async function three() {
  const made = await sqliteStore();
  await made.store.write(
    ['a', 'b', 'c'].map((id) => ({ kind: 'insert', collection: 'people', row: person(id, { email: `${id}x` }) })),
  );
  const emails = async () => (await made.store.scan('people')).rows.map((row) => [row.id, row.email]);
  return { ...made, emails };
}

test('unique sets are judged by the end of a write: values may change places', async () => {
  const { store, emails } = await three();
  await store.write([email('a', 'bx'), email('b', 'cx'), email('c', 'ax')]);
  expect(await emails()).toEqual([
    ['a', 'bx'],
    ['b', 'cx'],
    ['c', 'ax'],
  ]);
  await store.write([
    { kind: 'insert', collection: 'people', row: person('d', { email: 'bx' }) },
    { kind: 'remove', collection: 'people', key: ['a'] },
    email('b', 'once'),
    email('b', 'dx'),
  ]);
  expect(await emails()).toEqual([
    ['b', 'dx'],
    ['c', 'ax'],
    ['d', 'bx'],
  ]);
});

test('equal values at the end of a write are refused, and nothing is left of it', async () => {
  const { store, emails } = await three();
  const before = await emails();
  for (const changes of [
    [email('a', 'bx'), email('b', 'bx')],
    [email('a', 'cx'), email('b', 'ax')],
    [email('a', 'same'), { kind: 'put', collection: 'people', row: person('z', { email: 'same' }) } as const],
  ])
    await expect(store.write(changes)).rejects.toMatchObject({ code: 'E_UNIQUE' });
  expect(await emails()).toEqual(before);
});

test('unique values that cannot be null change places too', async () => {
  const schema = collections({
    seats: {
      fields: { id: { type: 'integer' }, row: { type: 'text' }, at: { type: 'bigint' } },
      key: ['id'],
      unique: [['row', 'at']],
    },
  });
  const { store } = await sqliteStore({}, schema);
  const seat = (id: number, row: string, at: bigint) =>
    ({ kind: 'put', collection: 'seats', row: { id, row, at } }) as const;
  await store.write([seat(1, 'a', 1n), seat(2, 'a', 2n)]);
  await store.write([seat(1, 'a', 2n), seat(2, 'a', 1n)]);
  expect((await store.scan('seats', { by: ['row', 'at'] })).rows.map(({ id, at }) => [id, at])).toEqual([
    [2, 1n],
    [1, 2n],
  ]);
});

test('a call from within the function of an update waits for the end of it', async () => {
  const { store } = await three();
  let within: Promise<unknown> = Promise.resolve();
  await store.update('people', ['a'], (row) => {
    within = store.read('people', ['a']);
    return row && { ...row, age: 9 };
  });
  expect(await within).toMatchObject({ age: 9 });
});

test('an update that finds the file locked begins again with what the other has written', async () => {
  const { store, path } = await three();
  const db = stranger(path);
  db.exec(`BEGIN IMMEDIATE; UPDATE people SET age = 40 WHERE id = 'a'`);
  const updating = store.update('people', ['a'], (row) => row && { ...row, age: (row.age ?? 0) + 1 });
  db.exec('COMMIT');
  expect(await updating).toMatchObject({ age: 41 });
});

test('a page behind nulls, in both directions, goes through ranges of the index and sorts nothing', async () => {
  const { store, path } = await sqliteStore();
  const people = Array.from({ length: 60 }, (_, i) =>
    person(`p${String(i).padStart(2, '0')}`, { age: i % 3 === 0 ? null : i % 5, team: i % 7 === 0 ? null : 't' }),
  );
  await store.write(people.map((row) => ({ kind: 'insert', collection: 'people', row })));
  for (const by of [['age'], ['team', 'name']])
    for (const descending of [false, true]) {
      const all = (await store.scan('people', { by, descending, limit: 1_000 })).rows.map(({ id }) => id);
      const paged: string[] = [];
      let after = null;
      do {
        const page: Awaited<ReturnType<typeof store.scan<'people'>>> = await store.scan('people', {
          by,
          descending,
          limit: 7,
          ...(after && { after }),
        });
        paged.push(...page.rows.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      expect(paged).toEqual(all);
    }
  const plan = stranger(path)
    .prepare(
      'EXPLAIN QUERY PLAN SELECT id FROM people WHERE age IS NULL AND id COLLATE BINARY > ? ORDER BY age, id COLLATE BINARY LIMIT ?',
    )
    .all('p', 7);
  expect(plan.map(({ detail }) => detail).join('; ')).toMatch(
    /^SEARCH people USING (COVERING )?INDEX people by age \(age=\? AND id>\?\)$/,
  );
});

test('no message repeats a value that SQLite quotes', async () => {
  const { store, path } = await three();
  stranger(path).exec(
    `CREATE TRIGGER odd BEFORE INSERT ON words BEGIN SELECT RAISE(ABORT, 'secret of a trigger'); END`,
  );
  const refused: unknown = await store
    .write([{ kind: 'insert', collection: 'words', row: { word: 'secret', n: 1 } }])
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'E_RECORD_REFUSED' });
  expect(String(refused)).not.toContain('secret');
});

test('what the table demands beyond the schema refuses the record, by name and without the value', async () => {
  const path = join(tempFolder('store-'), 'store.db');
  const db = stranger(path);
  db.exec(`CREATE TABLE words (word TEXT PRIMARY KEY NOT NULL, n INTEGER NOT NULL,
    more TEXT NOT NULL DEFAULT 'x', CONSTRAINT small CHECK (n < 10));
    CREATE TRIGGER empty AFTER INSERT ON words WHEN new.n = 5 BEGIN UPDATE words SET more = NULL; END`);
  const schema = collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
  const { store, driver } = await sqliteStore({ path, tables: 'expect' }, schema);
  await driver.mirror.begin(1n);
  for (const [n, constraint] of [
    [7777, 'small'],
    [5, 'words.more'],
  ] as const) {
    const row = { word: 'secret', n };
    for (const call of [
      () => store.write([{ kind: 'put', collection: 'words', row }]),
      () => driver.mirror.apply(1n, [{ collection: 'words', key: ['secret'], row, version: 1n }]),
    ]) {
      const refused = (await call().catch((error: unknown) => error)) as CrossfadeError;
      expect(refused).toMatchObject({ code: 'E_RECORD_REFUSED', facts: { collection: 'words', constraint } });
      expect(refused.message).toContain(`"${constraint}"`);
      expect(refused.message).not.toMatch(/secret|7777/);
    }
  }
  expect((await store.scan('words')).rows).toEqual([]);
});

test('a removal that takes along what refers to it by RESTRICT is judged by its end, alone as well as with others', async () => {
  const path = join(tempFolder('store-'), 'store.db');
  const db = stranger(path);
  db.exec(`CREATE TABLE a (id TEXT PRIMARY KEY NOT NULL);
    CREATE TABLE c (id TEXT PRIMARY KEY NOT NULL, a TEXT NOT NULL REFERENCES a (id) ON DELETE CASCADE,
      b TEXT NOT NULL REFERENCES b (id) ON DELETE RESTRICT);
    CREATE TABLE b (id TEXT PRIMARY KEY NOT NULL, a TEXT NOT NULL REFERENCES a (id) ON DELETE CASCADE);
    INSERT INTO a VALUES ('x'), ('y'); INSERT INTO b VALUES ('x', 'x'), ('y', 'y'); INSERT INTO c VALUES ('x', 'x', 'x'), ('y', 'y', 'y')`);
  const text = { type: 'text' } as const;
  const ofA = { fields: ['a'], to: 'a', onRemove: 'remove' } as const;
  const schema = collections({
    a: { fields: { id: text }, key: ['id'] },
    b: { fields: { id: text, a: text }, key: ['id'], references: [ofA] },
    c: {
      fields: { id: text, a: text, b: text },
      key: ['id'],
      references: [ofA, { fields: ['b'], to: 'b', onRemove: 'refuse' }],
    },
  });
  const { store } = await sqliteStore({ path, tables: 'expect' }, schema);
  await store.write([{ kind: 'remove', collection: 'a', key: ['x'] }]);
  await store.write([
    { kind: 'remove', collection: 'a', key: ['y'] },
    { kind: 'put', collection: 'a', row: { id: 'z' } },
  ]);
  expect(db.prepare('SELECT (SELECT count(*) FROM b) + (SELECT count(*) FROM c) AS left').get()).toEqual({ left: 0 });
});
