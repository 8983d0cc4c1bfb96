import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { deadPlace } from '../harness/sockets.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { migrationFolder, noTransaction, versionOf } from '../support/migrations.ts';

const files = {
  '000001_users': ['CREATE TABLE users (id int);', 'DROP TABLE users;'],
  '000002_index': [`${noTransaction}CREATE INDEX CONCURRENTLY i ON users (id);`, 'DROP INDEX i;'],
  '000003_seed': ['INSERT INTO users VALUES (1);', 'DELETE FROM users;'],
} as const;

async function scene() {
  const database = await freshDatabase();
  const folder = migrationFolder(files);
  const run = (...args: string[]) => runCli(['migrate', ...args, '--dir', folder], { env: serverEnv(database) });
  return { database, folder, run };
}

test('up, status, down, goto, redo: each says in one sentence where the database stands', async () => {
  const { database, run } = await scene();
  const said = [];
  for (const args of [['up', '1'], ['up'], ['up'], ['down', '1'], ['goto', '1'], ['redo'], ['down', '--all']]) {
    const { status, stdout } = await run(...args);
    said.push([status, /(Nothing to do|\d migrations?).* version (\w+)\.\n/.exec(stdout)?.slice(1).join(' ')]);
  }
  expect(said).toEqual([
    [0, '1 migration 1'],
    [0, '2 migrations 3'],
    [0, 'Nothing to do 3'],
    [0, '1 migration 2'],
    [0, '1 migration 1'],
    [0, '2 migrations 1'],
    [0, '1 migration none'],
  ]);
  expect(await versionOf(database)).toBe('');
});

test('--json is alone on standard output: report, status, plan and refusal', async () => {
  const { run } = await scene();
  const json = async (...args: string[]) => {
    const { status, stdout } = await run(...args, '--json');
    return { status, ...(JSON.parse(stdout) as Record<string, unknown>) };
  };
  expect(await json('up', '--dry-run')).toMatchObject({
    status: 0,
    from: null,
    steps: [{ version: '1', direction: 'up', sql: files['000001_users'][0] }, {}, {}],
  });
  expect(await json('up', '2')).toMatchObject({
    status: 0,
    from: null,
    version: '2',
    ran: [
      { version: '1', transactional: true },
      { version: '2', transactional: false },
    ],
  });
  expect(await json('status')).toMatchObject({
    status: 0,
    version: '2',
    dirty: false,
    migrations: [{ standing: 'applied' }, { standing: 'applied' }, { standing: 'pending' }],
  });
  expect(await json('goto', '9')).toMatchObject({
    status: 1,
    error: { code: 'E_MIGRATION_MISSING', facts: { version: '9' } },
  });
});

test('--dry-run prints SQL that psql could run, and runs nothing', async () => {
  const { database, run } = await scene();
  const { status, stdout } = await run('up', '--dry-run');
  expect([status, stdout.match(/^-- .*up to version \d.*$/gm)?.length]).toEqual([0, 3]);
  for (const [up] of Object.values(files)) expect(stdout).toContain(up);
  expect((await database.query("select 1 from pg_class where relnamespace = 'public'::regnamespace")).rows).toEqual([]);
});

test('what --dry-run prints of odd files runs as it stands, and does what a run does', async () => {
  const folder = migrationFolder({
    '1_crlf.up.sql': "\ufeffCREATE TABLE a (x text);\r\nINSERT INTO a\r\nVALUES ('tab\there,\u202eand\r\nthere')\r\n",
    '2_own.up.sql': "BEGIN;\nINSERT INTO a VALUES ('own');\nCOMMIT",
    '3_comment.up.sql': "INSERT INTO a VALUES ('last') -- no semicolon",
    '4_path.up.sql': 'SET search_path = pg_catalog; SELECT 1;',
    '5_plain.up.sql': "INSERT INTO a VALUES ('plain');",
    '6_empty.up.sql': '-- nothing\n',
  });
  const found = await Promise.all(
    ['run', 'paste'].map(async (way) => {
      const database = await freshDatabase();
      const run = (...args: string[]) =>
        runCli(['migrate', ...args, '--dir', folder, '--schema', 'My App'], { env: serverEnv(database) });
      await database.query('CREATE SCHEMA "My App"');
      const { stdout } = await run('up', ...(way === 'paste' ? ['--dry-run'] : []));
      if (way === 'paste') await database.query(stdout);
      return (await database.query('SELECT x FROM "My App".a')).rows;
    }),
  );
  expect(found[1]).toEqual(found[0]);
  expect(found[0]).toContainEqual({ x: 'tab\there,\u202eand\r\nthere' });
  expect(found[0]).toHaveLength(4);
});

