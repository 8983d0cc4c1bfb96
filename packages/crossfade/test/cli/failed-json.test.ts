import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Report } from '../../src/move/report.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { deadPlace } from '../harness/sockets.ts';
import { type CliOptions, runCli, serverEnv } from '../support/cli.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { largeSource, smallSource } from '../support/sources.ts';

/** What every failure says, whatever the command. */
interface Failure {
  readonly verdict: string;
  readonly exitCode: number;
  readonly error: { readonly code: string; readonly message: string; readonly facts: Record<string, unknown> };
}

/** Runs a command that has to fail, and finds its document alone on stdout, in agreement with status and stderr. */
async function failed(args: readonly string[], options: CliOptions = {}): Promise<Failure & Partial<Report>> {
  const ended = await runCli([...args, '--json'], options);
  const document = JSON.parse(ended.stdout) as Failure & Partial<Report>;
  expect([document.verdict, document.exitCode]).toEqual(['failed', ended.status]);
  expect(Object.keys(document.error).sort()).toEqual(['code', 'facts', 'message']);
  expect(ended.stderr).not.toBe('');
  return document;
}

const nowhere = '/nowhere/app.db';

/** Commands that reach no server, and what their documents know. */
const unreachable: readonly [string, string[], object][] = [
  ['move', [nowhere], { source: nowhere, schema: 'clinic', tables: [], rows: 0, seconds: { load: 0 } }],
  ['verify', [nowhere], { source: nowhere, schema: 'clinic', tables: [], differences: [] }],
  ['migrate up', ['--dir', '.', '--wait-tries', '1'], { folder: '.', schema: 'clinic' }],
  ['migrate down', ['1', '--dir', '.', '--wait-tries', '1'], { folder: '.' }],
  ['migrate goto', ['1', '--dir', '.', '--wait-tries', '1'], { folder: '.' }],
  ['migrate redo', ['--dir', '.', '--wait-tries', '1'], { folder: '.' }],
  ['migrate force', ['none', '--dir', '.', '--wait-tries', '1'], { folder: '.' }],
  ['migrate status', ['--dir', '.', '--wait-tries', '1'], { folder: '.' }],
  ['migrate verify', ['--dir', '.'], { folder: '.', schema: 'clinic' }],
];

test.each(unreachable)(
  '%s --json without a server fails as JSON, with what is known by then',
  async (name, args, known) => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '000001_a.up.sql'), 'create table a (id int);');
    writeFileSync(join(cwd, '000001_a.down.sql'), 'drop table a;');
    const dead = await deadPlace();
    const env = { PGHOST: '127.0.0.1', PGPORT: String(dead.port), PGUSER: 'me', PGDATABASE: 'app' };
    const document = await failed([...name.split(' '), ...args, '--schema', 'clinic'], { cwd, env });
    expect(document).toMatchObject({
      ...known,
      exitCode: 1,
      target: `postgres://me@127.0.0.1:${dead.port}/app`,
      error: { code: 'E_TARGET_UNREACHABLE' },
    });
  },
);

test.each([
  ['plan', [nowhere], 1, 'E_SOURCE_MISSING', { source: nowhere, tables: [] }],
  ['plan', [nowhere, '--name', 'x'], 2, 'E_USAGE', { source: nowhere }],
  ['migrate lint', ['--dir', 'none'], 1, 'E_MIGRATION_FILES', { folder: 'none' }],
  ['migrate new', [''], 2, 'E_USAGE', { folder: './migrations' }],
  ['doctor', ['--to', 'mysql://db/app'], 2, 'E_TARGET_URL', { findings: [], schema: 'public' }],
  ['retry', ['none.jsonl'], 2, 'E_REJECTS_INVALID', { tables: [], quarantineFile: null }],
])('%s %j --json: exit %i, %s', async (name, args, status, code, known) => {
  const env = { PGHOST: '127.0.0.1', PGPORT: '1' };
  const document = await failed([...name.split(' '), ...args], { env });
  expect(document).toMatchObject({ ...known, exitCode: status, error: { code } });
});

