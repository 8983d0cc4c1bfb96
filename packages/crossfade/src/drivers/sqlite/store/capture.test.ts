import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { sqliteStore, stranger, strangerProcess } from '../../../../test/support/sqlite-store.ts';
import { collections } from '../../../schema/collection.ts';
import { person } from '../../../store/suite/people.ts';
import type { Capture } from '../../../store/live/capture.ts';

/** The keys in the journal, which is emptied. */
async function taken(capture: Capture): Promise<unknown[]> {
  const entries = await capture.entries(1_000);
  await capture.clear(entries);
  return entries.map(({ collection, key }) => [collection, ...(key ?? [null])]);
}

async function captured(): Promise<{ capture: Capture; db: DatabaseSync; path: string }> {
  const { driver, path } = await sqliteStore();
  await driver.capture.install();
  const db = stranger(path);
  db.exec(`INSERT INTO people (id, name, email) VALUES ('a', 'A', 'ax'), ('b', 'B', 'bx'), ('c', 'C', NULL);
    INSERT INTO visits VALUES ('a', 1, NULL), ('b', 1, NULL)`);
  await taken(driver.capture);
  return { capture: driver.capture, db, path };
}

/** What a program that knows nothing of Crossfade writes, and the keys that have to be in the journal after it. */
const writes: Readonly<Record<string, readonly [sql: string, keys: readonly (readonly unknown[])[]]>> = {
  insert: [`INSERT INTO people (id, name) VALUES ('d', '')`, [['people', 'd']]],
  'a write twice is one entry': [
    `UPDATE people SET age = 1 WHERE id = 'a'; UPDATE people SET age = 2 WHERE id = 'a'`,
    [['people', 'a']],
  ],
  'an update of many': [
    `UPDATE people SET age = 1`,
    [
      ['people', 'a'],
      ['people', 'b'],
      ['people', 'c'],
    ],
  ],
  'a change of the key': [
    `UPDATE people SET id = 'z' WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['people', 'z'],
    ],
  ],
  'a change of one field of the key': [
    `UPDATE visits SET number = 9 WHERE person = 'b'`,
    [
      ['visits', 'b', 1],
      ['visits', 'b', 9],
    ],
  ],
  'DELETE without WHERE': [
    `DELETE FROM visits`,
    [
      ['visits', 'a', 1],
      ['visits', 'b', 1],
    ],
  ],
  'INSERT OR REPLACE of a key': [`INSERT OR REPLACE INTO people (id, name) VALUES ('a', '')`, [['people', 'a']]],
  'INSERT OR REPLACE that meets a unique value': [
    `INSERT OR REPLACE INTO people (id, name, email) VALUES ('d', '', 'ax')`,
    [
      ['people', 'a'],
      ['people', 'd'],
    ],
  ],
  'REPLACE that meets a key and a unique value': [
    `REPLACE INTO people (id, name, email) VALUES ('c', '', 'bx')`,
    [
      ['people', 'b'],
      ['people', 'c'],
    ],
  ],
  'UPDATE OR REPLACE that meets a unique value': [
    `UPDATE OR REPLACE people SET email = 'bx' WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['people', 'b'],
    ],
  ],
  'UPDATE OR REPLACE that meets a key': [
    `UPDATE OR REPLACE people SET id = 'b' WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['people', 'b'],
    ],
  ],
  'INSERT OR REPLACE of a rowid': [
    `INSERT OR REPLACE INTO people (rowid, id, name) SELECT rowid, 'd', '' FROM people WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['people', 'd'],
    ],
  ],
  'what an upsert meets': [
    `INSERT INTO people (id, name, email) VALUES ('d', 'D', 'ax') ON CONFLICT (email) DO UPDATE SET name = 'D'`,
    [['people', 'a']],
  ],
  'a cascade': [
    `PRAGMA foreign_keys = ON; DELETE FROM people WHERE id = 'a'`,
    [
      ['people', 'a'],
      ['visits', 'a', 1],
    ],
  ],
  'a cascade of REPLACE': [
    `PRAGMA foreign_keys = ON; INSERT OR REPLACE INTO people (id, name, email) VALUES ('d', '', 'ax')`,
    [
      ['people', 'a'],
      ['people', 'd'],
      ['visits', 'a', 1],
    ],
  ],
  'what was rolled back is not there': [`BEGIN; DELETE FROM people; ROLLBACK`, []],
  'keys of every type': [
    `INSERT INTO badges VALUES (9007199254740993, NULL); INSERT INTO moments VALUES ('2026-01-01T00:00:00.000000Z', '2026-01-01', 1);
     INSERT INTO words VALUES ('''"\\ü' || char(128512) || char(65533), 1)`,
    [
      ['badges', 9007199254740993n],
      ['moments', '2026-01-01T00:00:00.000000Z', '2026-01-01', true],
      ['words', `'"\\ü😀\ufffd`],
    ],
  ],
  'keys that the schema does not hold are not hidden': [
    `INSERT INTO moments VALUES ('noon', '2026-01-01', 1), ('2026-01-01T00:00:00.000000Z', '2026-01-01', 2); INSERT INTO words VALUES (CAST(x'ff' AS TEXT), 1)`,
    [
      ['moments', null],
      ['moments', null],
      ['words', null],
    ],
  ],
};

