import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { serverEnv } from '../support/cli.ts';
import { runHere } from '../support/cli-here.ts';
import { migrationFolder, noTransaction, schemaDump, versionOf } from '../support/migrations.ts';

const files = {
  '1_users': ['CREATE TABLE users (id int);', 'DROP TABLE users;'],
  '2_index': [`${noTransaction}CREATE INDEX CONCURRENTLY i ON users (id);`, 'DROP INDEX i;'],
  '3_seed': ['INSERT INTO users VALUES (1);', 'DELETE FROM users;'],
} as const;

async function scene() {
  const [database, folder] = [await freshDatabase(), migrationFolder(files)];
  const run = (...args: string[]) => runHere(['migrate', ...args, '--dir', folder], { env: serverEnv(database) });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { status, stdout } = await run(...args, '--json');
    return { status, ...(JSON.parse(stdout) as Record<string, unknown>) };
  };
  return { database, folder, run, json };
}

const step = (version: string, direction: string) => ({ version, direction });

test('--json of every command that moves the version says where it was, where it is, and what ran', async () => {
  const { database, json } = await scene();
  const where = { status: 0, target: database.display, schema: 'public', findings: [], seconds: expect.any(Number) };
  await json('up');
  expect(await json('down', '1')).toMatchObject({
    ...where,
    from: '3',
    version: '2',
    ran: [{ ...step('3', 'down'), name: 'seed', statements: 1, transactional: true, durationMs: expect.any(Number) }],
  });
  expect(await json('redo')).toMatchObject({
    ...where,
    from: '2',
    version: '2',
    ran: [
      { ...step('2', 'down'), transactional: true },
      { ...step('2', 'up'), transactional: false },
    ],
  });
  expect(await json('goto', '3')).toMatchObject({ ...where, from: '2', version: '3', ran: [step('3', 'up')] });
  expect(await json('goto', '1')).toMatchObject({
    ...where,
    from: '3',
    version: '1',
    ran: [step('3', 'down'), step('2', 'down')],
  });
  expect(await json('goto', '1')).toMatchObject({ ...where, from: '1', version: '1', ran: [] });
  expect(await json('down', '--all')).toMatchObject({ ...where, from: '1', version: null, ran: [step('1', 'down')] });
  expect(await versionOf(database)).toBe('');
});

test('force --json says what it has written over; it ran nothing', async () => {
  const { database, json } = await scene();
  expect(await json('force', '2')).toEqual({
    status: 0,
    target: database.display,
    schema: 'public',
    from: null,
    wasDirty: false,
    version: '2',
    accepted: [],
    gone: [],
  });
  expect(await versionOf(database)).toBe('2 false');
  await database.query('UPDATE schema_migrations SET dirty = true');
  expect(await json('force', 'none')).toMatchObject({ status: 0, from: '2', wasDirty: true, version: null });
  expect((await database.query("SELECT to_regclass('users') AS users")).rows).toEqual([{ users: null }]);
});

test('new --json names the files that it has made', async () => {
  const cwd = tempFolder('new-');
  const { status, stdout } = await runHere(['migrate', 'new', 'create users', '--json'], { cwd });
  const made = JSON.parse(stdout) as { files: string[] };
  expect([status, made]).toEqual([
    0,
    { files: ['up', 'down'].map((way) => `migrations/000001_create_users.${way}.sql`) },
  ]);
  expect(made.files.every((file) => existsSync(join(cwd, file)))).toBe(true);
  expect(readdirSync(join(cwd, 'migrations'))).toHaveLength(2);
});

const ways = [
  [
    ['down', '2'],
    ['3 down', '2 down'],
  ],
  [
    ['down', '--all'],
    ['3 down', '2 down', '1 down'],
  ],
  [
    ['goto', '1'],
    ['3 down', '2 down'],
  ],
  [['redo'], ['3 down', '3 up']],
] as const;

test('--dry-run of down, goto and redo prints the SQL of each file, and changes nothing', async () => {
  const { database, run, json } = await scene();
  await run('up');
  const standing = async () => [
    await schemaDump(database),
    await versionOf(database),
    (await database.query('SELECT * FROM users')).rows,
    (await database.query('SELECT * FROM crossfade_migrations ORDER BY 1')).rows,
  ];
  const before = await standing();
  for (const [args, wanted] of ways) {
    const { status, stdout } = await run(...args, '--dry-run');
    const printed = [...stdout.matchAll(/^-- \S*\/(\d)_\w+\.(up|down)\.sql: \2 to version \w+ .*$/gm)];
    expect([status, printed.map(([, version, way]) => `${version} ${way}`)]).toEqual([0, wanted]);
    // What runs first stands first.
    const places = wanted.map((each) => stdout.indexOf(sqlOf(each)));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    const planned = await json(...args, '--dry-run');
    expect(planned).toMatchObject({ status: 0, from: '3' });
    const steps = planned.steps as { version: string; direction: string; sql: string }[];
    expect(steps.map(({ version, direction, sql }) => [`${version} ${direction}`, sql])).toEqual(
      wanted.map((each) => [each, sqlOf(each)]),
    );
  }
  expect(await standing()).toEqual(before);
});

function sqlOf(run: string): string {
  const [version = '', way] = run.split(' ');
  const [, texts] = Object.entries(files).find(([name]) => name.startsWith(version)) ?? [];
  return texts?.[way === 'up' ? 0 : 1] ?? 'no such file';
}