test.each([
  [[], /./],
  [['nonsense'], /unknown command 'nonsense'/],
  [['move'], /missing required argument 'source'/],
  [['move', 'a.db', '--nonsense'], /unknown option '--nonsense'/],
  [['plan', 'a.db', '--types', 'poor'], /'poor' is invalid/],
  [['verify', 'a.db', '--schema', 'pg_x'], /PostgreSQL's own/],
  [['retry'], /missing required argument 'rejects'/],
  [['doctor', 'x'], /too many arguments/],
  [['postgres', 'restart'], /unknown command 'restart'/],
  [['postgres', 'start', '--to', 'x'], /unknown option '--to'/],
  [['migrate', 'up', '-3'], /./],
  [['migrate', 'verify', '--build', 'x'], /'x' is invalid/],
])('%j --json is wrong use, and says so as JSON too', async (args, says) => {
  const document = await failed(args);
  expect(document).toMatchObject({ exitCode: 2, error: { code: 'E_USAGE', message: expect.stringMatching(says) } });
});

test('a password on the command line is no part of the document', async () => {
  const document = await failed(['move', 'a.db', '--to', 'postgres://u:zz-secret@db/app']);
  expect(document.error.code).toBe('E_SECRET_IN_ARGV');
  expect(JSON.stringify(document)).not.toContain('zz-secret');
});

test.each([
  ['apart', (path: string) => ['--report', path]],
  ['joined', (path: string) => [`--report=${path}`]],
])('--report holds wrong use too, with the option %s, and stdout stays empty', async (_, option) => {
  const path = join(tempFolder(), 'report.json');
  const ended = await runCli(['move', 'a.db', '--types', 'poor', ...option(path)]);
  expect([ended.status, ended.stdout]).toEqual([2, '']);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ verdict: 'failed', exitCode: 2 });
});

test('a report never replaces what the command reads, nor any database, nor a file of a command without the option', async () => {
  const source = smallSource();
  const before = readFileSync(source);
  const list = join(tempFolder(), 'list.jsonl');
  writeFileSync(list, 'mine');
  const other = smallSource();
  const tries: [string[], number, string][] = [
    [['move', source, '--report', source], 2, 'E_USAGE'],
    [['move', `sqlite:${source}`, `--report=${source}`, '--types', 'poor'], 2, 'E_USAGE'],
    [['move', source, '--report', other], 1, 'E_REPORT_UNWRITABLE'],
    [['retry', list, '--report', list], 2, 'E_USAGE'],
    [['verify', source, '--report', list], 2, 'E_USAGE'],
    [['plan', source, '--out', source], 1, 'E_REPORT_UNWRITABLE'],
  ];
  for (const [args, status, code] of tries)
    expect(await failed(args), args.join(' ')).toMatchObject({ exitCode: status, error: { code } });
  expect([readFileSync(source).equals(before), readFileSync(other).length > 1000, readFileSync(list, 'utf8')]).toEqual([
    true,
    true,
    'mine',
  ]);
});

test('a move that fails while it loads tells which tables were looked at, how many rows were loaded, and how long it took', async () => {
  const [database, source] = [await freshDatabase(), largeSource(600_000)];
  let copies = 0;
  // At the second chunk's COPY the connection breaks.
  const proxy = await faultProxy(database, {
    onCall: ({ text }, link) => {
      if (text.startsWith('COPY') && ++copies === 2) link.cut();
      return 'forward';
    },
  });
  const path = join(tempFolder(), 'report.json');
  const env = serverEnv({ ...database, ...proxy });
  const document = await failed(['move', source, '--jobs', '1', '--report', path], { env });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(document);
  expect(document).toMatchObject({
    exitCode: 1,
    source,
    schema: 'public',
    rows: 600_000,
    error: { code: 'E_TARGET_LOST' },
  });
  const [event] = document.tables ?? [];
  expect(event).toMatchObject({ source: 'event', rows: 600_000, verified: 0 });
  expect(event.columns).toHaveLength(3);
  expect(event.loaded).toBeGreaterThan(0);
  expect(event.loaded).toBeLessThan(600_000);
  expect(document.seconds?.profile).toBeGreaterThan(0);
});

test('a move that fails before its tables are known tells where it was to go', async () => {
  const [database, source] = [await freshDatabase(), smallSource()];
  await database.query('create table visit (id int); insert into visit values (1)');
  const document = await failed(['move', source], { env: serverEnv(database) });
  expect(document).toMatchObject({
    source,
    target: database.display,
    tables: [],
    error: { code: 'E_TARGET_NOT_EMPTY', facts: { schema: 'public', table: 'visit' } },
  });
});
