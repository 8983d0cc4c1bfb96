import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { documents, jsonFile } from '../../test/support/documents.ts';
import { filesDriver } from '../drivers/files/files.ts';
import { collections } from '../schema/collection.ts';
import { exportCollections } from '../store/export.ts';
import { openStore } from '../store/store.ts';
import { check } from './check.ts';
import { type Entry, record } from './entry.ts';
import { lay } from './lay.ts';
import { sourceFailure } from './read-file.ts';
import { stage, type Staged } from './stage.ts';

/** Lays a source, looks at it, and removes it. */
async function staged<T>(source: string, look: (db: DatabaseSync, staged: Staged) => T): Promise<T> {
  const laid = await stage(source, { folder: tempFolder('staging-') });
  const db = new DatabaseSync(laid.path, { readOnly: true });
  try {
    return look(db, laid);
  } finally {
    db.close();
    laid.remove();
  }
}

/** Every table with its declarations and rows; bytes and text as hexadecimal digits where `hex` says so. */
function contents(db: DatabaseSync): Record<string, unknown[]> {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  return Object.fromEntries(
    tables.map(({ name }) => {
      const statement = db.prepare(`SELECT * FROM "${String(name)}"`);
      statement.setReadBigInts(true);
      return [String(name), statement.all().map((row) => ({ ...row }))];
    }),
  );
}

const ofFile = (text: string) => staged(`json:${jsonFile(text)}`, contents);

test.each<[string, string, Record<string, unknown[]>]>([
  [
    'an array of records',
    '[{"id":"a","n":1},{"id":"b","n":2}]',
    {
      app: [
        { id: 'a', n: 1n },
        { id: 'b', n: 2n },
      ],
    },
  ],
  ['an object of tables', '{"u":[{"x":true}],"v":{"k":{"y":1.5}}}', { u: [{ x: 1n }], v: [{ id: 'k', y: 1.5 }] }],
  [
    'a map of records',
    '{"a":{"n":1},"b":{"n":2}}',
    {
      app: [
        { id: 'a', n: 1n },
        { id: 'b', n: 2n },
      ],
    },
  ],
  ['what is no table beside tables', '{"u":[{"x":1}],"at":"now"}', { app: [{ at: 'now' }], u: [{ x: 1n }] }],
  ['an array of values', '[1,"a",null]', { app: [{ value: '1' }, { value: '"a"' }, { value: null }] }],
  ['one value', '"x"', { app: [{ value: 'x' }] }],
  ['an empty array', '[]', { app: [] }],
  ['an empty object', '{}', { app: [{ id: null }] }],
])('%s is laid', async (_, text, expected) => {
  expect(await ofFile(text)).toEqual(expected);
});

test('numbers keep their digits, and -0, 64 bits, fractions beyond a double and 1e400 find a form that holds them', async () => {
  const rows = await ofFile(
    '[{"a":9223372036854775807,"b":9223372036854775808,"c":-0,"d":0.1,"e":0.10000000000000000001,"f":1e400,"g":1e3}]',
  );
  expect(rows.app).toEqual([
    {
      a: 9223372036854775807n,
      b: '9223372036854775808',
      c: -0,
      d: 0.1,
      e: '0.10000000000000000001',
      f: '1e400',
      g: 1000,
    },
  ]);
});

test('members that SQL cannot tell apart or say get names of their own, and none is lost', async () => {
  const text = '[{"Name":1,"name":2,"":3,"a\\u0000b":4,"__proto__":5,"rowid":6,"key":7}]';
  const { rows, warnings } = await staged(`json:${jsonFile(text)}`, (db, { warnings: said }) => ({
    rows: contents(db).app,
    warnings: said,
  }));
  expect(Object.entries(rows[0] as object)).toEqual(
    Object.entries({ Name: 1n, name_2: 2n, column: 3n, column_2: 4n, ['__proto__']: 5n, rowid: 6n, key: 7n }),
  );
  expect(warnings).toHaveLength(3);
});

test('NUL and half a surrogate pair in text are laid as they are, for the profile to find', async () => {
  const source = `json:${jsonFile('[{"a":"x\\u0000y","b":"\\ud800"}]')}`;
  const row = await staged(source, (db) =>
    db.prepare('SELECT hex(a) AS a, hex(b) AS b, typeof(b) AS t FROM app').get(),
  );
  expect(row).toEqual({ a: '780079', b: 'EDA080', t: 'text' });
});

