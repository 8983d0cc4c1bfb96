import { expect, test } from 'vitest';
import { connected, refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { migrationFolder, noTransaction } from '../../test/support/migrations.ts';
import { transaction } from '../pg/connect.ts';
import { migrate } from './migrate.ts';
import { lockLimits } from './settings.ts';
import { parseStatements } from './statements.ts';
import { refuseUnfit } from './unfit.ts';

const limitsOf = async (sql: string, within = false) =>
  lockLimits(await parseStatements(sql, 'x.sql'), within).join(' ');

test.each([
  ["SET lock_timeout = '2s'; SELECT 1; RESET lock_timeout; SELECT 1; SELECT 1", 'ours own own again ours'],
  ['SET LOCK_TIMEOUT TO 0; SET lock_timeout TO DEFAULT; SELECT 1', 'ours own again'],
  ['SET lock_timeout = 0; RESET ALL; SELECT 1', 'ours own again'],
  ['SET lock_timeout = 0; DISCARD ALL; SELECT 1', 'ours own again'],
  ['SET statement_timeout = 0; SELECT 1; SET TRANSACTION READ ONLY', 'ours ours ours'],
  ["SELECT pg_catalog.set_config('Lock_Timeout', '2s', false); SELECT 1", 'ours own'],
  ["SELECT set_config('lock_timeout', '2s', true); SELECT 1", 'ours ours'],
  ["SET LOCAL lock_timeout = '2s'; SELECT 1", 'ours ours'],
  ['BEGIN; SET LOCAL lock_timeout = 0; SELECT 1; COMMIT; SELECT 1', 'ours ours own own ours'],
  ['BEGIN; SET lock_timeout = 0; SELECT 1; COMMIT; SELECT 1', 'ours ours own own own'],
  ['BEGIN; SET lock_timeout = 0; SELECT 1; ROLLBACK; SELECT 1', 'ours ours own own ours'],
  ['BEGIN; SET LOCAL lock_timeout = 0; SAVEPOINT a; RELEASE a; SELECT 1; END', 'ours ours own own own own'],
])('%s', async (sql, limits) => {
  expect(await limitsOf(sql)).toBe(limits);
});

test('SET LOCAL counts in a file that is one transaction', async () => {
  expect(await limitsOf("SET LOCAL lock_timeout = '2s'; SELECT 1; RESET lock_timeout; SELECT 1", true)).toBe(
    'ours own own again',
  );
});

const seen = (label: string) =>
  `INSERT INTO seen VALUES ('${label}', current_setting('lock_timeout'), current_setting('statement_timeout'));`;

test('what a file without a transaction sets has its effect there, and ours is back after its RESET', async () => {
  const options = {
    folder: migrationFolder({
      '1_seen.up.sql': 'CREATE TABLE seen (label text, lock text, statement text);',
      '2_set.up.sql': `${noTransaction}${seen('a')} SET lock_timeout = '77ms'; SET statement_timeout = '88s'; ${seen('b')} ${seen('c')}
        RESET lock_timeout; ${seen('d')} BEGIN; SET LOCAL lock_timeout = '66ms'; ${seen('e')} COMMIT; ${seen('f')}
        SELECT set_config('lock_timeout', '55ms', false); ${seen('g')}`,
      '3_within.up.sql': `SET lock_timeout = 0; ${seen('h')} RESET lock_timeout; ${seen('i')}`,
      '4_after.up.sql': seen('j'),
    }),
    target: await freshDatabase(),
  };
  await migrate({ ...options, lockTimeoutMs: 500 });
  const { rows } = await options.target.query('select * from seen order by label');
  expect(rows.map(({ label, lock, statement }) => `${label} ${lock} ${statement}`)).toEqual([
    'a 500ms 0',
    'b 77ms 88s',
    'c 77ms 88s',
    'd 500ms 88s',
    'e 66ms 88s',
    'f 500ms 88s',
    'g 55ms 88s',
    'h 0 0',
    'i 500ms 0',
    'j 500ms 0',
  ]);
});

test('so has the safe form that lint advises: an index that is in use is given up after the time of the file', async () => {
  const target = await freshDatabase();
  await target.query('create table public.t (x int)');
  await target.query('create index i on public.t (x)');
  const folder = migrationFolder({
    '1_a.up.sql': `${noTransaction}SET lock_timeout = '50ms';\nDROP INDEX CONCURRENTLY i;\nRESET lock_timeout;`,
  });
  const other = await connected(target);
  await transaction(other, async () => {
    await other.query('lock table public.t in share update exclusive mode');
    expect(await refusal(migrate({ folder, target }))).toMatchObject({
      code: 'E_MIGRATION_FAILED',
      facts: { line: 3, sqlstate: '55P03', ownLockTimeout: true },
    });
  });
});

test('a lock that is not to be had within the time of the file is told as such', async () => {
  const target = await freshDatabase();
  await target.query('create table public.t (x int)');
  const notes: string[] = [];
  const folder = migrationFolder({ '1_a.up.sql': "SET LOCAL lock_timeout = '20ms';\nALTER TABLE t ADD COLUMN y int;" });
  const other = await connected(target);
  await transaction(other, async () => {
    await other.query('select from public.t');
    const running = migrate({ folder, target, lockTries: 2, onNote: (line) => notes.push(line) });
    expect((await refusal(running)).message).toContain('in 2 tries of the lock_timeout of the file (SQLSTATE 55P03)');
  });
  expect(notes.join()).toContain('no lock within the lock_timeout of the file, try 1 of 2');
});

test.each([
  "SET lock_timeout = '2s'",
  "SET SESSION statement_timeout = '2s'",
  "SELECT set_config('lock_timeout', '2s', false)",
  'RESET lock_timeout',
])('behind a pooler %s is refused in a file without a transaction, with the reason', async (sql) => {
  const script = { path: 'x.sql', sql, sha256: '', transactional: false };
  const statements = await parseStatements(sql, 'x.sql');
  const refused = () => refuseUnfit(script, statements, { pooled: true, schema: 'public' });
  expect(refused).toThrow(/could be met by somebody else.*Name the server itself/);
  expect(() => refuseUnfit(script, statements, { pooled: false, schema: 'public' })).not.toThrow();
});
