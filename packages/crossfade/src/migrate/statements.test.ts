import { expect, test } from 'vitest';
import { splitStatements } from './statements.ts';

const split = (sql: string) => splitStatements(sql, 'x.sql');
const texts = async (sql: string) => (await split(sql)).map((statement) => statement.sql);
const places = async (sql: string) => (await split(sql)).map(({ line, column }) => `${line}:${column}`);
const fault = (sql: string) =>
  split(sql).then(
    () => 'no error',
    ({ code, message, facts }) => ({ code, message: message as string, at: `${facts.line}:${facts.column}` }),
  );

test('semicolons in strings, names, comments, dollar quotes and bodies do not end a statement', async () => {
  const statements = [
    `INSERT INTO "a;b" VALUES ('x;''y', E'\\';', U&'\\0061;')`,
    'DO $$ BEGIN PERFORM 1; PERFORM $q$;$q$; END $$',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END',
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)',
    'SELECT 1 /* ; /* nested; */ */ + 2 -- ;\n + 3',
  ];
  expect(await texts(`-- head;\n${statements.join(' ;\n-- between;\n')};;;\n-- tail;`)).toEqual(statements);
});

test('a statement is a slice of the file, at the line and column of its first token', async () => {
  const sql = "\r\n-- 😀é\r\n  SELECT '😀';/* ü😀 */ SELECT 2;\r\n\tSELECT 3  \n";
  const found = await split(sql);
  for (const { sql: text, offset } of found) expect(sql.slice(offset, offset + text.length)).toBe(text);
  expect(found.map(({ sql: text }) => text)).toEqual(["SELECT '😀'", 'SELECT 2', 'SELECT 3']);
  expect(await places(sql)).toEqual(['3:3', '3:23', '4:2']);
});

test('nothing but blanks and comments gives no statement', async () => {
  for (const sql of ['', ' \n', '-- a;', '/* ; */ ;;', '\n;\n']) expect(await texts(sql)).toEqual([]);
});

test('COPY data is taken as it lies there, whatever it looks like', async () => {
  const data = "1\tit's; $$ --\n2\t\\\\.\n\\N\t/*\u2028\\.\n";
  const sql = `SELECT 1;\nCOPY t (a, b) FROM stdin;\n${data}\\.\n\nCOPY public."u" FROM STDIN WITH (FORMAT csv);\n\\.\nSELECT 2;`;
  const found = await split(sql);
  expect(found.map(({ copyData }) => copyData)).toEqual([null, data, '', null]);
  expect(await places(sql)).toEqual(['1:1', '2:1', '8:1', '10:1']);
});

test('COPY data of a file with CRLF ends at its own line', async () => {
  const [copy, next] = await split('COPY t FROM STDIN;\r\n1\r\n\\.\r\nSELECT 1;\r\n');
  expect([copy?.copyData, next?.sql]).toEqual(['1\r\n', 'SELECT 1']);
});

test.each([
  ['a semicolon as DELIMITER', "COPY t FROM stdin DELIMITER ';';\n"],
  ['one in the options', "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER ';', QUOTE '''');\n"],
  ['a comment behind the semicolon', 'COPY t FROM stdin; -- the rows; all of them\n'],
  ['several of both kinds', "COPY t FROM stdin DELIMITER ';' ; /* a */ /* b; */ -- c;\r\n"],
  ['a semicolon in a comment before the real one', 'COPY t FROM stdin -- first;\n  -- second;\n;\n'],
  ['a semicolon on a line of its own', 'COPY t FROM stdin\n;\n'],
])('COPY with %s has its data right below, as in psql', async (_, copy) => {
  const found = await split(`SELECT ';';\n${copy}1;2\nit's;\n\\.\nSELECT 2;`);
  expect(found.map(({ copyData }) => copyData)).toEqual([null, "1;2\nit's;\n", null]);
});

