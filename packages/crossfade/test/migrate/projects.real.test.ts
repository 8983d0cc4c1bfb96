import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { describeSchema } from '../../src/migrate/drift/describe.ts';
import { diffSchemas } from '../../src/migrate/drift/diff.ts';
import { readMigrations } from '../../src/migrate/files.ts';
import { lint } from '../../src/migrate/lint/lint.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { tableNames } from '../../src/migrate/tables.ts';
import { connected } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { type TestDatabase, freshDatabase } from '../harness/postgres.ts';
import { runCli, serverEnv } from '../support/cli.ts';
import { type Construct, constructs, constructsIn } from '../support/constructs.ts';
import { schemaDump } from '../support/migrations.ts';
import { type Project, projects } from '../support/project-list.ts';
import { type ProjectFile, projectFiles } from '../support/projects.ts';

const psqlPath = '/usr/lib/postgresql/15/bin/psql';

/** A file of the folder. */
interface LaidOut extends ProjectFile {
  readonly path: string;
}

/** What became of it: null where it has run. */
interface Outcome extends LaidOut {
  readonly error: CrossfadeError | null;
}

/** The files as migrations, byte for byte. */
function laidOut({ from, files, before, rank = () => 0 }: Project): { folder: string; laid: LaidOut[] } {
  const folder = tempFolder('project-');
  const first = before === undefined ? [] : [{ name: 'before', bytes: Buffer.from(before) }];
  const laid = [...first, ...projectFiles(from, files).toSorted((a, b) => rank(a) - rank(b))].map((file, i) => ({
    ...file,
    path: join(folder, `${String(i + 1).padStart(6, '0')}_${file.name}.up.sql`),
  }));
  for (const { path, bytes } of laid) writeFileSync(path, bytes);
  return { folder, laid };
}

/** Runs all; a file that is refused is taken out, so that the next one gets its turn. */
async function runAll(folder: string, laid: readonly LaidOut[], target: TestDatabase): Promise<Outcome[]> {
  const errors = new Map<string, CrossfadeError>();
  for (let isOver = false; !isOver; )
    try {
      await migrate({ folder, target });
      isOver = true;
    } catch (error) {
      const path = String((error as CrossfadeError).facts.path);
      if (errors.has(path) || !laid.some((file) => file.path === path)) throw error;
      errors.set(path, error as CrossfadeError);
      rmSync(path);
    }
  return laid.map((file) => ({ ...file, error: errors.get(file.path) ?? null }));
}

/** The SQLSTATE with which psql ends each of the files in a database of its own, null where it runs. */
function runByPsql(
  outcomes: readonly Outcome[],
  target: TestDatabase,
  { inTransactions = false }: Project,
): (string | null)[] {
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=sqlstate'];
  return outcomes.map(({ bytes, error }) => {
    // Nothing of a file that fails may stand, since nothing of it stands on our side.
    const single = error !== null || inTransactions ? ['--single-transaction'] : [];
    const { status, stderr } = spawnSync(psqlPath, [...options, ...single, '-f', '-'], {
      encoding: 'utf8',
      input: bytes,
      env: { ...serverEnv(target), PGCLIENTENCODING: 'UTF8' },
    });
    return status === 0 ? null : (/ERROR: +(\w{5})$/m.exec(stderr)?.[1] ?? stderr);
  });
}

/** Every table with the number of its rows, but for ours. */
async function rowCounts(database: TestDatabase): Promise<unknown[]> {
  const { rows } = await database.query(
    `select relname, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', oid::regclass), false, true, '')))[1]::text as rows
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> all ($1) order by 1`,
    [Object.values(tableNames)],
  );
  return rows;
}

const withoutOurs = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/crossfade_migration|schema_migrations/.test(line));

/** Files that ran, of every project together, by what stands in them. */
const filesWith = new Map<Construct, number>(constructs.map((construct) => [construct, 0]));
let projectsRan = 0;

test.each(projects)('$name runs unchanged and makes what psql makes of it', { timeout: 600_000 }, async (project) => {
  const { folder, laid } = laidOut(project);
  expect((await lint(readMigrations(folder))).files).toBe(laid.length);

  const database = await freshDatabase();
  const outcomes = await runAll(folder, laid, database);
  const refused = outcomes.filter(({ error }) => error !== null && error.code !== 'E_MIGRATION_FAILED');
  const said = refused.map(({ name, error }) => [name, error?.code, error?.message]);
  expect(said).toEqual(
    Object.entries(project.refused ?? {}).map(([name, [code, says]]) => [name, code, expect.stringMatching(says)]),
  );
  expect(outcomes.filter(({ error }) => error === null)).toHaveLength(project.runs);
  expect((await migrate({ folder, target: database })).ran).toEqual([]);

  const twin = await freshDatabase();
  const tried = outcomes.filter((outcome) => !refused.includes(outcome));
  expect(runByPsql(tried, twin, project)).toEqual(tried.map(({ error }) => error?.facts.sqlstate ?? null));
  expect(withoutOurs(await schemaDump(database))).toEqual(await schemaDump(twin));
  const [ours, theirs] = await Promise.all(
    [database, twin].map(async (one) => describeSchema(await connected(one), 'public')),
  );
  expect(diffSchemas(theirs, ours)).toEqual([]);
  expect(await rowCounts(database)).toEqual(await rowCounts(twin));

  for (const { bytes, error } of outcomes)
    if (error === null)
      for (const construct of constructsIn(Buffer.from(bytes).toString()))
        filesWith.set(construct, (filesWith.get(construct) ?? 0) + 1);
  projectsRan++;
});

test('among the files that ran are those on which tools break that cut SQL at semicolons', () => {
  expect(projectsRan).toBe(projects.length);
  expect(Object.fromEntries(filesWith)).toEqual({
    'a function or procedure': 17,
    'a DO block': 2,
    'a body in dollar quotes': 23,
    'rows of a COPY': 1,
    'a semicolon in a string': 5,
    'a semicolon in a comment': 47,
  });
});

test('the command runs a project once, and finds nothing to do the second time', async () => {
  const { folder, laid } = laidOut(projects.find(({ name }) => name === 'openQA') as Project);
  const env = serverEnv(await freshDatabase());
  const [first, second] = [
    await runCli(['migrate', 'up', '--dir', folder, '--json'], { env }),
    await runCli(['migrate', 'up', '--dir', folder, '--json'], { env }),
  ];
  expect([first.status, second.status]).toEqual([0, 0]);
  const ran = [first, second].map(({ stdout }) => (JSON.parse(stdout) as { ran: unknown[] }).ran.length);
  expect(ran).toEqual([laid.length, 0]);
});
