import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { deadPlace } from '../harness/sockets.ts';
import { type CliOptions, runCli, serverEnv } from '../support/cli.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { expectOneMessage } from '../support/moves.ts';
import { numbers, smallSource, sourceFile } from '../support/sources.ts';
import { loadSchemas, publishedTables } from '../support/traces.ts';

/** A value out of a row; no message may hold it. */
const secretValue = 'zz-canary-value';
let good: string;

beforeAll(() => {
  good = sourceFile(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)',
    `${numbers(50)} INSERT INTO t SELECT i, '${secretValue}' FROM n`,
  );
});

/** Runs a move that must fail, and finds one message, no trace of values or secrets, and an untouched target. */
async function failing(
  code: string,
  status: number,
  args: readonly string[],
  options: CliOptions & { database?: TestDatabase; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const database = options.database ?? (await freshDatabase());
  const before = await publishedTables(database);
  const env = { ...serverEnv(database), ...options.env };
  const ended = await runCli(['move', ...args], { ...options, env });
  const message = expectOneMessage(ended, code, status);
  expect(ended.stdout).toBe('');
  for (const secret of [secretValue, database.password as string]) expect(ended.stderr).not.toContain(secret);
  expect(await publishedTables(database)).toEqual(before);
  expect(await loadSchemas(database)).toEqual([]);
  return message;
}

test('a mistyped path is named, and no file is made there', async () => {
  const path = join(tempFolder(), 'ap.db');
  expect(await failing('E_SOURCE_MISSING', 1, [path])).toBe(
    `E_SOURCE_MISSING: There is no file ${path}. Nothing was moved. Check the path.`,
  );
  expect(() => statSync(path)).toThrow('ENOENT');
});

test('a directory is not a file', async () => {
  expect(await failing('E_SOURCE_NOT_A_FILE', 1, [tempFolder()])).toMatch(
    /is a directory.*Nothing was moved.*Name the database file/,
  );
});

test.each([
  ['empty', Buffer.alloc(0), /is empty.*Nothing was moved.*Check/],
  [
    'text',
    Buffer.from('id,name\n1,anna\n'.repeat(200)),
    /is not a SQLite database, or it is encrypted.*Nothing was (moved|read).*[Cc]heck/,
  ],
  ['random', Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 97) % 251)), /is not a SQLite database/],
])('a file that is %s is no database', async (_, bytes, says) => {
  const path = join(tempFolder(), 'app.db');
  writeFileSync(path, bytes);
  expect(await failing('E_SOURCE_NOT_SQLITE', 1, [path])).toMatch(says);
});

test('a corrupt file is found by SQLite itself, and nothing of it is moved', async () => {
  const path = smallSource();
  truncateSync(path, statSync(path).size - 4096);
  expect(await failing('E_SOURCE_CORRUPT', 1, [path])).toMatch(/(cut short|damaged).*Nothing was.*backup/);
});

test('a file without the right to read it names the user that lacks it', async () => {
  const path = smallSource();
  chmodSync(path, 0o000);
  expect(await failing('E_SOURCE_FORBIDDEN', 1, [path], { unprivileged: true })).toMatch(
    /cannot be opened \(EACCES\).*Nothing was moved.*user with id \d+ needs the right/,
  );
});

test('a server that is down', async () => {
  const dead = await deadPlace();
  const env = { PGPORT: String(dead.port) };
  expect(await failing('E_TARGET_UNREACHABLE', 1, [good], { env })).toMatch(/nothing listens there.*Start the server/);
});

test('a wrong password', async () => {
  const message = await failing('E_TARGET_LOGIN', 1, [good], { env: { PGPASSWORD: 'zz-wrong-password' } });
  expect(message).toMatch(/refused the password.*Check user and password/);
  expect(message).not.toContain('zz-wrong');
});

test('a database that does not exist', async () => {
  expect(await failing('E_TARGET_LOGIN', 1, [good], { env: { PGDATABASE: 'no_such' } })).toMatch(
    /there is no such database.*Create it/,
  );
});

test('a table that is there and has rows is named, and keeps them', async () => {
  const database = await freshDatabase();
  await database.query("create table t (id int, a text); insert into t values (7, 'theirs')");
  expect(await failing('E_TARGET_NOT_EMPTY', 1, [good], { database })).toMatch(
    /public\.t already exists and has rows\. Nothing was moved.*--schema/,
  );
  expect((await database.query('select id, a from t')).rows).toEqual([{ id: 7, a: 'theirs' }]);
});

test('a password on the command line is refused, and not repeated', async () => {
  const message = await failing('E_SECRET_IN_ARGV', 2, [good, '--to', 'postgres://u:zz-secret@127.0.0.1/app']);
  expect(message).toMatch(/Nothing was done.*PGPASSWORD/);
  expect(message).not.toContain('zz-secret');
});

test.each([
  ['a rule that does not exist', ['--rule', 't.a=nonsense'], 'E_RULE_INVALID', /no rule "nonsense".*Rules: /],
  ['a rule for a column that does not exist', ['--rule', 't.b=text'], 'E_RULE_INVALID', /No table and column/],
  ['a table that does not exist in --only', ['--only', 'T,nope'], 'E_USAGE', /no table "nope".*Tables: t\./],
  ['a table that does not exist in --except', ['--except', 'nope'], 'E_USAGE', /no table "nope"/],
  ['a choice that leaves no table', ['--only', 't', '--except', 'T'], 'E_USAGE', /leave no table.*moved.*Tables: t\./],
  ['everything left out', ['--except', 't'], 'E_USAGE', /leave no table of the source\. Nothing was moved/],
  [
    'a plan that is not there',
    ['--plan', 'nowhere.json'],
    'E_PLAN_INVALID',
    /cannot be read \(ENOENT\).*crossfade plan/,
  ],
])('%s is refused by name', async (_, options, code, says) => {
  expect(await failing(code, 2, [good, ...options])).toMatch(says);
});

