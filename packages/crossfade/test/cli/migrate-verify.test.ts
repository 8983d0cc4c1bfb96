import { expect, test } from 'vitest';
import { until } from '../harness/connections.ts';
import { freshDatabase, query } from '../harness/postgres.ts';
import { runCli, serverEnv, startCli } from '../support/cli.ts';
import { clinic, inSchema, migrationsFolder } from '../support/drift.ts';

test('migrate up, then verify: equal and 0; a change by hand: SQL and 1; wrong use: 2', async () => {
  const database = await freshDatabase();
  const [env, dir] = [serverEnv(database), migrationsFolder(clinic)];
  const verify = (...more: string[]) => runCli(['migrate', 'verify', '--dir', dir, ...more], { env });
  expect(await runCli(['migrate', 'up', '--dir', dir], { env })).toMatchObject({ status: 0 });
  expect(await verify()).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Equal: .* version 4/),
    stderr: '',
  });
  await inSchema(database, 'public', 'ALTER TABLE visits DISABLE TRIGGER touch');
  const drift = await verify();
  expect(drift.status).toBe(1);
  expect(drift.stdout).toBe(
    [
      `-- 1 difference between schema public of ${database.display} and the files of ${dir} up to version 4. Nothing was changed.`,
      'SET search_path = public;',
      '',
      '-- different: trigger touch on visits',
      '-- - state: DISABLE',
      '-- + state: ENABLE',
      'ALTER TABLE visits ENABLE TRIGGER touch;',
      '',
    ].join('\n'),
  );
  const json = await verify('--json', '--build', 'schema');
  expect(JSON.parse(json.stdout)).toMatchObject({
    verdict: 'drift',
    built: 'schema',
    findings: [{ kind: 'trigger', object: 'touch on visits', change: 'different' }],
  });
  expect(await verify('--build', 'cellar')).toMatchObject({ status: 2 });
  await query(database, drift.stdout);
  expect(await verify()).toMatchObject({ status: 0 });
});

test('Ctrl-C drops the throwaway database, says so in one sentence, and ends with 1', async () => {
  const database = await freshDatabase();
  const folder = migrationsFolder([
    { name: '1_slow', up: `SELECT pg_sleep(CASE WHEN current_database() ~ '^crossfade_drift' THEN 60 ELSE 0 END)` },
  ]);
  const env = serverEnv(database);
  expect(await runCli(['migrate', 'up', '--dir', folder], { env })).toMatchObject({ status: 0 });
  const running = startCli(['migrate', 'verify', '--dir', folder], { env });
  let scratch = '';
  await until(async () => {
    const { rows } = await query(
      database,
      `SELECT datname FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND datname ~ '^crossfade_drift'`,
    );
    scratch = (rows[0] as { datname?: string } | undefined)?.datname ?? '';
    return scratch !== '';
  });
  running.kill('SIGINT');
  const ended = await running.ended;
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/^E_INTERRUPTED: .*the live schema was not touched.*\n$/);
  expect((await query(database, 'SELECT FROM pg_database WHERE datname = $1', [scratch])).rows).toEqual([]);
});