test('a path in the comments of --dry-run ends no comment', async () => {
  const database = await freshDatabase();
  const folder = join(tempFolder('odd-'), 'a\nDROP TABLE users; --');
  mkdirSync(folder);
  writeFileSync(join(folder, '1_a.up.sql'), 'SELECT 1;');
  const { stdout } = await runCli(['migrate', 'up', '--dry-run', '--dir', folder], { env: serverEnv(database) });
  expect(stdout).not.toMatch(/^DROP/m);
});

test('with --json wrong use is JSON too, as every refusal', async () => {
  const { run } = await scene();
  const wrong = [
    ['goto', 'x'],
    ['force'],
    ['nosuch'],
    ['status', 'extra'],
    ['verify', '--build', 'x'],
    ['up', '--to', 'postgres://u:secret@h/d'],
    ['down'],
  ];
  for (const args of wrong) {
    const { status, stdout } = await run(...args, '--json');
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect([args.join(' '), status]).toEqual([args.join(' '), 2]);
    expect(error.code).toMatch(/^E_USAGE$|^E_SECRET_IN_ARGV$/);
    expect(error.message).toMatch(/Nothing was (done|run)\./);
    expect(stdout).not.toContain('secret@');
  }
});

test('a reader that goes away, as head does, ends no run in its middle', async () => {
  const { database, folder } = await scene();
  const bin = fileURLToPath(new URL('../../bin/crossfade.mjs', import.meta.url));
  const piped = spawn('sh', ['-c', '"$0" "$@" 2>&1 | true', process.execPath, bin, 'migrate', 'up', '--dir', folder], {
    env: { PATH: process.env.PATH, HOME: tempFolder('home-'), ...serverEnv(database) },
    stdio: 'ignore',
  });
  await once(piped, 'close');
  expect(await versionOf(database)).toBe('3 false');
});

test('new says what the system refuses, and replaces nothing', async () => {
  const folder = tempFolder('taken-');
  const file = join(folder, 'file');
  writeFileSync(file, 'kept');
  const refused = [
    ['a', file],
    ['a', join(file, 'below')],
    ['a'.repeat(300), folder],
  ] as const;
  for (const [name, dir] of refused)
    expect(await runCli(['migrate', 'new', name, '--dir', dir])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('E_MIGRATION_FILES'),
    });
  expect(readFileSync(file, 'utf8')).toBe('kept');
});

test('new takes a few words, quoted or not', async () => {
  const { run } = await scene();
  const { stdout } = await run('new', 'create', 'more users');
  expect(stdout.match(/\d+_\w+\.(up|down)\.sql/g)).toEqual([
    '000004_create_more_users.up.sql',
    '000004_create_more_users.down.sql',
  ]);
});

test('what golang-migrate ran, when is not known; and while it is dirty, what lies below has run', async () => {
  const { database, run } = await scene();
  await database.query('create table schema_migrations (version bigint not null primary key, dirty boolean not null)');
  await database.query('create table users (id int)');
  await database.query('insert into schema_migrations values (2, true)');
  const dirty = await run('status');
  expect(dirty).toMatchObject({ status: 1, stdout: expect.stringMatching(/applied +1_users\n.*STOPPED +2_index/s) });
  await database.query('update schema_migrations set dirty = false');
  await run('up', '1');
  const { stdout } = await run('status', '--json');
  const { migrations } = JSON.parse(stdout) as { migrations: { standing: string; appliedAt: string | null }[] };
  expect(migrations.map(({ standing, appliedAt }) => [standing, appliedAt === null])).toEqual([
    ['applied', true],
    ['applied', true],
    ['applied', false],
  ]);
});