for (const [what, [sql, keys]] of Object.entries(writes)) {
  test(`captured from another connection: ${what}`, async () => {
    const { capture, db } = await captured();
    db.exec(sql);
    expect(new Set(await taken(capture))).toEqual(new Set(keys));
    expect(await taken(capture)).toEqual([]);
  });
}

test('captured from another process', async () => {
  const { capture, path } = await captured();
  expect(strangerProcess(path, `INSERT OR REPLACE INTO people (id, name, email) VALUES ('d', '', 'ax')`)).toBe('');
  expect(new Set(await taken(capture))).toEqual(
    new Set([
      ['people', 'a'],
      ['people', 'd'],
    ]),
  );
});

test('a write of the store is captured in its own transaction, a refused one is not', async () => {
  const { store, driver } = await sqliteStore();
  await driver.capture.install();
  await store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
  await expect(
    store.write([
      { kind: 'put', collection: 'people', row: person('b') },
      { kind: 'patch', collection: 'people', key: ['none'], set: {} },
    ]),
  ).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  expect(await taken(driver.capture)).toEqual([['people', 'a']]);
});

test('an entry that was written again after it was seen is not cleared, also when somebody else has cleared it before', async () => {
  const { capture, db } = await captured();
  db.exec(`UPDATE people SET age = 1 WHERE id = 'a'`);
  const seen = await capture.entries(10);
  db.exec(`UPDATE people SET age = 2 WHERE id = 'a'`);
  await capture.clear(seen);
  const again = await capture.entries(10);
  expect(again.map(({ key }) => key)).toEqual([['a']]);
  expect(again[0].counter).toBeGreaterThan(seen[0].counter);
  await capture.clear(again);
  db.exec(`UPDATE people SET age = 3 WHERE id = 'a'`);
  await capture.clear([...seen, ...again]);
  expect(await taken(capture)).toEqual([['people', 'a']]);
});

test('entries come in the order of their writes, as many as were asked for', async () => {
  const { capture, db } = await captured();
  for (const word of ['x', 'y', 'z', 'x']) db.exec(`INSERT OR REPLACE INTO words VALUES ('${word}', 1)`);
  expect((await capture.entries(2)).map(({ key }) => key)).toEqual([['y'], ['z']]);
  expect(await capture.entries(10)).toHaveLength(3);
});

test('what is installed stands, until it is removed; both may be done twice', async () => {
  const { driver, path } = await sqliteStore();
  expect(await driver.capture.stands()).toMatchObject({ stands: false });
  for (let i = 0; i < 2; i++) await driver.capture.install();
  expect(await driver.capture.stands()).toEqual({ stands: true, unarmed: [], isSchemaChanged: false });
  for (let i = 0; i < 2; i++) await driver.capture.remove();
  expect(await driver.capture.stands()).toMatchObject({ stands: false });
  expect(await driver.capture.entries(1)).toEqual([]);
  expect(stranger(path).prepare(`SELECT name FROM sqlite_schema WHERE name LIKE 'crossfade%'`).all()).toEqual([]);
});

test('a table that was rebuilt is noticed, and install does not hide it', async () => {
  const { driver, path } = await sqliteStore();
  await driver.capture.install();
  stranger(path).exec(`ALTER TABLE words RENAME TO old; CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER);
    INSERT INTO words SELECT * FROM old; DROP TABLE old`);
  expect(await driver.capture.stands()).toEqual({ stands: false, unarmed: ['words'], isSchemaChanged: true });
  await expect(driver.capture.install()).rejects.toMatchObject({ code: 'E_STORE_DAMAGED' });
  await driver.capture.remove();
  await driver.capture.install();
  expect(await driver.capture.stands()).toMatchObject({ stands: true });
});

