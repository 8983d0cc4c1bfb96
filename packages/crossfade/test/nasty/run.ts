import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CrossfadeError } from '../../src/core/errors.ts';
import { move } from '../../src/move/move.ts';
import type { Report } from '../../src/move/report.ts';
import type { Target } from '../../src/pg/target.ts';
import type { NastyCase } from './case.ts';
import { compareAccount, compareReport } from './compare.ts';
import { Sql } from './sql.ts';

/** What came of a case: every difference from what was expected, and whether one of them was silent. */
export interface Came {
  readonly differences: readonly string[];
  /** The run said that all is well (exit 0), and it was not. The one outcome that no tool of this kind may have. */
  readonly silent: boolean;
  /** The outcome in short, for the line that reports a mismatch. */
  readonly summary: string;
}

/** Builds the input in the empty folder, moves it into the empty database, and looks at all that was promised. */
export async function runCase(nasty: NastyCase, target: Target, folder: string): Promise<Came> {
  // Some cases become another user, who must be able to pass.
  chmodSync(folder, 0o755);
  const sql = await Sql.open(target);
  const closers: (() => void)[] = [];
  try {
    if (nasty.before !== undefined) await sql.run(nasty.before);
    const before = await sql.tables();
    const built = nasty.build(folder, (close) => closers.push(close));
    const { source, hold } = typeof built === 'string' ? { source: built, hold: () => () => {} } : built;
    const digest = fingerprint(source);
    const quarantineFile = join(folder, 'withheld.jsonl');
    const release = hold();
    const came = await attempt(nasty, source, target, quarantineFile).finally(release);
    const values = [...(await compareValues(nasty, sql)), ...(await compareTables(nasty, before, sql))];
    const differences = [
      ...compareReport(nasty.expect, came),
      ...values,
      ...(came instanceof CrossfadeError ? [] : compareAccount(nasty.expect, came, quarantineFile)),
      ...compareSource(source, digest, nasty),
      ...leaks(nasty, came),
    ];
    return {
      differences,
      silent: came.exitCode === 0 && (nasty.expect.exit !== 0 || values.length > 0),
      summary: summarize(came),
    };
  } finally {
    for (const close of closers) close();
    await sql.close();
  }
}

async function attempt(
  nasty: NastyCase,
  source: string,
  target: Target,
  quarantineFile: string,
): Promise<Report | CrossfadeError> {
  try {
    const stagingFolder = `${quarantineFile}.staging`;
    const jobs = nasty.options?.jobs ?? 2;
    return await move({ ...nasty.options, source, target, quarantineFile, stagingFolder, jobs });
  } catch (error) {
    if (error instanceof CrossfadeError) return error;
    return new CrossfadeError(
      'E_INTERNAL',
      `Not a CrossfadeError: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

async function compareValues(nasty: NastyCase, sql: Sql): Promise<string[]> {
  const differences: string[] = [];
  for (const [query, expected] of Object.entries(nasty.sees ?? {})) {
    const rows = await sql.rows(query);
    if (JSON.stringify(rows) !== JSON.stringify(expected)) {
      differences.push(`${short(query)} → ${short(JSON.stringify(rows))}, not ${short(JSON.stringify(expected))}`);
    }
  }
  for (const [statement, sqlstate] of Object.entries(nasty.refuses ?? {})) {
    const came = await sql.sqlstate(statement);
    if (came !== sqlstate) differences.push(`${short(statement)} → ${came ?? 'accepted'}, not ${sqlstate}`);
  }
  return differences;
}

/** A run that stops or is refused publishes nothing, and no run leaves its workshop behind once it has finished. */
async function compareTables(nasty: NastyCase, before: readonly string[], sql: Sql): Promise<string[]> {
  const after = await sql.tables();
  const lost = before.filter((table) => !after.includes(table)).map((table) => `${table} of the target is gone`);
  if (nasty.expect.exit === 1 || nasty.expect.exit === 3) {
    const added = after.filter((table) => !before.includes(table) && table.startsWith('public.'));
    return [...lost, ...added.map((table) => `${table} was published`)];
  }
  return [
    ...lost,
    ...after.filter((table) => table.startsWith('crossfade_load')).map((table) => `${table} was left behind`),
  ];
}

/** The source is never written: not the file, not its WAL, and a path where nothing was stays empty. */
function compareSource(source: string, digest: string, nasty: NastyCase): string[] {
  return fingerprint(source) === digest ? [] : [`the source was changed by ${nasty.name}`];
}

function fingerprint(source: string): string {
  const path = source.replace(/^(sqlite|json|files):/, '');
  if (!existsSync(path)) return 'nothing';
  if (statSync(path).size > 1_000_000_000) return 'too large to be read';
  if (lstatSync(path).isDirectory())
    return readdirSync(path)
      .map((name) => name + fingerprint(join(path, name)))
      .join();
  if (!statSync(path).isFile() || lstatSync(path).isSymbolicLink()) return realpathSync(path);
  const hash = createHash('sha256');
  // SQLite may make an empty -wal beside a WAL database that has none, and a -shm, which is memory.
  for (const suffix of ['', '-wal', '-journal'])
    hash.update(existsSync(path + suffix) ? readFileSync(path + suffix) : '').update(suffix);
  return hash.digest('hex');
}

function leaks(nasty: NastyCase, came: Report | CrossfadeError): string[] {
  const said =
    came instanceof CrossfadeError
      ? `${came.message} ${JSON.stringify(came.facts, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`
      : JSON.stringify(came);
  return (nasty.hides ?? [])
    .filter((value) => said.includes(value))
    .map((value) => `the report says ${value}, a value of a row`);
}

function summarize(came: Report | CrossfadeError): string {
  if (came instanceof CrossfadeError) return `exit ${came.exitCode}: ${came.code}: ${came.message}`;
  const types = came.tables.flatMap((table) =>
    table.columns.map((column) => `${table.source}.${column.source} ${column.type}`),
  );
  const bad = came.badValues.map((value) => `${value.code} ${value.table}.${value.column}`);
  const not = came.constraints.notCreated.map(({ what, why }) => `not created ${what} (${why})`);
  const error = came.error === null ? [] : [`${came.error.code}: ${came.error.message}`];
  return short(
    `exit ${came.exitCode}: ${came.verdict}; ${came.rows} rows; ${[...bad, ...types, ...not, ...came.warnings, ...error].join('; ')}`,
    900,
  );
}

function short(text: string, length = 160): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length})` : text;
}