test('what only looks like a COPY is none', async () => {
  const sql =
    "SELECT 'COPY t FROM STDIN;\n\\.\n';\n-- COPY t FROM STDIN;\nDO $$ -- from stdin;\n BEGIN END $$;\nCOPY t TO STDOUT;";
  expect(await texts(sql)).toHaveLength(3);
});

test('COPY without data, or without the end of it, is refused where it stands', async () => {
  for (const sql of ['COPY t FROM STDIN;', 'COPY t FROM STDIN;\n1\n', 'COPY t FROM STDIN; SELECT 1;\n'])
    expect(await fault(sql)).toMatchObject({ code: 'E_MIGRATION_SYNTAX', at: '1:1' });
});

test('a syntax error is told with file, line and column, also behind characters of several bytes', async () => {
  expect(await fault("SELECT '😀é';\n  SELEC 1;")).toMatchObject({
    code: 'E_MIGRATION_SYNTAX',
    at: '2:3',
    message: 'x.sql:2:3: syntax error at or near "SELEC". Nothing was run. Correct the file.',
  });
  expect(await fault("SELECT '😀é' x y;")).toMatchObject({ at: '1:15' });
  expect(await fault(`SELECT 1;\nSELECT $$ ${'a\n'.repeat(500)}`)).toMatchObject({ at: '2:8' });
  expect((await fault(`SELECT '${'a\n'.repeat(500)}`)) as { message: string }).toHaveProperty(
    'message.length',
    expect.any(Number),
  );
});

test('commands of psql are called by their name', async () => {
  expect(await fault('\\connect db\nSELECT 1;')).toMatchObject({ at: '1:1', message: expect.stringContaining('psql') });
  expect(await fault('SELECT 1;\n\\.\n')).toMatchObject({ at: '2:1', message: expect.stringContaining('COPY') });
});

test('the two commands that pg_dump writes around every dump are passed over, and only they', async () => {
  const token = 'Lgc1l3akVFUWUIi1P5I651';
  const dump = `--\n-- é\n--\n\n\\restrict ${token}\n\nSELECT 1;\nSELECT '\n\\restrict ${token}\n';\n\\unrestrict ${token}\r\n`;
  expect(await texts(dump)).toEqual(['SELECT 1', `SELECT '\n\\restrict ${token}\n'`]);
  expect(await places(dump)).toEqual(['7:1', '8:1']);
  expect(await fault(`${dump}\\connect db\n`)).toMatchObject({ at: '12:1', message: expect.stringContaining('psql') });
  const copy = `COPY t FROM stdin;\n\\restrict ${token}\n\\.\n`;
  expect((await split(copy)).map(({ copyData }) => copyData)).toEqual([`\\restrict ${token}\n`]);
});

test('a file of many pieces is cut like a small one', async () => {
  const one = "INSERT INTO t VALUES ('a;\n', $$;\n$$);\n";
  const sql = `${one.repeat(9_000)}COPY t FROM STDIN;\n1;\n\\.\n${one.repeat(9_000)}SELEC`;
  const good = await split(sql.slice(0, -5));
  expect(good).toHaveLength(18_001);
  expect(new Set(good.map((statement) => statement.sql))).toEqual(new Set([one.slice(0, -2), 'COPY t FROM STDIN']));
  expect(good.at(-1)?.line).toBe(9_000 * 3 + 3 + 8_999 * 3 + 1);
  expect(await fault(sql)).toMatchObject({ at: `${18_000 * 3 + 4}:1` });
});

test('a last line of nothing but dashes, which draws a line, takes no longer than its length', async () => {
  const line = '-'.repeat(10_000);
  expect(await texts(`SELECT 'stdin';${line}`)).toEqual(["SELECT 'stdin'"]);
  expect(await texts(`COPY t FROM stdin;${line}\n1\n\\.\nSELECT 1; /* a */ /* b */ ${line}`)).toEqual([
    'COPY t FROM stdin',
    'SELECT 1',
  ]);
});