test('equal members of a nested object stay, to the letter', async () => {
  expect(await ofFile('[{"a": {"b" : 1, "b":2}}]')).toEqual({ app: [{ a: '{"b" : 1, "b":2}' }] });
});

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test.each<[string, unknown, string | null]>([
  ['a byte order mark', Buffer.from('\ufeff{"a":1}'), null],
  ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), null],
  ['900 levels', `{"a":${nested(900)}}`, null],
  ['5,000 levels', `{"a":${nested(5_000)}}`, 'has more than 1000 levels'],
  ['UTF-16 cut in a character', Buffer.from('\ufeff{"a":"😀"}', 'utf16le').subarray(0, 15), 'is not whole UTF-16'],
  ['NUL bytes', Buffer.alloc(512), 'is not whole JSON'],
  ['two documents', '{"a":1}{"a":2}', 'is not whole JSON'],
  ['a member twice', '{"a":1,"\\u0061":2}', 'has two members of one name'],
  ['latin-1', Buffer.from([0x22, 0xe4, 0x22]), 'is not UTF-8'],
])('a document with %s', async (_, content, why) => {
  const folder = documents({ 't/x.json': content, 't/y.json': { a: 2 } });
  const { unreadable, count } = await staged(`files:${folder}`, (db, laid) => ({
    unreadable: laid.unreadable.map((each) => each.why),
    count: db.prepare('SELECT count(*) AS n FROM t').get()?.n,
  }));
  expect({ unreadable, count }).toEqual({ unreadable: why === null ? [] : [why], count: why === null ? 2 : 1 });
});

test('files of a folder: links, hidden files, empty folders, names that differ by case, arrays, maps and documents at the top', async () => {
  const folder = documents({
    'T/a.json': { n: 1 },
    't/A.json': { n: 2 },
    't/a.json': { n: 3 },
    't/sub/a.json': { n: 4 },
    't/log.json': [{ n: 5 }],
    't/.hidden': 'x',
    'users.json': { u: { n: 6 } },
    'config.json': { theme: 'dark' },
  });
  mkdirSync(join(folder, 'empty'));
  symlinkSync('T', join(folder, 'link'));
  const { rows, aside, unreadable } = await staged(`files:${folder}`, (db, laid) => ({ ...laid, rows: contents(db) }));
  expect(rows).toEqual({
    T: [{ id: 'a', n: 1n }],
    t_2: [
      { id: 'A', n: 2n },
      { id: 'a', n: 3n },
      { id: 'sub/a', n: 4n },
    ],
    't/log': [{ n: 5n }],
    users: [{ id: 'u', n: 6n }],
    data: [{ id: 'config', theme: 'dark' }],
    files: [],
  });
  expect(aside.map(({ name }) => name)).toEqual(['empty', 't/.hidden']);
  expect(unreadable).toMatchObject([
    { table: 'files', name: 'link', why: 'is a symbolic link, and links are not followed' },
  ]);
});

const schema = collections({
  'Big Words': {
    fields: { id: { type: 'text' }, n: { type: 'bigint' }, photo: { type: 'bytes', nullable: true } },
    key: ['id'],
  },
  none: { fields: { id: { type: 'integer' } }, key: ['id'] },
});

test("a directory of the files driver is laid with its collections' names, its keys and the bytes of its attachments", async () => {
  const dir = tempFolder('store-');
  const store = openStore(schema, filesDriver({ dir }));
  const photo = new Uint8Array([0, 255, 1]);
  await store.write([{ kind: 'insert', collection: 'Big Words', row: { id: 'Ab c', n: 2n ** 60n, photo } }]);
  const texts: string[] = [];
  for await (const text of exportCollections(store)) texts.push(text);
  await store.close();
  const rows = await staged(`files:${dir}`, contents);
  expect(rows).toEqual({ 'Big Words': [{ id: 'Ab c', n: String(2n ** 60n), photo }], none: [] });
  const exported = jsonFile(texts.join(''));
  expect(await staged(`json:${exported}`, contents)).toEqual({
    'Big Words': [{ id: 'Ab c', n: String(2n ** 60n), photo: 'AP8B' }],
    none: [],
  });
  const damaged = jsonFile(texts.join('').replace('AP8B', 'AP8C'));
  await expect(stage(`json:${damaged}`, { folder: tempFolder() })).rejects.toMatchObject({ code: 'E_EXPORT_INVALID' });
  const attachment = readdirSync(join(dir, readdirSync(dir).find((name) => name.startsWith('^b')) as string));
  writeFileSync(join(dir, '^big%20^words', attachment.find((name) => name.endsWith('.bin')) as string), 'xyz');
  const { unreadable } = await staged(`files:${dir}`, (_, laid) => laid);
  expect(unreadable).toMatchObject([{ why: expect.stringMatching(/^refers to an attachment whose bytes/) }]);
});

