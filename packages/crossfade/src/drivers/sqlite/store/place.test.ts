import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../../test/harness/folders.ts';
import { sqliteStore, stranger } from '../../../../test/support/sqlite-store.ts';
import { collections } from '../../../schema/collection.ts';
import { openStore } from '../../../store/store.ts';
import { suiteSchema } from '../../../store/suite/schema.ts';
import { sqliteDriver } from './driver.ts';

const word = (text: string, n = 1) => ({ kind: 'put', collection: 'words', row: { word: text, n } }) as const;

for (const name of [
  'with spaces.db',
  '#hash?query=1&mode=ro.db',
  'ünïcödé 😀.db',
  'quote\'"%41.db',
  'file:x.db',
  ':memory:',
]) {
  test(`a file called ${name} is that very file`, async () => {
    const path = join(tempFolder('store-'), name);
    const { store } = await sqliteStore({ path });
    await store.write([word('a')]);
    expect(existsSync(path)).toBe(true);
    expect(stranger(path).prepare('SELECT word FROM words').get()).toMatchObject({ word: 'a' });
  });
}

test('the settings that a record needs to survive', async () => {
  const { path, store } = await sqliteStore();
  const db = stranger(path);
  expect(db.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  expect(existsSync(`${path}-wal`)).toBe(true);
  await store.close();
  expect(store.supports).toMatchObject({ durable: 'machine', writers: 'many', capture: 'triggers', fence: 'triggers' });
});

/** Places that are no database, and what the refusal says. */
const places: Readonly<Record<string, (folder: string) => string>> = {
  'there is no such file': (folder) => join(folder, 'nothing.db'),
  'its folder does not exist': (folder) => join(folder, 'no', 'folder.db'),
  'it is not a file': (folder) => folder,
  'not a SQLite database': (folder) => {
    writeFileSync(
      join(folder, 'text.db'),
      'a text that is no database at all, and longer than a header of one is: '.repeat(20),
    );
    return join(folder, 'text.db');
  },
  'there is no table people': (folder) => {
    new DatabaseSync(join(folder, 'empty.db')).close();
    return join(folder, 'empty.db');
  },
  'not ordered by code points': (folder) => {
    const db = new DatabaseSync(join(folder, 'wide.db'));
    db.exec(`PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)`);
    db.close();
    return join(folder, 'wide.db');
  },
};
for (const [what, make] of Object.entries(places)) {
  test(`a place is refused, and nothing is made of it: ${what}`, async () => {
    const folder = tempFolder('place-');
    const path = make(folder);
    const before = readdirSync(folder);
    const store = openStore(suiteSchema, sqliteDriver({ path }));
    await expect(store.open()).rejects.toThrow(what);
    await expect(store.open()).rejects.toMatchObject({ code: expect.stringMatching(/^E_STORE_(FAILED|DAMAGED)$/) });
    expect(readdirSync(folder)).toEqual(before);
  });
}

test('a damaged file is told, by every verb that meets the damage', async () => {
  const { path, store } = await sqliteStore();
  await store.write(Array.from({ length: 500 }, (_, i) => word(`w${i}`.repeat(20), i)));
  await store.close();
  const bytes = readFileSync(path);
  // Behind the schema: the pages of the tables.
  bytes.fill(0xa5, bytes.length - 12 * 4096);
  writeFileSync(path, bytes);
  const again = openStore(suiteSchema, sqliteDriver({ path }));
  onTestFinished(() => again.close());
  await expect(again.scan('words', { limit: 1_000 })).rejects.toMatchObject({ code: 'E_STORE_DAMAGED' });
});

test('a folder or file that may not be written is refused when the store is opened', () => {
  const folder = tempFolder('readonly-');
  const path = join(folder, 'store.db');
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER)');
  db.close();
  const open = (mode: number, of: string): string => {
    chmodSync(of, mode);
    return asNobody(path);
  };
  expect(open(0o755, folder)).toMatch(/^E_STORE_FAILED .*writ/);
  expect(open(0o666, path)).toMatch(/^E_STORE_FAILED .*writable/);
  expect(open(0o777, folder)).toBe('opened');
});

