import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { disconnect, query, transaction } from '../pg/connect.ts';
import { sessionOf } from '../pg/connection.ts';
import { localSettings } from '../pg/session.ts';
import { repair, versionText } from './dirty.ts';
import { type Context, connectAgain, filePath, lockLimit } from './context.ts';
import type { Step } from './goal.ts';
import { Lease, lost } from './lease.ts';
import { together } from './locked.ts';
import type { Script } from './model.ts';
import { setVersion } from './record.ts';
import { runStatement } from './run-statement.ts';
import { lockLimits, setsSession } from './settings.ts';
import { type Numbered, statementFailure } from './statement-failure.ts';
import type { ParsedStatement } from './statements.ts';
import { type Done, entryOf, restoringSession, withLockTries } from './transactional.ts';
import { controlsTransaction, mayCommitWithin, runsAlone } from './unfit.ts';

/** Sets dirty and takes the lease, within the locked transaction. The result runs the file, after the commit. */
export async function takeLease(context: Context, step: Step, script: Script): Promise<() => Promise<Done>> {
  const statements = await context.statements(script);
  let session: pg.Client | null = null;
  const lease = new Lease(context, () => session !== null && sessionOf(session).socket.destroy());
  await together(
    context.client,
    [setVersion(context.tables, step.to, true), lease.taking(step, statements.length)],
    'take the lease of the migration',
  );
  return async () => {
    lease.hold();
    const started = performance.now();
    try {
      session = await openSession(context).catch(async (error: unknown) => {
        // Nothing of the file has run: the version goes back to where it was.
        await lease.release([setVersion(context.tables, step.from, false)]).catch(() => undefined);
        throw error;
      });
      await runAll(context, session, lease, step, script, statements);
      const durationMs = performance.now() - started;
      const records = [
        setVersion(context.tables, step.to, false),
        entryOf(context, step, durationMs, statements.length),
      ];
      await lease.release(records).catch((error: unknown) => {
        throw lease.isLost ? lost() : withOutcome(error, unrecorded(step));
      });
      return { ...step, statements: statements.length, durationMs, transactional: false };
    } finally {
      if (session !== null) await disconnect(session);
      await lease.close();
    }
  };
}

/** A session of the file's own, closed after it: whatever the file sets ends there. */
async function openSession(context: Context): Promise<pg.Client> {
  const session = await connectAgain(context);
  if (!context.pooled) await together(session, [filePath(context, 'SESSION')], 'prepare a migration');
  return session;
}

async function runAll(
  context: Context,
  session: pg.Client,
  lease: Lease,
  step: Step,
  script: Script,
  statements: readonly ParsedStatement[],
): Promise<void> {
  // Inside a transaction of the file's own a failed statement cannot simply be sent again.
  const retriable = !statements.some(controlsTransaction);
  const lockWaits = lockLimits(statements, false);
  for (const [index, statement] of statements.entries()) {
    const number = index + 1;
    const numbered = { statement, number, of: statements.length, lockLimit: lockWaits[index] };
    const outcome = `The database is dirty now. ${repair({ ...step.migration, direction: step.direction, statement: number }, context.migrations)}`;
    const once = (): Promise<void> =>
      runOne(context, session, numbered).catch((error: unknown) => {
        throw statementFailure(error, script, numbered, outcome);
      });
    try {
      await lease.atStatement(number, statement.line);
      await (retriable && !runsAlone(statement) && !mayCommitWithin(statement) ? withLockTries(context, once) : once());
    } catch (error) {
      await accountFor(lease, error);
      throw lease.isLost ? lost() : withOutcome(error, outcome);
    }
  }
}

function unrecorded({ to }: Step): string {
  return `Every statement of the file ran, and only its version was not recorded: the database is dirty now. Say so: crossfade migrate force ${versionText(to)}`;
}

/** Errors that say "run it again" are right everywhere but here: what was cut short has left the database dirty. */
function withOutcome(error: unknown, outcome: string): unknown {
  if (!(error instanceof CrossfadeError) || error.code === 'E_MIGRATION_FAILED') return error;
  const message = error.message.replace(/ Run the same command again: it continues where it stopped\.$/, '');
  return new CrossfadeError(error.code, `${message} ${outcome}`, error.facts);
}

/** The lease keeps the account of a failure; when it cannot, dirty stands all the same, and the first error counts. */
async function accountFor(lease: Lease, error: unknown): Promise<void> {
  const sqlstate = error instanceof CrossfadeError ? error.facts.sqlstate : undefined;
  if (typeof sqlstate === 'string') await lease.fail(sqlstate).catch(() => undefined);
}

/**
 * Behind a pooler settings hold within a transaction only, so each statement gets one of its own where PostgreSQL lets
 * it. What must stand alone there has no limit for its locks; such statements make no writer queue.
 */
async function runOne(
  context: Context,
  session: pg.Client,
  { statement, lockLimit: wait }: Numbered & { readonly statement: ParsedStatement },
): Promise<void> {
  const patient = runsAlone(statement);
  const limit = patient ? limits.migrationPatienceMs : context.patience.lockTimeoutMs;
  if (!context.pooled) {
    if (wait !== 'own' && !setsSession(statement))
      await query(session, lockLimit(limit, 'SESSION'), 'limit the wait for locks');
    return runStatement(session, statement);
  }
  if (patient) return runStatement(session, statement);
  return transaction(session, async (client) => {
    await together(
      client,
      [localSettings(context.serverVersion), lockLimit(limit), filePath(context)],
      'prepare a migration',
    );
    await runStatement(client, statement);
    // A function of the file may have set something for the session, which goes on to somebody else.
    await together(client, restoringSession, 'give the session back');
  });
}
