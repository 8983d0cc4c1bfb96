import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { query } from '../../src/pg/connect.ts';
import { sql } from '../../src/pg/sql.ts';
import { connected } from '../harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { listed, mend, quarantined, retried } from '../support/rejects.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { numbers, smallSource, sourceFile } from '../support/sources.ts';
import { expectOneMessage } from '../support/moves.ts';

const canary = 'zz-canary-value';

/** Letters with three bad values, tags under a text key that refer to them, and a log without any key. */
function letters(): string {
  return sourceFile(
    'CREATE TABLE letter (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, sender TEXT UNIQUE, price NUMERIC)',
    'CREATE TABLE tag (name TEXT, lang TEXT, letter INTEGER REFERENCES letter, note TEXT, PRIMARY KEY (name, lang)) WITHOUT ROWID',
    'CREATE TABLE log (line TEXT, n INTEGER)',
    `${numbers(40)} INSERT INTO letter SELECT i, 'body ' || i, 's' || i, i / 4.0 FROM n`,
    `INSERT INTO letter VALUES (50, '${canary}' || char(0), 's50', 0.5), (60, CAST(x'e4ff' AS TEXT), 's60', 1), (70, 'x' || char(0), 's70', 2)`,
    `INSERT INTO tag VALUES ('a', 'de', 1, 'fine'), ('ü''"', 'de', 50, 'n' || char(0)), ('b', 'en', 2, 'n' || char(0))`,
    `INSERT INTO log VALUES ('same', 1), ('bad' || char(0), 2), ('same', 1), (NULL, 3)`,
  );
}

const mendAll = [
  "UPDATE letter SET body = 'mended ' || id WHERE id IN (50, 60, 70)",
  "UPDATE tag SET note = 'mended' WHERE instr(note, char(0))",
  "UPDATE log SET line = 'mended' WHERE n = 2",
];

async function count(database: TestDatabase, table: string): Promise<number> {
  return (await database.query(`select count(*)::int as n from ${table}`)).rows[0].n as number;
}

test('once the values are mended a retry moves every row, and the list is empty', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  expect(listed(list)).toHaveLength(6);
  expect(readFileSync(list, 'utf8')).not.toContain(canary);
  mend(source, ...mendAll);
  const { report, stderr } = await retried(list, database);
  expect([report.verdict, report.exitCode, report.rows, stderr]).toEqual(['equal', 0, 6, '']);
  expect(report.tables.map(({ source: table, loaded, rejected }) => [table, loaded, rejected])).toEqual([
    ['letter', 3, 0],
    ['log', 1, 0],
    ['tag', 2, 0],
  ]);
  await expectSameRows(source, database);
  expect(listed(list)).toEqual([]);
  const next = await database.query("insert into letter (body) values ('next') returning id");
  expect(Number(next.rows[0].id)).toBeGreaterThan(70);
  const again = await retried(list, database);
  expect([again.report.verdict, again.report.rows]).toEqual(['equal', 0]);
});

test('a rule may do what nobody has mended: its values are counted, and the run ends with an account', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database, { except: ['log'] });
  const rules = ['letter.body=nul:strip', 'letter.body=encoding:latin1', 'tag.note=nul:strip'];
  const options = rules.flatMap((rule) => ['--rule', rule]);
  const { report } = await retried(list, database, ...options, '--rule', 'letter.sender=bytea');
  expect([report.verdict, report.exitCode, report.warnings]).toEqual([
    'accounted',
    4,
    ['Column "letter.sender" was to become bytea, but it stands in the target already and takes text.'],
  ]);
  expect(readFileSync(list, 'utf8')).not.toContain('bytea');
  expect(report.tables.map(({ source: table, loaded, altered }) => [table, loaded, altered])).toEqual([
    ['letter', 3, 3],
    ['tag', 2, 2],
  ]);
  expect(listed(list)).toEqual([]);
  const verified = await runCli(['verify', source, '--except', 'log', ...options], { env: serverEnv(database) });
  expect(verified.status).toBe(0);
  const { rows } = await database.query('select body from letter where id in (50, 60) order by id');
  expect(rows).toEqual([{ body: canary }, { body: 'äÿ' }]);
});