/** Opens the store with the rights of nobody: root may write everywhere. */
function asNobody(path: string): string {
  const program = `
    process.setgid?.(65534); process.setuid?.(65534);
    const store = openStore(collections({ words: { fields: { word: { type: 'text' }, n: { type: 'integer', nullable: true } }, key: ['word'] } }), sqliteDriver({ path: process.argv[1] }));
    await store.open().then(() => console.log('opened'), (error) => console.log(error.code, error.message));
    await store.close();`;
  const index = new URL('../../../index.ts', import.meta.url).href;
  const isRoot = process.getuid?.() === 0;
  const source = `const { collections, openStore, sqliteDriver } = await import(${JSON.stringify(index)});${isRoot ? program : program.replace(/process\.set.*\n/, '\n')}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', source, path], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.trim();
}

test('a lock that does not go away is E_STORE_BUSY, one that does is waited for, and nothing else has to wait meanwhile', async () => {
  const { path, store } = await sqliteStore({ busyTimeoutMs: 300 });
  const patient = await sqliteStore({ path, busyTimeoutMs: 60_000 });
  const db = stranger(path);
  db.exec('BEGIN IMMEDIATE');
  await expect(store.write([word('a')])).rejects.toMatchObject({ code: 'E_STORE_BUSY' });
  const writing = patient.store.write([word('b')]);
  expect(await store.read('words', ['a'])).toBeNull();
  db.exec('COMMIT');
  await writing;
  expect(await store.read('words', ['b'])).not.toBeNull();
});

test('cells that another program has written are told by collection, field and rowid, and never converted', async () => {
  const { path } = await looseStore();
  const db = stranger(path);
  for (const [field, sql] of damages) {
    db.exec(`DELETE FROM t; INSERT INTO t (rowid, id) VALUES (7, 'a'); UPDATE t SET ${field} = ${sql}`);
    const { store } = await looseStore(path);
    const told = {
      code: 'E_RECORD_DAMAGED',
      facts: { collection: 't', field, rowid: field === 'g' ? 7n : expect.anything() },
    };
    await expect(store.read('t', ['a']), `${field} = ${sql}`).rejects.toMatchObject(told);
    await expect(store.scan('t'), `${field} = ${sql}`).rejects.toMatchObject(told);
    await store.close();
  }
});

/** A field of {@link looseStore}, and what no value of its type looks like. */
const damages: readonly (readonly [field: string, sql: string])[] = [
  ['x', `x'00'`],
  ['x', `'a' || char(0) || 'b'`],
  ['x', `CAST(x'61ff62' AS TEXT)`],
  ['i', `'abc'`],
  ['i', '1.5'],
  ['i', '2147483648'],
  ['i', '9007199254740993'],
  ['g', '1e300'],
  ['g', `x'01'`],
  ['b', '2'],
  ['b', `'true'`],
  ['n', `'1e5'`],
  ['d', `'abc'`],
  ['z', `'2026-03-01 09:30:00'`],
  ['z', '1772357400'],
  ['u', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`],
  ['j', `'{"a": 1, "a": 2}'`],
  ['j', `'{"a": 0.1000000000000000055511151231257827}'`],
  ['j', `'{'`],
  ['j', `'"\\u0000"'`],
  ['y', `'text'`],
  ['m', 'NULL'],
];

