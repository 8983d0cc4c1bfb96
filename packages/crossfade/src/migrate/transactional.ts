import pg from 'pg';
import { CrossfadeError, type Facts } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { query } from '../pg/connect.ts';
import { failure } from '../pg/failure.ts';
import { type Sql, join, quoted, sql, trusted } from '../pg/sql.ts';
import { type Context, filePath, lockLimit } from './context.ts';
import type { Step } from './goal.ts';
import { together } from './locked.ts';
import type { Script } from './model.ts';
import { addEntry, setVersion } from './record.ts';
import { pause, pauseMs } from './retry.ts';
import { runStatement } from './run-statement.ts';
import { lockLimits } from './settings.ts';
import { isPassing, statementFailure } from './statement-failure.ts';

/** One file that has run. */
export interface Done extends Step {
  readonly statements: number;
  readonly durationMs: number;
  readonly transactional: boolean;
}

const rolledBack =
  'The file was rolled back, and nothing of it stands. Correct the statement, and run the same command again.';

/**
 * Runs a file inside the open transaction, which holds the lock, and writes the version there: file and version are
 * committed together or not at all.
 */
export async function runWithin(context: Context, step: Step, script: Script): Promise<Done> {
  const { client } = context;
  const started = performance.now();
  const statements = await context.statements(script);
  await together(client, [lockLimit(context.patience.lockTimeoutMs), filePath(context)], 'prepare a migration');
  const lockWaits = lockLimits(statements, true);
  for (const [index, statement] of statements.entries()) {
    const limit = lockWaits[index];
    if (limit === 'again') await query(client, lockLimit(context.patience.lockTimeoutMs), 'limit the wait for locks');
    await runStatement(client, statement).catch((error: unknown) => {
      const numbered = { statement, number: index + 1, of: statements.length, lockLimit: limit };
      throw statementFailure(error, script, numbered, rolledBack);
    });
  }
  const durationMs = performance.now() - started;
  await finish(context, script, [
    setVersion(context.tables, step.to, false),
    entryOf(context, step, durationMs, statements.length),
  ]);
  return { ...step, statements: statements.length, durationMs, transactional: true };
}

/** The row of the history for a file. */
export function entryOf(
  { tables, by }: Context,
  { migration, direction, to }: Step,
  durationMs: number,
  statements: number,
): Sql {
  const { version, name, up } = migration;
  const sha256 = up?.sha256 ?? null;
  return addEntry(tables, { version, name, direction, sha256, durationMs, by, statements, result: to });
}

/** Takes from a session whatever a file has left in it. */
export const restoringSession: readonly Sql[] = [
  trusted('RESET SESSION AUTHORIZATION'),
  trusted('RESET ROLE'),
  trusted('RESET ALL'),
  trusted('DISCARD TEMP'),
  trusted('DISCARD SEQUENCES'),
];

/**
 * Puts back whatever the file has set: behind a pooler the server's session goes on to somebody else after COMMIT, and
 * on our own connection the next file would inherit it. Constraints that were put off are checked while it can be said
 * which file broke them.
 */
async function finish(context: Context, script: Script, records: readonly Sql[]): Promise<void> {
  const restored = [
    trusted('SET CONSTRAINTS ALL IMMEDIATE'),
    ...restoringSession,
    ...(context.pooled
      ? []
      : [
          sql`SELECT pg_catalog.set_config('client_connection_check_interval', ${quoted(context.checkInterval)}, false)`,
        ]),
    trusted('SET LOCAL search_path = pg_catalog'),
  ];
  try {
    await context.client.query(join([...restored, ...records], '; ').text);
  } catch (error) {
    const doing = `record ${script.path}`;
    if (!(error instanceof pg.DatabaseError) || !error.code?.startsWith('23')) throw failure(error, doing);
    throw new CrossfadeError(
      'E_MIGRATION_FAILED',
      `${script.path}: at its end rows break the constraint "${error.constraint ?? ''}" (SQLSTATE ${error.code}), which was put off until then. ${rolledBack}`,
      { path: script.path, sqlstate: error.code, constraint: error.constraint ?? null },
    );
  }
}

/**
 * Does it again, from its beginning, while a lock is not to be had: each try queues for a short time only, so that
 * those who queue behind it wait no longer.
 *
 * @param random from 0 up to 1, for the pauses
 * @throws CrossfadeError E_MIGRATION_BUSY after `lockTries`
 */
export async function withLockTries<T>(
  context: Pick<Context, 'patience' | 'note' | 'signal'>,
  work: () => Promise<T>,
  random?: () => number,
): Promise<T> {
  const { lockTries, lockTimeoutMs } = context.patience;
  const backoff = { firstMs: limits.migrationPauseMs, longestMs: limits.migrationPauseMaxMs };
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const { facts } = error as CrossfadeError;
      const time = facts.ownLockTimeout === true ? 'the lock_timeout of the file' : `${lockTimeoutMs} ms`;
      if (attempt >= lockTries) throw outOfTries(error as CrossfadeError, lockTries, time);
      const ms = pauseMs(attempt, backoff, random);
      context.note(
        `${placeOf(facts)}: no lock within ${time}, try ${attempt} of ${lockTries}, the next in ${(ms / 1000).toFixed(1)} s.`,
      );
      await pause(ms, context.signal);
    }
  }
}

function placeOf({ path, line, statement, statements }: Facts): string {
  if (path === undefined) return 'The tables of migrations';
  return `${String(path)}:${String(line)}, statement ${String(statement)} of ${String(statements)}`;
}

function outOfTries({ facts }: CrossfadeError, tries: number, time: string): CrossfadeError {
  return new CrossfadeError(
    'E_MIGRATION_BUSY',
    `${placeOf(facts)}: a statement did not get its lock in ${tries} tries of ${time} (SQLSTATE ${String(facts.sqlstate)}), because somebody else's transaction holds it. Look for it in pg_stat_activity, end it or wait, and run the same command again; or allow more with --lock-timeout.`,
    facts,
  );
}