test.each([
  [['move'], /missing required argument 'source'/],
  [['move', 'app.db', '--types', 'poor'], /option '--types <mode>' argument 'poor' is invalid/],
  [['move', 'app.db', '--jobs', '0'], /'--jobs <n>' argument '0' is invalid/],
  [['move', 'app.db', '--nonsense'], /unknown option '--nonsense'/],
  [['nonsense'], /unknown command 'nonsense'/],
])('%j is wrong use: exit 2, and the way to the help', async (args, says) => {
  const ended = await runCli(args);
  expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).toMatch(/Nothing was done\. See crossfade --help\./);
});

test.each([
  ['move', '--schema', 'pg_x', /schemas of that name are PostgreSQL's own/],
  ['move', '--schema', 'information_schema', /schemas of that name are PostgreSQL's own/],
  ['move', '--schema', '', /a name cannot be empty/],
  ['move', '--only', '', /a list of names/],
  ['move', '--only', 't,', /a list of names/],
  ['move', '--except', '', /a list of names/],
  ['verify', '--schema', 'pg_x', /schemas of that name are PostgreSQL's own/],
  ['verify', '--only', '', /a list of names/],
  ['plan', '--only', '', /a list of names/],
])('%s %s %j: exit 2, no server is asked, and no file is made', async (command, option, value, says) => {
  const [database, cwd] = [await freshDatabase(), tempFolder()];
  const proxy = await faultProxy(database);
  const env = serverEnv({ ...database, ...proxy });
  const ended = await runCli([command, good, option, value], { env, cwd });
  expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 2, stdout: '' });
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).toContain(`option '${option}`);
  expect(ended.stderr).toMatch(/Nothing was done\. See crossfade --help\./);
  expect([proxy.calls(), readdirSync(cwd)]).toEqual([0, []]);
});

test('a report for a folder that does not exist is refused before any server is asked, and written once it does', async () => {
  const database = await freshDatabase();
  const proxy = await faultProxy(database);
  const path = join(tempFolder(), 'none', 'report.json');
  const env = { PGPORT: String(proxy.port) };
  const message = await failing('E_REPORT_UNWRITABLE', 1, [good, '--report', path], { database, env });
  expect(message).toContain(path);
  expect(message).toMatch(/folder must exist/);
  expect(proxy.calls()).toBe(0);
  mkdirSync(dirname(path));
  const second = await runCli(['move', good, '--report', path], { env: serverEnv(database) });
  expect({ status: second.status, rows: (await database.query('select count(*)::int as n from t')).rows }).toEqual({
    status: 0,
    rows: [{ n: 50 }],
  });
});

test.each([[[]], [['--dry-run']]])(
  'a bad value in a table whose rows have no name cannot be withheld: exit 2, and nothing is published, with %j',
  async (options) => {
    const [database, cwd] = [await freshDatabase(), tempFolder()];
    const nameless = sourceFile(
      'CREATE TABLE t (rowid TEXT, oid TEXT, _rowid_ TEXT)',
      'CREATE TABLE u (id INTEGER PRIMARY KEY)',
      'INSERT INTO u VALUES (1)',
      `INSERT INTO t VALUES ('a', 'b', 'c'), ('a', '${secretValue}' || char(0), 'c')`,
    );
    const args = [nameless, '--bad-values', 'quarantine', ...options];
    const message = await failing('E_USAGE', 2, args, { database, cwd });
    expect(message).toMatch(/Rows of table t cannot be withheld.*Nothing was written.*rule for t\.oid/);
    expect(readdirSync(cwd), 'no list of withheld rows').toEqual([]);
    const mended = await runCli(['move', ...args, '--rule', 't.oid=nul:strip'], { env: serverEnv(database) });
    expect(mended.status).toBe(options.length === 0 ? 4 : 0);
  },
);

test.each([
  ['move', 'E_SOURCE_MISSING', 1, ['no-such.db']],
  ['move', 'E_SOURCE_NOT_A_FILE', 1, ['.']],
  ['move', 'E_USAGE', 2, ['no-such.db', '--reject-limit', '3']],
  ['verify', 'E_SOURCE_MISSING', 1, ['no-such.db']],
  ['verify', 'E_REJECTS_INVALID', 2, ['no-such.db', '--quarantine', 'no-such.jsonl']],
  ['retry', 'E_REJECTS_INVALID', 2, ['no-such.jsonl']],
])('%s that ends with %s has made no embedded server', async (command, code, status, args) => {
  const cwd = tempFolder();
  expectOneMessage(await runCli([command, ...args], { cwd }), code, status);
  expect(readdirSync(cwd)).toEqual([]);
});

test('the -wal of a database holds commits, and no report replaces it', async () => {
  const source = smallSource();
  const db = new DatabaseSync(source);
  onTestFinished(() => db.close());
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE late (a)');
  const before = readFileSync(`${source}-wal`);
  const message = await failing('E_REPORT_UNWRITABLE', 1, [source, '--report', `${source}-wal`]);
  expect(message).toContain('was not replaced');
  expect(readFileSync(`${source}-wal`).equals(before)).toBe(true);
});