/** A table as an older application may have made it: no STRICT, and types by other names. */
async function looseStore(path = join(tempFolder('loose-'), 'app.db')) {
  const db = new DatabaseSync(path);
  db.exec(
    `CREATE TABLE IF NOT EXISTS t (id VARCHAR(40) PRIMARY KEY, x TEXT, i INT, g BIGINT, b BOOLEAN, n TEXT, d DOUBLE, z DATETIME, u UUID, j TEXT, y BLOB, m TEXT DEFAULT 'm', more TEXT)`,
  );
  db.close();
  const nullable = true;
  const schema = collections({
    t: {
      fields: {
        id: { type: 'text' },
        x: { type: 'text', nullable },
        i: { type: 'integer', nullable },
        g: { type: 'bigint', nullable },
        b: { type: 'boolean', nullable },
        n: { type: 'numeric', nullable },
        d: { type: 'double', nullable },
        z: { type: 'timestamptz', nullable },
        u: { type: 'uuid', nullable },
        j: { type: 'json', nullable },
        y: { type: 'bytes', nullable },
        m: { type: 'text' },
      },
      key: ['id'],
    },
  });
  return sqliteStore({ path, tables: 'expect' }, schema);
}

test('a table of an older application holds records, and keeps the columns that the schema does not know', async () => {
  const { path, store } = await looseStore();
  const row = {
    id: '007',
    x: '1e5',
    i: -1,
    g: 9007199254740993n,
    b: true,
    n: '1.50',
    d: 2,
    z: '2026-03-01T09:30:00.000000Z',
    u: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    j: { a: [1] },
    y: Uint8Array.of(1),
    m: '\ufffd',
  };
  await store.write([{ kind: 'insert', collection: 't', row }]);
  const db = stranger(path);
  db.exec(`UPDATE t SET more = 'kept'`);
  await store.write([{ kind: 'put', collection: 't', row: { ...row, x: null } }]);
  expect({ ...(await store.read('t', ['007'])) }).toEqual({ ...row, x: null });
  expect(db.prepare('SELECT more FROM t').get()).toMatchObject({ more: 'kept' });
});

/** Tables that cannot hold `people`, and what is said of them. */
const unfit: readonly (readonly [says: string, sql: string])[] = [
  ['there is no column p.n', 'id TEXT PRIMARY KEY, m TEXT UNIQUE'],
  ['p.n is declared TEXT', 'id TEXT PRIMARY KEY, m TEXT UNIQUE, n TEXT'],
  ['p.m is declared NUMERIC', 'id TEXT PRIMARY KEY, m NUMERIC UNIQUE, n INTEGER'],
  ['p.n is NOT NULL', 'id TEXT PRIMARY KEY, m TEXT UNIQUE, n INTEGER NOT NULL'],
  ['p.n is a generated column', 'id TEXT PRIMARY KEY, m TEXT UNIQUE, n INTEGER AS (1)'],
  ['p.o must be filled', 'id TEXT PRIMARY KEY, m TEXT UNIQUE, n INTEGER, o TEXT NOT NULL'],
  ['no unique index of exactly (id)', 'id TEXT, m TEXT UNIQUE, n INTEGER'],
  ['no unique index of exactly (id)', 'id TEXT COLLATE NOCASE PRIMARY KEY, m TEXT UNIQUE, n INTEGER'],
  ['no unique index of exactly (m)', 'id TEXT PRIMARY KEY, m TEXT, n INTEGER'],
  ['no foreign key to p', 'id TEXT PRIMARY KEY, m TEXT UNIQUE, n INTEGER'],
];
for (const [says, columns] of unfit) {
  test(`a table (${columns}) is refused: ${says}`, async () => {
    const path = join(tempFolder('unfit-'), 'app.db');
    const db = new DatabaseSync(path);
    db.exec(`CREATE TABLE p (${columns})`);
    db.close();
    const schema = collections({
      p: {
        fields: { id: { type: 'text' }, m: { type: 'text', nullable: true }, n: { type: 'integer', nullable: true } },
        key: ['id'],
        unique: [['m']],
        references: [{ fields: ['m'], to: 'p', onRemove: 'refuse' }],
      },
    });
    for (const tables of ['expect', 'create'] as const)
      await expect(openStore(schema, sqliteDriver({ path, tables })).open()).rejects.toThrow(says);
  });
}

