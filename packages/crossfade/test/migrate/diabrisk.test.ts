import { cpSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { force } from '../../src/migrate/force.ts';
import { migrate, migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { featuresV1 } from '../support/diabrisk.ts';
import { noTransaction, schemaDump, versionOf } from '../support/migrations.ts';
import { relationsOf } from '../support/schema-of.ts';

const fixtures = fileURLToPath(new URL('../fixtures/diabrisk/', import.meta.url));

/** The migrations of a release, as they lie in its image. */
function release(files: readonly string[]): string {
  const folder = tempFolder('release-');
  for (const path of files) cpSync(join(fixtures, path), join(folder, path));
  return folder;
}

const all = globSync('*.sql', { cwd: fixtures }).sort();
const phaseOne = all.filter((path) => path < '000008');

const tables = ['users', 'model_versions', 'assessments', 'reports', 'auth_sessions', 'audit_logs'];
/** What a start relies on: the tables by their names, and the seeds. */
const confirm = {
  ...Object.fromEntries(tables.map((table) => [`table ${table}`, `SELECT to_regclass('${table}') IS NOT NULL`])),
  'two users': 'SELECT count(*) = 2 FROM users',
  'one active model': 'SELECT count(*) = 1 FROM model_versions WHERE is_active',
};

// The tests follow each other: the first start, the next release, the way back, and a release that breaks.
const database = databaseOfFile();

test('a start on an empty database runs the seven migrations, and finds tables and seeds', async () => {
  const target = database();
  const lines: string[] = [];
  const folder = release(phaseOne);
  expect(phaseOne).toHaveLength(14);
  const options = { folder, target, verify: true, confirm, onNote: (line: string) => lines.push(line) };
  expect(await migrate(options)).toMatchObject({ from: null, version: 7n, findings: [] });
  expect(lines.map((line) => line.split(':')[0])).toEqual(
    phaseOne.filter((path) => path.includes('.up.')).map((path) => `up ${path.replace(/^0+|\.up\.sql$/g, '')}`),
  );
  const { rows } = await target.query('SELECT version, dirty, pg_typeof(version)::text AS type FROM schema_migrations');
  expect(rows).toEqual([{ version: '7', dirty: false, type: 'bigint' }]);
  const seeds = await target.query(
    `SELECT (SELECT string_agg(email || ' ' || role, ', ' ORDER BY email) FROM users) AS users,
       version, auroc::float8, calibration -> 'thresholds' AS thresholds FROM model_versions`,
  );
  expect(seeds.rows).toEqual([
    {
      users: 'admin@diabrisk.local admin, user@diabrisk.local registered',
      version: 'v1.0.0',
      auroc: 0.8562,
      thresholds: { prediabetes: 0.35, diabetes: 0.65 },
    },
  ]);
  const zoneless = await target.query(
    `SELECT column_name FROM information_schema.columns WHERE table_name = ANY ($1) AND data_type LIKE 'timestamp without%'`,
    [tables],
  );
  expect(zoneless.rows).toEqual([]);
});

test('what the schema forbids is refused, and what was done stays done', async () => {
  const target = database();
  const { Income: _income, ...incomplete } = featuresV1(1);
  const assessment = `INSERT INTO assessments (user_id, model_version_id, features, raw_score, calibrated_score, risk_level)
    SELECT users.id, model_versions.id, $1, 0.5, 0.5, 'prediabetes' FROM users, model_versions LIMIT 1`;
  const sqlstateOf = (sql: string, values?: unknown[]) =>
    target.query(sql, values).then(
      () => null,
      (error: { code: string }) => error.code,
    );
  const whole = { ...featuresV1(1), BMI: 20, GenHlth: 3, Age: 4 };
  expect(await sqlstateOf(assessment, [whole])).toBe(null);
  expect(await sqlstateOf(assessment, [incomplete])).toBe('23514');
  expect(await sqlstateOf(assessment, [{ ...whole, GenHlth: 9 }])).toBe('23514');
  expect(await sqlstateOf("INSERT INTO users (email, role) VALUES ('a@b.cd', 'root')")).toBe('23514');
  expect(await sqlstateOf("INSERT INTO users (email) VALUES ('x')")).toBe('23514');
  const second = `INSERT INTO model_versions (version, auroc, calibration, is_active) VALUES ('v2', 0.9, '{}', true)`;
  expect(await sqlstateOf(second)).toBe('23505');
  await target.query("INSERT INTO audit_logs (action, user_id) SELECT 'user_registered', id FROM users LIMIT 1");
  expect(await sqlstateOf('DELETE FROM audit_logs')).toBe('P0001');
  expect(await sqlstateOf('UPDATE audit_logs SET user_id = NULL')).toBe(null);
  await target.query(
    'ALTER TABLE audit_logs DISABLE TRIGGER append_only; DELETE FROM audit_logs; DELETE FROM assessments',
  );
  await target.query('ALTER TABLE audit_logs ENABLE TRIGGER append_only');
});

test('the eighth migration comes with the next release, of which two instances start at once', async () => {
  const options = { folder: release(all), target: database(), confirm };
  const reports = await Promise.all([migrate(options), migrate(options)]);
  expect(reports.map(({ version }) => version)).toEqual([8n, 8n]);
  expect(reports.flatMap(({ ran }) => ran.map(({ name }) => name))).toEqual(['google_accounts']);
  expect(await versionOf(database())).toBe('8 false');
  const double = "INSERT INTO users (email, google_id) VALUES ('a@b.cd', 'g'), ('c@d.ef', 'g')";
  await expect(database().query(double)).rejects.toMatchObject({ code: '23505' });
});

test('down to nothing leaves the tables of migrations alone, and up again is the same to the last comment', async () => {
  const target = database();
  const options = { folder: release(all), target };
  const before = await schemaDump(target);
  await migrateTo(options, { kind: 'down', count: 'all' });
  expect((await relationsOf(target)).filter((name) => !/^(schema|crossfade)_migration/.test(name))).toEqual([]);
  await migrate({ ...options, confirm });
  expect(await schemaDump(target)).toEqual(before);
});

test('a ninth that breaks in its second statement: dirty, a start refuses with the command, and after it one runs', async () => {
  const target = database();
  const folder = release(all);
  const path = join(folder, '000009_more_indexes.up.sql');
  const first = 'CREATE INDEX CONCURRENTLY reports_format ON reports (format);';
  writeFileSync(path, `${noTransaction}${first}\nCREATE INDEX CONCURRENTLY none ON reports (nothing);`);
  expect((await refusal(migrate({ folder, target, confirm }))).code).toBe('E_MIGRATION_FAILED');
  expect(await versionOf(target)).toBe('9 true');
  const refused = await refusal(migrate({ folder, target, confirm }));
  expect([refused.code, refused.message]).toEqual([
    'E_MIGRATION_DIRTY',
    expect.stringContaining(
      'Undo what stands of the file, and of an index that failed CONCURRENTLY what is left of it, then: crossfade migrate force 8 and run it again.',
    ),
  ]);
  await target.query('DROP INDEX reports_format');
  await force({ folder, target }, 8n);
  writeFileSync(path, `${noTransaction}${first}`);
  expect(await migrate({ folder, target, confirm })).toMatchObject({ from: 8n, version: 9n });
  expect(await versionOf(target)).toBe('9 false');
});
