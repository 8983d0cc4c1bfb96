import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { migrate, migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { noTransaction, schemaDump } from '../support/migrations.ts';
import { fetched } from '../support/projects.ts';

// golang-migrate cannot run beside: it is published as a module of Go alone. Its lock and its table are held to by their numbers.
const dbmatePath = () => join(fetched({ npm: `@dbmate/${process.platform}-${process.arch}@2.36.0` }), 'bin', 'dbmate');

/** Texts by the stem of their file: up and down. */
type Files = Readonly<Record<string, readonly [up: string, down: string]>>;

const fixtures = fileURLToPath(new URL('../fixtures/diabrisk/', import.meta.url));
const textOf = (path: string) => readFileSync(join(fixtures, path), 'utf8');
const diabrisk: Files = Object.fromEntries(
  globSync('*.up.sql', { cwd: fixtures })
    .map((path) => path.replace('.up.sql', ''))
    .map((stem) => [stem, [textOf(`${stem}.up.sql`), textOf(`${stem}.down.sql`)]]),
);

/** The same texts, as each of the two has its folder. */
function twoFolders(files: Files): { ours: string; theirs: string } {
  const [ours, theirs] = [tempFolder('ours-'), tempFolder('theirs-')];
  for (const [stem, [up, down]] of Object.entries(files)) {
    writeFileSync(join(ours, `${stem}.up.sql`), up);
    writeFileSync(join(ours, `${stem}.down.sql`), down);
    const options = up.startsWith(noTransaction) ? ' transaction:false' : '';
    writeFileSync(join(theirs, `${stem}.sql`), `-- migrate:up${options}\n${up}\n-- migrate:down${options}\n${down}`);
  }
  return { ours, theirs };
}

function dbmate(database: TestDatabase, folder: string, ...words: string[]): { status: number | null; said: string } {
  const { user, password = '', host, port, database: name } = database;
  const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}?sslmode=disable`;
  const { status, stdout, stderr } = spawnSync(
    dbmatePath(),
    ['--no-dump-schema', '--env-file', 'none', '-d', folder, ...words],
    { encoding: 'utf8', env: { PATH: process.env.PATH, DATABASE_URL: url } },
  );
  return { status, said: `${stdout}${stderr}` };
}

const withoutBooks = (lines: readonly string[]) =>
  lines.filter((line) => !/crossfade_migration|schema_migrations/.test(line));

async function scene(files: Files) {
  const [mine, other, folders] = [await freshDatabase(), await freshDatabase(), twoFolders(files)];
  const both = async () => {
    const [a, b] = [withoutBooks(await schemaDump(mine)), withoutBooks(await schemaDump(other))];
    expect(a).toEqual(b);
    return a;
  };
  return { mine, other, both, options: { folder: folders.ours, target: mine }, theirs: folders.theirs };
}

test('the same files make the same schema as dbmate, go down to the same nothing, and up again', async () => {
  const { mine, other, both, options, theirs } = await scene(diabrisk);
  await migrate(options);
  expect(dbmate(other, theirs, 'migrate')).toMatchObject({ status: 0 });
  const made = await both();
  const seeds = 'SELECT email, role FROM users ORDER BY email';
  expect((await mine.query(seeds)).rows).toEqual((await other.query(seeds)).rows);

  await migrateTo(options, { kind: 'down', count: 1 });
  expect(dbmate(other, theirs, 'rollback')).toMatchObject({ status: 0 });
  await both();
  await migrateTo(options, { kind: 'down', count: 'all' });
  for (let left = Object.keys(diabrisk).length - 1; left > 0; left--)
    expect(dbmate(other, theirs, 'rollback')).toMatchObject({ status: 0 });
  expect(await both()).toEqual([]);
  await migrate(options);
  dbmate(other, theirs, 'up');
  expect(await both()).toEqual(made);
});

test('a file that fails leaves nothing with either; ours says where it failed', async () => {
  const { other, both, options, theirs } = await scene({
    '000001_a': ['CREATE TABLE a (x int);', 'DROP TABLE a;'],
    '000002_b': ["CREATE TABLE b (x int);\nINSERT INTO b\n  VALUES ('no number');", 'DROP TABLE b;'],
  });
  const error = await refusal(migrate(options));
  expect(error).toMatchObject({ code: 'E_MIGRATION_FAILED', facts: { line: 3, column: 11, sqlstate: '22P02' } });
  const { status, said } = dbmate(other, theirs, 'migrate');
  expect([status === 0, said]).toEqual([false, expect.stringContaining('invalid input syntax for type integer')]);
  expect((await both()).filter((line) => line.startsWith('relation'))).toEqual([
    expect.stringContaining('relation a '),
  ]);
});

test('without a transaction: one statement runs with either, and of several dbmate asks for a file each', async () => {
  const index = (name: string) => `CREATE INDEX CONCURRENTLY ${name} ON a (x);`;
  const { other, both, options, theirs } = await scene({
    '000001_a': ['CREATE TABLE a (x int);', 'DROP TABLE a;'],
    '000002_one': [`${noTransaction}${index('one')}`, 'DROP INDEX one;'],
  });
  await migrate(options);
  expect(dbmate(other, theirs, 'migrate')).toMatchObject({ status: 0 });
  expect((await both()).filter((line) => line.startsWith('index'))).toHaveLength(1);

  const more = twoFolders({ '000003_two': [`${noTransaction}${index('two')}\n${index('three')}`, 'SELECT 1;'] });
  writeFileSync(join(options.folder, '000003_two.up.sql'), readFileSync(join(more.ours, '000003_two.up.sql')));
  writeFileSync(join(theirs, '000003_two.sql'), readFileSync(join(more.theirs, '000003_two.sql')));
  expect((await migrate(options)).version).toBe(3n);
  expect(dbmate(other, theirs, 'migrate').said).toContain('cannot run inside a transaction block');
});