test('rows that still cannot be held, and rows that are gone, stay in the list with the reason of today', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  mend(
    source,
    "UPDATE letter SET body = 'fine' WHERE id = 50",
    "UPDATE letter SET body = 'fine', price = 'dear' WHERE id = 60",
    'DELETE FROM letter WHERE id = 70',
  );
  const { report, stdout } = await retried(list, database);
  expect([report.verdict, report.exitCode, report.quarantineFile]).toEqual(['accounted', 4, list]);
  expect(listed(list)).toEqual([
    { table: 'letter', key: '70', column: null, code: 'E_ROW_GONE' },
    { table: 'letter', key: '60', column: 'price', code: 'E_TYPE_UNFIT' },
    { table: 'log', key: '2', column: 'line', code: 'E_TEXT_NUL' },
    { table: 'tag', key: [{ utf8: 'b' }, { utf8: 'en' }], column: 'note', code: 'E_TEXT_NUL' },
    { table: 'tag', key: [{ utf8: 'ü\'"' }, { utf8: 'de' }], column: 'note', code: 'E_TEXT_NUL' },
  ]);
  expect(report.badValues.map(({ table, code, firstKey }) => [table, code, firstKey.replace(/#\w+/g, '#')])).toEqual([
    ['letter', 'E_ROW_GONE', 'rowid 70'],
    ['letter', 'E_TYPE_UNFIT', 'rowid 60'],
    ['log', 'E_TEXT_NUL', 'rowid 2'],
    ['tag', 'E_TEXT_NUL', 'key # (1 bytes), # (2 bytes)'],
  ]);
  expect(stdout).not.toContain("ü'");
  expect(await count(database, 'letter')).toBe(41);
  mend(
    source,
    "UPDATE letter SET price = 1 WHERE id = 60; INSERT INTO letter VALUES (70, 'new', 's70', 2)",
    ...mendAll.slice(1),
  );
  expect((await retried(list, database)).report.verdict).toBe('equal');
  await expectSameRows(source, database);
});

test('a key that is there already is named and keeps its row; an equal row is recognised', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  mend(source, ...mendAll);
  await database.query(
    "insert into letter (id, body, sender, price) values (50, 'theirs', 's50', 0.5), (60, 'mended 60', 's60', 1)",
  );
  const { report } = await retried(list, database);
  expect(report.exitCode).toBe(4);
  expect(report.tables[0]).toMatchObject({ source: 'letter', loaded: 1, present: 1, rejected: 1, verified: 2 });
  expect(report.badValues).toMatchObject([{ table: 'letter', code: 'E_KEY_TAKEN', count: 1, firstKey: 'rowid 50' }]);
  expect(listed(list)).toEqual([{ table: 'letter', key: '50', column: null, code: 'E_KEY_TAKEN' }]);
  expect((await database.query('select body from letter where id = 50')).rows).toEqual([{ body: 'theirs' }]);
});

test('foreign keys and uniques hold: a row that one of them refuses stays, and holds back no other', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  // The tag 'ü…' wants letter 50, which is not mended; letter 60 takes a sender that somebody has.
  mend(source, "UPDATE letter SET body = 'fine' WHERE id IN (60, 70)", ...mendAll.slice(1));
  await database.query("insert into letter (id, body, sender) values (1000, 'theirs', 's60')");
  const { report } = await retried(list, database);
  expect(listed(list)).toEqual([
    { table: 'letter', key: '50', column: 'body', code: 'E_TEXT_NUL' },
    expect.objectContaining({
      key: '60',
      code: 'E_ROW_REFUSED',
      constraint: expect.stringContaining('letter_sender_key'),
    }),
    expect.objectContaining({ table: 'tag', code: 'E_ROW_REFUSED', constraint: expect.stringContaining('23503') }),
  ]);
  expect(report.tables.map(({ loaded, rejected }) => [loaded, rejected])).toEqual([
    [1, 2],
    [1, 0],
    [1, 1],
  ]);
  await database.query('delete from letter where id = 1000');
  mend(source, "UPDATE letter SET body = 'fine' WHERE id = 50");
  expect((await retried(list, database)).report.verdict).toBe('equal');
  await expectSameRows(source, database);
});

test('tables that refer to each other in a circle find their parents, and so do rows of one table', async () => {
  const source = sourceFile(
    'CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b, up INTEGER REFERENCES a, t TEXT)',
    'CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, t TEXT)',
    "INSERT INTO a VALUES (1, 1, 2, char(0)), (2, NULL, 3, char(0)), (3, NULL, NULL, char(0)), (4, NULL, NULL, 'x')",
    "INSERT INTO b VALUES (1, 1, char(0)), (2, 4, 'x')",
  );
  const database = await freshDatabase();
  const list = await quarantined(source, database);
  mend(source, "UPDATE a SET t = 'x'", "UPDATE b SET t = 'x'");
  expect((await retried(list, database)).report).toMatchObject({ verdict: 'equal', rows: 4 });
  await expectSameRows(source, database);
  const key = await database.query("select bool_or(condeferrable) as put_off from pg_constraint where contype = 'f'");
  expect(key.rows).toEqual([{ put_off: false }]);
});

