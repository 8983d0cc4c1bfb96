import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlanFile } from '../../src/move/plan-file.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { sampled } from '../harness/sample.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { expectOneMessage, moveJson, reportOf } from '../support/moves.ts';
import { addUnheldRow, smallSource, sourceFile } from '../support/sources.ts';
import { loadSchemas, publishedTables, schemaParts } from '../support/traces.ts';

/** A plan as a user has it: written by the command, read, to be edited. */
async function planOf(source: string): Promise<{ path: string; plan: PlanFile; write: (edited: unknown) => void }> {
  const path = join(tempFolder(), 'plan.json');
  const ended = await runCli(['plan', source, '--out', path]);
  expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 0, stdout: '' });
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  const plan = JSON.parse(readFileSync(path, 'utf8')) as PlanFile;
  return { path, plan, write: (edited) => writeFileSync(path, JSON.stringify(edited)) };
}

const table = (plan: PlanFile, name: string) =>
  plan.tables.find(({ source }) => source === name) as PlanFile['tables'][0];
const column = (plan: PlanFile, of: string, name: string) =>
  table(plan, of).columns.find(({ source }) => source === name) as PlanFile['tables'][0]['columns'][0];

test('a plan lists every column with its type and the evidence, needs no server, and is the same on stdout', async () => {
  const source = smallSource();
  const { plan } = await planOf(source);
  const printed = await runCli(['plan', source]);
  expect(JSON.parse(printed.stdout)).toEqual(plan);
  expect(plan.tables.map(({ source: name, columns }) => [name, columns.length])).toEqual([
    ['nothing_yet', 2],
    ['person', 9],
    ['setting', 3],
    ['visit', 4],
  ]);
  expect(column(plan, 'person', 'prefs')).toMatchObject({ type: 'jsonb', gin: false, why: expect.stringMatching(/./) });
  expect(table(plan, 'visit').parts.map(({ name, create }) => [name, create])).toEqual([
    ['visit_person', true],
    [expect.stringMatching(/^visit_.*check/), true],
    ['visit_person_id_fkey', true],
  ]);
});

test('an unedited plan moves as without one', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const { path } = await planOf(source);
  expect((await moveJson(source, database, '--plan', path)).status).toBe(0);
  const parts = await schemaParts(database);
  const other = await freshDatabase();
  expect((await moveJson(source, other)).status).toBe(0);
  expect(parts).toEqual(await schemaParts(other));
});

test('a part that the plan leaves out and that does not exist is named', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const { path, plan, write } = await planOf(source);
  for (const part of table(plan, 'visit').parts) if (part.name === 'visit_person') part.create = false;
  table(plan, 'visit').parts.push({ name: 'visit_persons', create: false });
  write(plan);
  const ended = await moveJson(source, database, '--plan', path);
  expect(ended.status).toBe(0);
  expect(reportOf(ended).warnings.filter((warning) => warning.includes('leaves out'))).toEqual([
    'The plan leaves out "visit_persons" of "visit", which has no index, check or foreign key of this name.',
  ]);
});

test('an edited plan is followed: names, types, an index left out, a GIN index, a table left out; and verified by it', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const { path, plan, write } = await planOf(source);
  table(plan, 'person').target = 'people';
  table(plan, 'setting').move = false;
  column(plan, 'person', 'created_at').target = 'made at';
  column(plan, 'person', 'born').type = 'text';
  column(plan, 'person', 'prefs').gin = true;
  column(plan, 'visit', 'minutes').type = 'bigint';
  for (const part of table(plan, 'visit').parts) if (part.name === 'visit_person') part.create = false;
  write(plan);
  const ended = await moveJson(source, database, '--plan', path);
  expect(ended.status).toBe(0);
  expect(await publishedTables(database)).toEqual(['nothing_yet', 'people', 'visit']);
  expect(reportOf(ended).notMoved).toContainEqual({
    kind: 'table',
    name: 'setting',
    why: expect.stringContaining('plan'),
  });
  const { rows } = await database.query(
    `select column_name as name, data_type as type from information_schema.columns where table_schema = 'public'
      and column_name in ('made at', 'born', 'minutes', 'prefs') order by 1`,
  );
  expect(rows).toEqual([
    { name: 'born', type: 'text' },
    { name: 'made at', type: 'timestamp with time zone' },
    { name: 'minutes', type: 'bigint' },
    { name: 'prefs', type: 'jsonb' },
  ]);
  const parts = (await schemaParts(database)).join('\n');
  expect(parts).toMatch(/ON public\.people USING gin \(prefs\)/);
  expect(parts).toContain('visit FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE');
  expect(parts).toContain('ON public.people USING btree ("made at") WHERE');
  expect(parts).not.toContain('visit_person ON');
  const verified = await runCli(['verify', source, '--plan', path], { env: serverEnv(database) });
  expect([verified.status, verified.stderr]).toEqual([0, '']);
});