test.each<[string, (folder: string) => string, string]>([
  ['a missing folder', (folder) => `files:${folder}/gone`, 'E_SOURCE_MISSING'],
  ['a missing file', (folder) => `json:${folder}/gone.json`, 'E_SOURCE_MISSING'],
  ['a file for a folder', (folder) => `files:${folder}/x.json`, 'E_SOURCE_NOT_A_FILE'],
  ['a folder for a file', (folder) => `json:${folder}`, 'E_SOURCE_NOT_A_FILE'],
  ['an empty folder', (folder) => `files:${folder}/empty`, 'E_SOURCE_UNREADABLE'],
  ['torn JSON', (folder) => `json:${folder}/x.json`, 'E_SOURCE_UNREADABLE'],
  ['too many members', (folder) => `json:${folder}/wide.json`, 'E_SOURCE_UNREADABLE'],
])('%s is refused in one sentence, and no copy stays', async (_, source, code) => {
  const folder = documents({
    'x.json': '{"a":',
    'wide.json': [Object.fromEntries(Array.from({ length: 1_600 }, (__, i) => [`m${i}`, i]))],
  });
  mkdirSync(join(folder, 'empty'));
  const staging = tempFolder('staging-');
  await expect(stage(source(folder), { folder: staging })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/^[^\n]+\. Nothing was moved\. [^\n]+\.$/),
  });
  expect(readdirSync(staging)).toEqual([]);
});

test('a source that changes between the two readings is refused, and so is a copy that is not equal', async () => {
  const path = join(tempFolder(), 'copy.sqlite');
  const entries = (text: string) =>
    async function* read(): AsyncGenerator<Entry, void> {
      yield record('t', 'a', text);
    };
  const laid = await lay(path, entries('{"n":1,"s":"x","d":{"e":1}}'));
  const again = (text: string) => check(path, 'source', laid, entries(text));
  await again('{"n":1,"s":"x","d":{"e":1}}');
  await expect(again('{"n":2,"s":"x","d":{"e":1}}')).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  for (const fault of [
    'UPDATE t SET n = 2',
    "UPDATE t SET n = '1'",
    'UPDATE t SET n = 1.0000000000000002',
    "UPDATE t SET s = ''",
    'UPDATE t SET s = NULL',
    `UPDATE t SET d = '{"e":2}'`,
    `UPDATE t SET d = '{"e": 1}'`,
    "UPDATE t SET id = 'b'",
    "INSERT INTO t SELECT 'b', n, s, d FROM t",
    'DELETE FROM t',
  ]) {
    const db = new DatabaseSync(path);
    db.exec(`SAVEPOINT before; ${fault}; RELEASE before`);
    db.close();
    await expect(again('{"n":1,"s":"x","d":{"e":1}}'), fault).rejects.toMatchObject({ code: 'E_STAGING_FAILED' });
    const mend = new DatabaseSync(path);
    mend.exec(`DELETE FROM t; INSERT INTO t VALUES ('a', 1, 'x', '{"e":1}')`);
    mend.close();
  }
});

test('a file that may not be read, and one that is gone when it is opened, are told apart', () => {
  const told = (code: string) => sourceFailure('x', Object.assign(new Error(), { code }), 'below');
  expect(told('EACCES')).toMatchObject({ code: 'E_SOURCE_FORBIDDEN' });
  expect(told('ENOENT')).toMatchObject({ code: 'E_SOURCE_CHANGED' });
  const hidden = sourceFailure('#1', Object.assign(new Error(), { code: 'EACCES' }), 'hidden');
  expect(hidden).toMatchObject({ message: expect.stringContaining('--show-values names it') });
});
