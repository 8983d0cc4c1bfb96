import { CrossfadeError } from '../../core/errors.ts';
import { refusal, refusalWords } from '../../store/refusal.ts';
import { StatementFailure } from './statement.ts';

/** What was asked for, in the words of a message. */
export interface Asked {
  readonly collection: string;
  readonly did: 'read' | 'written';
  /** Doing it twice is as doing it once, so a lost answer is no reason to stop. */
  readonly isRepeatable?: boolean;
}

/** How a table that rows lie in keeps their key. */
export interface KeyConstraint {
  /** Whose rows they are. */
  readonly collection: string;
  /** The names of the constraints that keep the key. */
  readonly names: ReadonlySet<string>;
}

/** By the table's name, which is that of a partition where a constraint of one refuses. */
export type KeyConstraints = ReadonlyMap<string, KeyConstraint>;

/** Whether it comes from a constraint of a table that nobody has told of: a partition that is newer than these. */
export function isOfUnknownTable(error: unknown, keys: KeyConstraints): boolean {
  if (!(error instanceof StatementFailure) || !['23503', '23505'].includes(error.sqlstate)) return false;
  return typeof error.facts.table === 'string' && !keys.has(error.facts.table);
}

/** The error of a call as the contract has it; one that is not PostgreSQL's stays as it is. */
export function told(error: unknown, asked: Asked, keys: KeyConstraints): unknown {
  if (!(error instanceof StatementFailure)) return error;
  const { sqlstate, facts, defect } = error;
  if (defect !== null) return defect;
  const at = keys.get(String(facts.table));
  const table = at?.collection ?? (typeof facts.table === 'string' ? facts.table : asked.collection);
  if (sqlstate === '23505') {
    const code = at?.names.has(String(facts.constraint)) === true ? 'E_KEY_EXISTS' : 'E_UNIQUE';
    return refusal(code, table, refusalWords[code]);
  }
  if (sqlstate === '23503') return refusal('E_REFERENCE', table, refusalWords.E_REFERENCE);
  if (sqlstate === 'CF001') return fenced(table);
  if (error.mayBeDone && asked.did === 'written') return unknownOutcome(asked, error);
  return isAboutRecord(sqlstate) ? recordRefusal(table, error, asked) : failed(error, asked);
}

/** Constraints, data and limits, and what a trigger raises: what else is written is taken all the same. */
function isAboutRecord(sqlstate: string): boolean {
  return /^(22|23|54)/.test(sqlstate) || sqlstate === 'P0001';
}

function recordRefusal(collection: string, { sqlstate, facts }: StatementFailure, { did }: Asked): CrossfadeError {
  const [what, next] = recordReasons[sqlstate] ?? recordReasons[sqlstate.slice(0, 2)];
  const by = typeof facts.constraint === 'string' ? `, ${JSON.stringify(facts.constraint)},` : '';
  return new CrossfadeError(
    'E_RECORD_REFUSED',
    `${collection}: ${what}${by} refuses the record (SQLSTATE ${sqlstate}). Nothing was ${did}. ${next}`,
    { ...facts, collection },
  );
}

const compare = 'The table demands more than the schema says: change the record, or the table.';
const beyond = 'Values beyond the limits of PostgreSQL cannot be kept there.';

/** By SQLSTATE, else by its first two characters: what refuses a record, and what to do next. */
const recordReasons: Readonly<Record<string, readonly [what: string, next: string]>> = {
  '22': ['the form that PostgreSQL demands of a value', beyond],
  '23': ['a constraint that the schema does not know', compare],
  '54': ['a limit of PostgreSQL', beyond],
  P0001: ['a trigger of the table', compare],
};

function fenced(collection: string): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${collection}: the store is fenced while the lead passes to another store. Nothing was written. Try again when that has ended; the write may then belong to the other store.`,
    { collection },
  );
}

function unknownOutcome({ collection }: Asked, { facts }: StatementFailure): CrossfadeError {
  return new CrossfadeError(
    'E_OUTCOME_UNKNOWN',
    `${collection}: the connection broke before the server had answered. The write may have been done, or be done yet. Read before writing it again.`,
    { ...facts, collection },
  );
}

/** By SQLSTATE, else by its first two characters: what happened, and what to do next. */
const reasons: Readonly<Record<string, readonly [what: string, next: string]>> = {
  '55P03': ['another session holds a lock for too long', "End that session's transaction, or try again."],
  '57014': ['the server broke the statement off at its time limit', 'Raise the statement timeout, or try again.'],
  '42501': ['the role lacks a right', 'Grant it: SELECT, INSERT, UPDATE and DELETE on the tables.'],
  '42': [
    'the table is not what it was when the store was opened',
    'Compare it with the schema, and open the store anew.',
  ],
  '25006': ['the server or the role is read-only', 'Name the primary server, or a role that may write.'],
  '53': ['the server ran out of disk, memory or connections', "Look into the server's log."],
};

function failed(error: StatementFailure, { collection, did }: Asked): CrossfadeError {
  const { sqlstate, facts, isLost } = error;
  const [what, next] = isLost
    ? [
        'the connection broke, and so did the next one',
        'Look whether the server runs, and into its log; then try again.',
      ]
    : (reasons[sqlstate] ?? reasons[sqlstate.slice(0, 2)] ?? ['the server refused', "Look into the server's log."]);
  const state = sqlstate === '' ? '' : ` (SQLSTATE ${sqlstate})`;
  return new CrossfadeError(
    sqlstate === '55P03' ? 'E_STORE_BUSY' : 'E_STORE_FAILED',
    `${collection}: ${what}${state}. Nothing was ${did}. ${next}`,
    { ...facts, collection },
  );
}