test('triggers that were away and are back are noticed all the same', async () => {
  const { driver, path } = await sqliteStore();
  await driver.capture.install();
  const db = stranger(path);
  const { name, sql } = db
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'words' LIMIT 1`)
    .get() as { name: string; sql: string };
  db.exec(`DROP TRIGGER "${name}"; INSERT INTO words VALUES ('unseen', 1)`);
  db.exec(sql);
  expect(await driver.capture.stands()).toEqual({ stands: false, unarmed: [], isSchemaChanged: true });
});

test('tables that the store makes later do not count as a change', async () => {
  const fields = { id: { type: 'integer' } } as const;
  const one = await sqliteStore({}, collections({ one: { fields, key: ['id'] } }));
  await one.driver.capture.install();
  const both = collections({ one: { fields, key: ['id'] }, two: { fields, key: ['id'] } });
  const { driver, store } = await sqliteStore({ path: one.path }, both);
  expect(await one.driver.capture.stands()).toMatchObject({ stands: true });
  expect(await driver.capture.stands()).toEqual({ stands: false, unarmed: ['two'], isSchemaChanged: false });
  await driver.capture.install();
  await store.write([{ kind: 'insert', collection: 'two', row: { id: 1 } }]);
  expect(await one.driver.capture.stands()).toMatchObject({ stands: true });
  expect(await taken(driver.capture)).toEqual([['two', 1]]);
});

test('victims of partial indexes, of expressions, of collations and of the primary key are captured', async () => {
  const { driver, path } =
    await tableOf(`CREATE TABLE t (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mail TEXT, nick TEXT COLLATE NOCASE UNIQUE, tag TEXT, isOn INTEGER);
    CREATE UNIQUE INDEX t_mail ON t (lower(mail)); CREATE UNIQUE INDEX t_tag ON t (tag) WHERE isOn = 1`);
  const db = stranger(path);
  const rows = (values: string): void =>
    db.exec(`INSERT OR REPLACE INTO t (n, id, mail, nick, tag, isOn) VALUES ${values}`);
  rows(`(1, 'a', 'M', 'Nick', 'tag', 1), (2, 'b', 'other', NULL, 'tag', 0)`);
  await taken(driver.capture);
  for (const [values, victim] of [
    [`(3, 'c', 'm', NULL, NULL, 0)`, 'a'],
    [`(3, 'd', NULL, 'x', 'tag', 1)`, 'c'],
    [`(4, 'e', NULL, 'X', NULL, 1)`, 'd'],
  ]) {
    rows(values);
    expect(await taken(driver.capture)).toContainEqual(['t', victim]);
  }
  rows(`(5, 'f', NULL, NULL, 'tag', 1)`);
  rows(`(6, 'g', NULL, NULL, 'tag', 1)`);
  expect((await taken(driver.capture)).sort()).toEqual([
    ['t', 'f'],
    ['t', 'g'],
  ]);
  expect(
    db
      .prepare('SELECT id FROM t ORDER BY n')
      .all()
      .map(({ id }) => id),
  ).toEqual(['b', 'e', 'g']);
});

test('a change of case in a key of NOCASE journals both spellings', async () => {
  const { driver, path } = await tableOf(
    `CREATE TABLE t (id TEXT COLLATE NOCASE NOT NULL); CREATE UNIQUE INDEX t_id ON t (id COLLATE BINARY)`,
  );
  const db = stranger(path);
  db.exec(`INSERT INTO t VALUES ('a')`);
  await taken(driver.capture);
  db.exec(`UPDATE t SET id = 'A'`);
  expect((await taken(driver.capture)).sort()).toEqual([
    ['t', 'A'],
    ['t', 'a'],
  ]);
});

/** A table that somebody else has made, with capture. */
async function tableOf(sql: string): ReturnType<typeof sqliteStore> {
  const { path, store } = await sqliteStore({}, collections({ x: { fields: { id: { type: 'text' } }, key: ['id'] } }));
  await store.close();
  stranger(path).exec(sql);
  const made = await sqliteStore(
    { path, tables: 'expect' },
    collections({ t: { fields: { id: { type: 'text' } }, key: ['id'] } }) as never,
  );
  await made.driver.capture.install();
  return made;
}