type Edit = (plan: PlanFile) => unknown;
const wrong: readonly [string, Edit, RegExp][] = [
  ['a table that does not exist', (plan) => (table(plan, 'person').source = 'nobody'), /no table "nobody"/],
  [
    'a column that does not exist',
    (plan) => (column(plan, 'visit', 'price').source = 'prize'),
    /no column "visit\.prize"/,
  ],
  [
    'a type that does not exist',
    (plan) => (column(plan, 'visit', 'price').type = 'money' as never),
    /tables\.3\.columns\.3\.type \("visit\.price"\)/,
  ],
  ['an empty name', (plan) => (table(plan, 'visit').target = ''), /tables\.3\.target/],
  [
    'one name for two columns',
    (plan) => (column(plan, 'person', 'note').target = 'email'),
    /gives "person\.email" and "person\.note" the same target "email"/,
  ],
  [
    'one name for two tables',
    (plan) => (table(plan, 'visit').target = 'person'),
    /gives "person" and "visit" the same target "person"/,
  ],
  [
    'a column of more than 63 bytes',
    (plan) => (column(plan, 'visit', 'price').target = `${'ä'.repeat(31)}ab`),
    /tables\.3\.columns\.3\.target \("visit\.price"\): a name has at most 63 bytes, and this one has 64/,
  ],
  [
    'a NUL in the name of a column',
    (plan) => (column(plan, 'visit', 'price').target = 'pri\0ce'),
    /tables\.3\.columns\.3\.target \("visit\.price"\): a name cannot hold NUL/,
  ],
  [
    'a name that is cut within a character',
    (plan) => (column(plan, 'visit', 'price').target = 'pri\ud83d'),
    /\("visit\.price"\): a name cannot hold .*half of a surrogate pair/,
  ],
  [
    'a name that every table has already',
    (plan) => (column(plan, 'visit', 'price').target = 'xmin'),
    /"visit\.price" cannot become xmin/,
  ],
  [
    'a misspelt field',
    (plan) => Object.assign(column(plan, 'visit', 'price'), { rule: ['bytea'] }),
    /tables\.3\.columns\.3 \("visit\.price"\): .*"rule"/,
  ],
  ['a table that is not listed', (plan) => (plan.tables as unknown[]).pop(), /does not list the tables visit/],
  ['another version', (plan) => ((plan as { crossfadePlan: number }).crossfadePlan = 2), /crossfadePlan/],
  ['a rule that does not exist', (plan) => (column(plan, 'visit', 'price').rules = ['round']), /"round"/],
];

test.each(sampled(wrong, 3))(
  'a plan with %s is refused by name, exit 2, and nothing is moved',
  async (_, edit, says) => {
    const [database, source] = [await freshDatabase(), smallSource()];
    const { path, plan, write } = await planOf(source);
    edit(plan);
    write(plan);
    const ended = await moveJson(source, database, '--plan', path);
    const message = expectOneMessage(ended, reportOf(ended).error?.code as string, 2);
    expect(message).toMatch(/^E_(PLAN|RULE)_INVALID/);
    expect(message).toMatch(says);
    expect(message).toMatch(/Nothing was moved/);
    expect([await publishedTables(database), await loadSchemas(database)]).toEqual([[], []]);
  },
);

test('a plan that is no JSON is refused', async () => {
  const { path } = await planOf(smallSource());
  writeFileSync(path, '{');
  const ended = await moveJson(smallSource(), await freshDatabase(), '--plan', path);
  expect(expectOneMessage(ended, 'E_PLAN_INVALID', 2)).toMatch(/it is not JSON/);
});

test('a type that cannot hold a value stops the run, exit 3, and names the column', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const { path, plan, write } = await planOf(source);
  column(plan, 'person', 'note').type = 'uuid';
  write(plan);
  const ended = await moveJson(source, database, '--plan', path);
  expect(ended.status).toBe(3);
  expect(reportOf(ended).badValues).toEqual([
    expect.objectContaining({ table: 'person', column: 'note', code: 'E_TYPE_UNFIT', count: 40 }),
  ]);
  expect(await publishedTables(database)).toEqual([]);
});

test('a plan says what cannot be held, by column and count', async () => {
  const source = smallSource();
  addUnheldRow(source);
  const { plan } = await planOf(source);
  expect(plan.cannotBeHeld).toEqual([{ table: 'person', column: 'note', code: 'E_TEXT_NUL', count: 1 }]);
});

test('a name of 63 bytes that a plan gives is used as it stands', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  const { path, plan, write } = await planOf(source);
  const longest = `${'ä'.repeat(31)}a`;
  column(plan, 'visit', 'price').target = longest;
  write(plan);
  expect((await moveJson(source, database, '--plan', path)).status).toBe(0);
  expect((await database.query(`select "${longest}"::text as price from visit where id = 3`)).rows).toEqual([
    { price: '1.25' },
  ]);
});

test.each([['--schema', 'elsewhere'], ['--show-values']])(
  'a plan knows no target and shows no value, so that %s is wrong use',
  async (...option) => {
    const ended = await runCli(['plan', smallSource(), ...option]);
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      option[0] === '--schema' ? /--schema are about migrations/ : /unknown option '--show-values'/,
    );
  },
);

test('a plan holds no value of a row and no text key in plain', async () => {
  const source = sourceFile(
    'CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, a TEXT) WITHOUT ROWID',
    `INSERT INTO t VALUES ('zz-key-1', 1, 'zz-value-1'), ('zz-key-2', 'zz-value-2', 'zz-value' || char(0))`,
  );
  const printed = await runCli(['plan', source]);
  const plan = JSON.parse(printed.stdout) as PlanFile;
  // The row that is no integer is named, by a digest of its key.
  expect(column(plan, 't', 'n').why).toMatch(/1 of 2 values: key #[0-9a-f]{12} \(8 bytes\), text/);
  expect(plan.cannotBeHeld).toEqual([expect.objectContaining({ column: 'a', code: 'E_TEXT_NUL' })]);
  expect(printed.stdout + printed.stderr).not.toContain('zz-');
});
