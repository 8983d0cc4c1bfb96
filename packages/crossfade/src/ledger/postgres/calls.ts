import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { attempt } from '../../drivers/postgres/attempt.ts';
import type { Pool } from '../../drivers/postgres/pool.ts';
import {
  type Answer,
  ask,
  askAlone,
  inTransaction,
  type Parameter,
  StatementFailure,
} from '../../drivers/postgres/statement.ts';
import { inShortTries } from '../../pg/short-tries.ts';

/** Runs one statement of a call. */
export type Ask = (text: string, values: readonly Parameter[]) => Promise<Answer>;

/** The way of every verb to PostgreSQL. Nothing rests on a session, so any connection serves, also through a pooler. */
export class Calls {
  private readonly pool: Pool;
  private readonly lockWaitMs: number | undefined;

  /** @param lockWaitMs how long a verb tries to get its locks */
  constructor(pool: Pool, lockWaitMs: number | undefined) {
    this.pool = pool;
    this.lockWaitMs = lockWaitMs;
  }

  /** One statement for itself, which may be made twice. */
  async one(kind: 'read' | 'write', text: string, values: readonly Parameter[]): Promise<Answer> {
    return this.call(kind, () => this.attempted((client) => askAlone(client, { name: null, text }, values)));
  }

  /**
   * `work` in one transaction, in short tries while others hold its locks. It begins anew after an answer that was lost,
   * so it has to find what an earlier attempt may have done.
   */
  async all<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    return this.call('write', (noted) => {
      const once = (lockTimeoutMs: number): Promise<T> =>
        this.attempted((client) =>
          inTransaction(client, async () => {
            await ask(client, { name: null, text: `SET LOCAL lock_timeout = ${lockTimeoutMs}` }, []);
            return work((text, values) => ask(client, { name: null, text }, values));
          }).catch(noted),
        );
      return inShortTries(once, isBusy, this.lockWaitMs);
    });
  }

  private attempted<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return attempt(this.pool, true, work);
  }

  /** With the errors of the contract: what one attempt left unknown stays so, whatever kept the next ones from looking. */
  private async call<T>(kind: 'read' | 'write', run: (noted: (error: unknown) => never) => Promise<T>): Promise<T> {
    let mayBeDone = false;
    const noted = (error: unknown): never => {
      mayBeDone ||= error instanceof StatementFailure && error.mayBeDone;
      throw error;
    };
    try {
      return await run(noted);
    } catch (error) {
      const isLost = error instanceof StatementFailure && error.mayBeDone && kind === 'write';
      throw told(error, mayBeDone || isLost);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof StatementFailure && error.sqlstate === '55P03';
}

/** What the way to PostgreSQL throws, as the contract has it. What the ledger itself refuses is passed on. */
function told(error: unknown, mayBeDone: boolean): unknown {
  if (error instanceof StatementFailure && error.defect !== null) return error.defect;
  const isOfWay = error instanceof CrossfadeError && /^E_(TARGET|STORE)_/.test(error.code);
  if (!isOfWay && !(error instanceof StatementFailure)) return error;
  const facts = { ...error.facts };
  if (mayBeDone)
    return new CrossfadeError(
      'E_OUTCOME_UNKNOWN',
      'The connection to the control ledger broke before it had answered: what was asked may have been done, or be done yet. Ask for the same again, a step under the same id.',
      facts,
    );
  if (isBusy(error) || (error instanceof CrossfadeError && error.code === 'E_STORE_BUSY'))
    return new CrossfadeError(
      'E_LEDGER_BUSY',
      'A lock of the control ledger, or a connection to it, was not to be had in time. Nothing was changed. Let long transactions end, and try again.',
      facts,
    );
  return new CrossfadeError('E_LEDGER_FAILED', `The control ledger: ${error.message} Nothing was changed.`, facts);
}