test('a row that is refused does not part the rows of a circle, and of many rows it stays alone', async () => {
  const source = sourceFile(
    'CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a, u TEXT UNIQUE, t TEXT)',
    `${numbers(300)} INSERT INTO a SELECT i, CASE i WHEN 1 THEN 300 WHEN 300 THEN 150 WHEN 150 THEN 1 WHEN 70 THEN 1 END, 'u' || i, char(0) FROM n`,
  );
  const database = await freshDatabase();
  const list = await quarantined(source, database);
  mend(source, "UPDATE a SET t = 'x'");
  await database.query("insert into a (id, u) values (1000, 'u42')");
  const { report } = await retried(list, database);
  expect(report.tables).toMatchObject([{ rows: 300, loaded: 299, present: 0, rejected: 1 }]);
  expect(listed(list)).toMatchObject([{ key: '42', code: 'E_ROW_REFUSED' }]);
  await database.query("delete from a where id = 1000; update a set t = 'other' where id in (7, 8, 200)");
  writeFileSync(list, [readFileSync(list, 'utf8'), ...rowsOf('a', 300)].join(''));
  const again = (await retried(list, database)).report;
  expect(again.tables).toMatchObject([{ rows: 300, loaded: 1, present: 296, rejected: 3 }]);
  expect(listed(list).map(({ key, code }) => [key, code])).toEqual(
    ['7', '8', '200'].map((key) => [key, 'E_KEY_TAKEN']),
  );
});

/** Lines of a list, as somebody may add them by hand. */
function rowsOf(table: string, rows: number): string[] {
  return Array.from(
    { length: rows },
    (_, i) => `${JSON.stringify({ table, key: String(i + 1), column: 't', code: 'E_TEXT_NUL' })}\n`,
  );
}

test('a list that cannot be replaced any more is said to name rows that stand there, and the retry is repeated', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  mend(source, ...mendAll);
  const holder = await connected(database);
  await query(holder, sql`BEGIN; LOCK TABLE public.letter`, 'hold the table');
  const running = runCli(['retry', list, '--json'], { env: serverEnv(database) });
  const waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  while ((await database.query(waits)).rows.length === 0) await sleep(50);
  renameSync(dirname(list), `${dirname(list)}.away`);
  await query(holder, sql`COMMIT`, 'let go');
  const ended = await running;
  renameSync(`${dirname(list)}.away`, dirname(list));
  const message = expectOneMessage(ended, 'E_REPORT_UNWRITABLE', 1);
  expect(message).toMatch(/The rows were inserted.*ENOENT.*run the same command again/);
  expect(JSON.parse(ended.stdout)).toMatchObject({ verdict: 'failed', error: { facts: { outcome: 'inserted' } } });
  const { report } = await retried(list, database);
  expect([report.verdict, report.tables.map(({ present }) => present)]).toEqual(['equal', [3, 1, 2]]);
  await expectSameRows(source, database);
});

test('rows without a key are proven by their whole table: VACUUM and foreign rows are noticed, and nothing is inserted', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  mend(source, 'DELETE FROM log WHERE rowid = 1', `INSERT INTO log VALUES ('last', 9)`);
  const list = await quarantined(source, database, { only: ['log'] });
  mend(source, 'VACUUM', "UPDATE log SET line = 'mended' WHERE n = 2");
  // Row 2 is now the row that was row 3, which stands in the target already.
  const renumbered = await retried(list, database);
  expect(expectOneMessage(renumbered, 'E_SOURCE_CHANGED', 1)).toMatch(/Rows of table log.*Nothing was inserted/);
  expect([await count(database, 'log'), listed(list).length]).toEqual([3, 1]);
});

test('after VACUUM a key of the table alone is not enough: the row of another rowid is not taken for the listed one', async () => {
  const source = sourceFile(
    'CREATE TABLE t (id TEXT PRIMARY KEY, a TEXT)',
    "INSERT INTO t (rowid, id, a) VALUES (1, 'gone', ''), (2, 'bad', char(0)), (3, 'c', 'c')",
    'DELETE FROM t WHERE rowid = 1',
  );
  const database = await freshDatabase();
  const list = await quarantined(source, database);
  mend(
    source,
    "UPDATE t SET a = 'mended' WHERE id = 'bad'",
    'VACUUM',
    "INSERT INTO t (rowid, id, a) VALUES (9, 'd', 'd')",
  );
  expect(expectOneMessage(await retried(list, database), 'E_SOURCE_CHANGED', 1)).toContain('VACUUM');
  expect(await count(database, 't')).toBe(1);
});