test('collections that differ by case alone are refused: SQLite has one table for both', async () => {
  const shape = { fields: { id: { type: 'text' } }, key: ['id'] } as const;
  const path = join(tempFolder('case-'), 'app.db');
  const store = openStore(collections({ people: shape, People: shape }), sqliteDriver({ path, tables: 'create' }));
  await expect(store.open()).rejects.toThrow('differ by case alone');
  expect(existsSync(path)).toBe(false);
});

test('a collection that spells its table in another case is refused: the fence would not hold for both', async () => {
  const shape = { fields: { id: { type: 'text' } }, key: ['id'] } as const;
  const { path, store, driver } = await sqliteStore({}, collections({ People: shape }));
  await driver.fence.set(6n);
  for (const tables of ['expect', 'create'] as const) {
    const other = openStore(collections({ people: shape }), sqliteDriver({ path, tables }));
    onTestFinished(() => other.close());
    await expect(other.open()).rejects.toMatchObject({
      code: 'E_STORE_FAILED',
      message: expect.stringContaining('the table of people is called People'),
    });
  }
  const put = { kind: 'put', collection: 'People', row: { id: 'a' } } as const;
  await expect(store.write([put])).rejects.toMatchObject({ code: 'E_FENCED' });
});

test('counters are raised, never lowered', async () => {
  const path = join(tempFolder('counter-'), 'app.db');
  const db = stranger(path);
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE b (id INTEGER PRIMARY KEY)');
  const shape = { fields: { id: { type: 'bigint' } }, key: ['id'] } as const;
  const { driver } = await sqliteStore({ path, tables: 'expect' }, collections({ a: shape, b: shape }));
  const next = (): unknown => db.prepare('INSERT INTO a DEFAULT VALUES RETURNING id').get()?.id;
  expect([await driver.counters.raise('a', 40n), next()]).toEqual([true, 41]);
  expect([await driver.counters.raise('a', 9n), next()]).toEqual([true, 42]);
  expect(await driver.counters.raise('b', 40n)).toBe(false);
});

test('capture and fence of a store that is closed are refused', async () => {
  const { store, driver } = await sqliteStore();
  await store.close();
  for (const call of [driver.capture.install, driver.capture.stands, driver.fence.state])
    await expect(call()).rejects.toMatchObject({ code: 'E_STORE_CLOSED' });
});

test('references that others have declared to count at once count at the end of a write, and RESTRICT is a reference too', async () => {
  const path = join(tempFolder('references-'), 'app.db');
  stranger(
    path,
  ).exec(`CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE c (id TEXT PRIMARY KEY, p TEXT REFERENCES p ON DELETE NO ACTION);
    CREATE TABLE r (id TEXT PRIMARY KEY, p TEXT REFERENCES p ON DELETE RESTRICT)`);
  const id = { type: 'text' } as const;
  const child = {
    fields: { id, p: id },
    key: ['id'],
    references: [{ fields: ['p'], to: 'p', onRemove: 'refuse' }],
  } as const;
  const { store } = await sqliteStore(
    { path, tables: 'expect' },
    collections({ p: { fields: { id }, key: ['id'] }, c: child, r: child }),
  );
  const row = { id: '1', p: '1' };
  await store.write([
    { kind: 'insert', collection: 'c', row },
    { kind: 'insert', collection: 'r', row },
    { kind: 'insert', collection: 'p', row: { id: '1' } },
  ]);
  const remove = { kind: 'remove', collection: 'p', key: ['1'] } as const;
  await expect(store.write([remove])).rejects.toMatchObject({ code: 'E_REFERENCE' });
  await store.write([{ kind: 'remove', collection: 'r', key: ['1'] }]);
  await expect(store.write([remove])).rejects.toMatchObject({ code: 'E_REFERENCE' });
  await store.write([remove, { kind: 'remove', collection: 'c', key: ['1'] }]);
  expect(await store.read('p', ['1'])).toBeNull();
});
