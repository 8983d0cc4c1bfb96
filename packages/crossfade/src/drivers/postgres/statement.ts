import type pg from 'pg';
import type { CrossfadeError, Facts } from '../../core/errors.ts';
import { isPooled, transaction } from '../../pg/connect.ts';
import { failure } from '../../pg/failure.ts';

/** A statement that is prepared once a connection and run by its name. */
export interface Statement {
  /** Unique among the statements of a driver; null for one that is prepared anew each time. */
  readonly name: string | null;
  readonly text: string;
}

/** What may stand for a parameter: PostgreSQL's text, or bytes; a list of them is an array. */
export type Parameter = Scalar | readonly Scalar[];

/** PostgreSQL's text, or bytes. */
export type Scalar = string | Uint8Array | null;

/** Rows as PostgreSQL's text, and how many there were or were changed. */
export interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly count: number;
}

/** A statement or transaction that failed, told by names and codes alone: never by PostgreSQL's message. */
export class StatementFailure extends Error {
  readonly facts: Facts;
  /** Null where the server or the network failed; else the error of a defect. */
  readonly defect: CrossfadeError | null;
  /** The connection broke, or the server was about to: nobody said whether it was done. */
  readonly isLost: boolean;
  /** It may have been done all the same. */
  mayBeDone: boolean;

  constructor(found: CrossfadeError, mayBeDone: boolean) {
    super(found.message);
    this.facts = found.facts;
    this.defect = found.code === 'E_INTERNAL' ? found : null;
    // On a connection that stood, what comes without an SQLSTATE comes from the network and not from the server.
    const isNetworks = found.facts.sqlstate === undefined && this.defect === null;
    this.isLost = found.code === 'E_TARGET_LOST' || isNetworks || /^(58|XX)/.test(this.sqlstate);
    this.mayBeDone = this.isLost && mayBeDone;
  }

  get sqlstate(): string {
    return String(this.facts.sqlstate ?? '');
  }
}

/** The driver's words for a connection that it knows to be gone: it has sent nothing. pg is pinned, and the tests meet both. */
const unsentMessages: readonly string[] = [
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
];

/** Runs one statement in the transaction that is open, or in one of its own. @throws StatementFailure */
export async function ask(client: pg.Client, statement: Statement, values: readonly Parameter[]): Promise<Answer> {
  // Behind a pooler the next statement may run in a session that has prepared nothing.
  const name = statement.name === null || isPooled(client) ? undefined : statement.name;
  try {
    const result = await client.query<(string | null)[]>({
      name,
      text: statement.text,
      values: values as Parameter[],
      rowMode: 'array',
    } as pg.QueryArrayConfig);
    return { rows: result.rows, count: result.rowCount ?? 0 };
  } catch (error) {
    const isUnsent = error instanceof Error && unsentMessages.includes(error.message);
    throw new StatementFailure(failure(error, 'run a statement'), !isUnsent);
  }
}

/** Runs one statement for itself. Behind a pooler it needs a transaction, in which our settings hold. */
export function askAlone(client: pg.Client, statement: Statement, values: readonly Parameter[]): Promise<Answer> {
  return isPooled(client)
    ? inTransaction(client, () => ask(client, statement, values))
    : ask(client, statement, values);
}

/**
 * Runs `work` all or nothing; what it throws itself is passed on.
 * @throws StatementFailure: it may be done only if COMMIT was sent
 */
export async function inTransaction<T>(
  client: pg.Client,
  work: () => Promise<T>,
  kind: 'write' | 'read' = 'write',
): Promise<T> {
  let step: 'begin' | 'work' | 'commit' = 'begin';
  try {
    return await transaction(
      client,
      async () => {
        step = 'work';
        const result = await work();
        step = 'commit';
        return result;
      },
      kind,
    );
  } catch (error) {
    if (error instanceof StatementFailure) error.mayBeDone = false;
    if ((step as string) === 'work') throw error;
    throw new StatementFailure(failure(error, `${step} a transaction`), (step as string) === 'commit');
  }
}

/** Prepared statements that one connection keeps; what comes after is prepared anew each time. */
const namedMax = 500;

/** Gives the same statement for the same text, with a name of its own as long as there are not too many. */
export function statementNames(): (text: string) => Statement {
  const known = new Map<string, Statement>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const statement = { name: known.size < namedMax ? `store_${known.size + 1}` : null, text };
    if (statement.name !== null) known.set(text, statement);
    return statement;
  };
}