test('a retry that died after it had committed may be repeated with its old list: nothing comes twice', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  copyFileSync(list, `${list.replace('.jsonl', '')}-old`);
  const old = `${list.replace('.jsonl', '')}-old`;
  mend(source, ...mendAll);
  expect((await retried(list, database)).report.verdict).toBe('equal');
  const again = (await retried(old, database)).report;
  expect([again.verdict, again.tables.map(({ loaded, present }) => [loaded, present])]).toEqual([
    'equal',
    [
      [0, 3],
      [0, 1],
      [0, 2],
    ],
  ]);
  await expectSameRows(source, database);
});

test('a table that changes values on their way in, or is too narrow for them, is not trusted', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  // 0.1 has no exact form in four bytes; all prices that stand there have.
  mend(source, ...mendAll, 'UPDATE letter SET price = 0.1 WHERE id = 50');
  await database.query('alter table letter alter column price type real');
  expect(expectOneMessage(await retried(list, database), 'E_TARGET_MISMATCH', 1)).toMatch(
    /letter.*Nothing was inserted/,
  );
  await database.query('alter table letter alter column price type numeric, alter column body type varchar(8)');
  const narrow = await retried(list, database);
  expect(narrow.report.badValues).toMatchObject([
    { table: 'letter', code: 'E_ROW_REFUSED', count: 3, fix: expect.stringContaining('22001') },
    { table: 'tag', code: 'E_ROW_REFUSED', count: 1 },
  ]);
  await database.query(`alter table letter alter column body type text;
    create function f() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger g before insert on letter for each row execute function f()`);
  expect(expectOneMessage(await retried(list, database), 'E_TARGET_MISMATCH', 1)).toContain('triggers');
  await database.query('drop trigger g on letter');
  expect((await retried(list, database)).report.verdict).toBe('equal');
  await expectSameRows(source, database);
});

test('the source may have moved, the schema may be named, and a plan stands in place of the remembered names', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  mend(source, "INSERT INTO person (id, email, note) VALUES (9000, 'nul@example.org', 'a' || char(0) || 'b')");
  const list = await quarantined(source, database, { schema: 'clinic', names: 'snake' });
  const elsewhere = `${source}.moved`;
  renameSync(source, elsewhere);
  expectOneMessage(await retried(list, database), 'E_SOURCE_MISSING', 1);
  expectOneMessage(await retried(list, database, elsewhere, '--schema', 'nowhere'), 'E_TARGET_MISMATCH', 1);
  const plan = `${elsewhere}.plan`;
  expect((await runCli(['plan', elsewhere, '--rule', 'person.note=nul:replace', '--out', plan])).status).toBe(0);
  const { report } = await retried(list, database, elsewhere, '--plan', plan);
  expect([report.exitCode, report.schema, report.source, report.tables[0].altered]).toEqual([
    4,
    'clinic',
    elsewhere,
    1,
  ]);
  const { rows } = await database.query('select note from clinic.person where id = 9000');
  expect(rows).toEqual([{ note: 'a\ufffdb' }]);
});

test.each([
  ['is of an older version', '{"table":"letter","key":"50","column":"body","code":"E_TEXT_NUL"}', /older version/],
  ['is empty', '', /it is empty/],
  ['is no JSON', 'letter,50', /line 1 is not JSON/],
  ['is another JSON', '{"a":1}', /line 1 is not the head/],
])('a list that %s is refused by a clear message', async (_, text, says) => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  writeFileSync(list, text);
  const refused = await retried(list, database);
  expect(expectOneMessage(refused, 'E_REJECTS_INVALID', 2)).toMatch(says);
  expect(refused.report).toMatchObject({ verdict: 'failed', tables: [], error: { code: 'E_REJECTS_INVALID' } });
});

test('a list with a row of another table, or for a source that has other columns by now, is refused', async () => {
  const [database, source] = [await freshDatabase(), letters()];
  const list = await quarantined(source, database);
  const text = readFileSync(list, 'utf8');
  writeFileSync(list, `${text}{"table":"nope","key":"1","column":"a","code":"E_TEXT_NUL"}\n`);
  expect(expectOneMessage(await retried(list, database), 'E_REJECTS_INVALID', 2)).toMatch(/line 8 names a row/);
  writeFileSync(list, text);
  mend(source, 'ALTER TABLE letter RENAME COLUMN body TO words');
  expect(expectOneMessage(await retried(list, database), 'E_REJECTS_INVALID', 2)).toMatch(/"letter".*columns/);
});