test('down without a number is wrong use, and so are a bad number, time and version', async () => {
  const { run } = await scene();
  for (const args of [
    ['down'],
    ['down', '1', '--all'],
    ['up', '0'],
    ['up', 'x'],
    ['goto', '-3'],
    ['up', '--lock-timeout', '5'],
    ['up', '--wait-tries', '0'],
    ['force'],
    ['new', 'a/b'],
  ]) {
    const { status, stdout, stderr } = await run(...args);
    expect([args.join(' '), status, stdout]).toEqual([args.join(' '), 2, '']);
    expect(stderr).not.toBe('');
  }
});

test('status ends with 1 where somebody has to do something, and says what', async () => {
  const { folder, run } = await scene();
  await run('up');
  writeFileSync(join(folder, '000001_users.up.sql'), 'SELECT 1;');
  const { status, stdout } = await run('status');
  expect([status, stdout]).toEqual([1, expect.stringContaining('CHANGED    1_users')]);
});

test('status shows a file that stopped half way as such, with its repair', async () => {
  const { folder, run } = await scene();
  writeFileSync(join(folder, '000002_index.up.sql'), `${noTransaction}SELECT 1;\nSELECT nope;`);
  await run('up');
  const { status, stdout } = await run('status');
  expect([status, stdout]).toEqual([1, expect.stringContaining('STOPPED    2_index')]);
  expect(stdout).toContain('Stopped in 2_index.up.sql, statement 2 of 2 (line 3).');
  expect(stdout).toContain('crossfade migrate force 1 and run it again');
  expect(stdout).not.toContain('NEVER RAN');
});

test('an applied file that is gone: status marks it, up notes it, down refuses, force takes it', async () => {
  const { folder, run } = await scene();
  await run('up');
  for (const half of ['up', 'down']) rmSync(join(folder, `000002_index.${half}.sql`));
  const status = await run('status');
  expect([status.status, status.stdout]).toEqual([1, expect.stringContaining('GONE       2_index')]);
  expect((await run('up')).stdout).toContain('note: 2_index ran, and its file is gone');
  expect((await run('up', '--dry-run')).stdout).toContain('-- note: 2_index ran');
  expect(await run('down', '1')).toMatchObject({ status: 1, stderr: expect.stringContaining('E_MIGRATION_MISSING') });
  expect((await run('force', '3')).stdout).toContain('not missed any more: 2_index');
  expect((await run('status')).status).toBe(0);
});

test('goto none goes to before the first migration, as force none says it', async () => {
  const { database, run } = await scene();
  for (const none of ['none', '-1']) {
    await run('up');
    expect(await run('goto', none)).toMatchObject({ status: 0, stdout: expect.stringContaining('version none.') });
    expect(await versionOf(database)).toBe('');
  }
});

test('a database that never comes: one line a try, then exit 1 with the reason', async () => {
  const { database, folder } = await scene();
  const { status, stderr } = await runCli(
    ['migrate', 'up', '--dir', folder, '--wait-tries', '3', '--wait-backoff', '10ms'],
    {
      env: serverEnv({ ...database, ...(await deadPlace()) }),
    },
  );
  expect(status).toBe(1);
  expect(
    stderr
      .trim()
      .split('\n')
      .map((line) => line.split(/[,:]/)[0]),
  ).toEqual(['Waiting for the database', 'Waiting for the database', 'E_TARGET_UNREACHABLE']);
});

test('new makes the next two files, by number or by time, as the folder does', async () => {
  const cwd = tempFolder('new-');
  const made = async (...args: string[]) =>
    (await runCli(['migrate', 'new', ...args], { cwd })).stdout.trim().split('\n');
  expect(await made('create users')).toEqual([
    'migrations/000001_create_users.up.sql',
    'migrations/000001_create_users.down.sql',
  ]);
  expect((await made('next'))[0]).toBe('migrations/000002_next.up.sql');
  expect((await made('later', '--timestamp'))[0]).toMatch(/^migrations\/20\d{12}_later\.up\.sql$/);
  expect((await made('last'))[0]).toMatch(/^migrations\/20\d{12}_last\.up\.sql$/);
  expect(readdirSync(join(cwd, 'migrations'))).toHaveLength(8);
});
