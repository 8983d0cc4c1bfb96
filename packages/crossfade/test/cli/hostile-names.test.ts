import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printable, printableJson, shown } from '../../src/core/printable.ts';
import { ident, literal } from '../../src/core/sql-text.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { type Ended, runCli, serverEnv } from '../support/cli.ts';
import { sourceFile } from '../support/sources.ts';

/** The title of the window, a bell, back to the start of the line, a letter taken back, right to left, 8-bit CSI, a line of its own. */
const attack = '\x1b]0;x\x07\r\b\u202e\u009b2J\nEqual: all is well';
const named = (word: string): string => `${word}${attack}`;

/** All that a terminal may be sent beside letters: the end of a line, and no line that a name has made. */
function expectHarmless(ended: Ended, ...words: readonly string[]): void {
  const said = ended.stdout + ended.stderr;
  expect(said.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\u2028\u2029]/gu)).toBeNull();
  expect(said.split('\n').filter((line) => line.startsWith('Equal: all is well'))).toEqual([]);
  for (const word of words) expect(said).toContain(word);
}

/** Every kind of name, and keys, are hostile; a row cannot be held, one has no parent, and a view stays behind. */
function hostileSource(): string {
  const [table, child, key, note] = ['table', 'child', 'key', 'note'].map((word) => ident(named(word)));
  return sourceFile(
    `CREATE TABLE ${table} (${key} TEXT PRIMARY KEY, ${note} TEXT, CONSTRAINT ${ident(named('check'))} CHECK (${key} GLOB '*'))`,
    `CREATE TABLE ${child} (${key} TEXT REFERENCES ${table})`,
    `CREATE VIEW ${ident(named('view'))} AS SELECT 1`,
    `INSERT INTO ${table} VALUES ('${named('row')}', 'fine'), ('${named('bad')}', 'a' || char(0) || 'b')`,
    `INSERT INTO ${child} VALUES ('${named('orphan')}')`,
  );
}

test('names and keys out of a source move no cursor and forge no line, in whatever a command prints of them', async () => {
  const [database, source, cwd] = [await freshDatabase(), hostileSource(), tempFolder()];
  const run = (...args: string[]): Promise<Ended> => runCli(args, { cwd, env: serverEnv(database) });

  const moved = await run('move', source, '--bad-values', 'quarantine');
  expect(moved.status).toBe(4);
  const escaped = 'table\\u{1b}]0;x\\u{7}\\u{d}\\u{8}\\u{202e}\\u{9b}2J\\u{a}Equal';
  expectHarmless(moved, 'Withheld', 'Not moved', 'Not created', 'view\\u{1b}', 'E_TEXT_NUL', escaped);

  await database.query(`update public.${ident(named('table'))} set ${ident(named('note'))} = 'other'`);
  const verified = await run('verify', source);
  expect(verified.status).toBe(1);
  expectHarmless(verified, 'Different', 'note\\u{1b}');
  const json = await run('verify', source, '--json');
  expectHarmless(json);
  expect(json.stdout).toContain(
    JSON.stringify(named('table')).replace('\u202e', '\\u202e').replace('\u009b', '\\u009b'),
  );
  expect(JSON.parse(json.stdout)).toMatchObject({ verdict: 'different' });
});

test('a path, a file of a migration and an argument neither', async () => {
  const [database, folder] = [await freshDatabase(), join(tempFolder(), named('folder'))];
  mkdirSync(folder);
  const run = (...args: string[]): Promise<Ended> => runCli(args, { cwd: folder, env: serverEnv(database) });
  expectHarmless(await run('move', named('nowhere.db')), 'E_SOURCE_MISSING');
  expectHarmless(await run('move', join(folder, 'x.db'), named('--option')));

  const statement = `create table ${ident(named('made'))} (id int); select ${literal(named('text'))}`;
  writeFileSync(join(folder, `1_first.up.sql`), statement);
  writeFileSync(join(folder, `1_first.down.sql`), `drop table ${ident(named('made'))}`);
  for (const command of ['status', 'up', 'lint']) expectHarmless(await run('migrate', command, '--dir', folder));
  writeFileSync(join(folder, named('2_second.up.sql')), 'select 1');
  expectHarmless(await run('migrate', 'status', '--dir', folder));
  writeFileSync(join(folder, '3_third.up.sql'), `select * from ${ident(named('missing'))}`);
  expectHarmless(await run('migrate', 'up', '--dir', folder));
  expectHarmless(await run('doctor', '--schema', named('schema')));
});

test('what is shown is the text otherwise, and the same JSON', () => {
  expect(printable('Größe 😀\t')).toBe('Größe 😀\\u{9}');
  const document = { name: attack, of: ['\u{e0001}', 1, null, 10n, true] };
  expect(shown(document)).toEqual({ name: printable(attack), of: ['\\u{e0001}', 1, null, 10n, true] });
  const json = JSON.stringify({ ...document, of: ['\u{e0001}', 'Größe'] }, null, 2);
  expect(printableJson(json)).toMatch(/^[^\p{Cf}\x7f-\x9f]+$/u);
  expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
});
