/**
 * The one error class. `code` is stable and documented in docs/reference/errors.md; the message is free to change.
 *
 * A message says what happened, what was not done, and what to do next. Facts are fields, so that a caller need not
 * parse prose. Neither ever carries a row's value or a secret: sources hold health data, and errors travel far.
 */
export class CrossfadeError extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, facts: Facts = {}, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'CrossfadeError';
    this.code = code;
    this.facts = facts;
  }

  /** What a process that ends with this error exits with. */
  get exitCode(): ExitCode {
    return errorCodes[this.code].exit;
  }
}

/** Names, counts and positions. Never a value out of a row. */
export type Facts = Readonly<Record<string, string | number | bigint | boolean | null | readonly string[]>>;

/** 0 equal, 1 failed, 2 wrong use, 3 stopped at a value that cannot be held, 4 finished with an account of what was withheld or altered. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Every code there is, with the exit status it ends a command with and its line in the reference. */
export const errorCodes = {
  E_USAGE: { exit: 2, doc: 'The command line is not one of the documented forms.' },
  E_SECRET_IN_ARGV: { exit: 2, doc: 'A password stood on the command line, where every process can read it.' },
  E_PLAN_INVALID: { exit: 2, doc: 'The plan file is not one, or names a table, column or type that does not exist.' },
  E_RULE_INVALID: { exit: 2, doc: 'A --rule names an unknown table, column or rule.' },
  E_REJECTS_INVALID: {
    exit: 2,
    doc: 'The list of withheld rows is not one, or does not say what a retry has to know.',
  },
  E_REJECT_LIMIT: { exit: 3, doc: 'A table has more rows that would be withheld than --reject-limit allows.' },
  E_SOURCE_MISSING: { exit: 1, doc: 'There is no file at the given path, or no base of NocoDB by that id.' },
  E_SOURCE_NOT_A_FILE: {
    exit: 1,
    doc: 'The path is a directory, a device, a pipe or a socket, or no folder where one is meant.',
  },
  E_SOURCE_NOT_SQLITE: { exit: 1, doc: 'The file is empty or not a SQLite database.' },
  E_SOURCE_CORRUPT: { exit: 1, doc: 'SQLite itself finds the file damaged.' },
  E_SOURCE_FORBIDDEN: {
    exit: 1,
    doc: 'The file, the folder that its WAL needs, or the base cannot be read with the rights or the token at hand.',
  },
  E_SOURCE_BUSY: {
    exit: 1,
    doc: 'Another process holds the file, or writes it too often for one common snapshot; or a server asks for a pause.',
  },
  E_SOURCE_UNREACHABLE: { exit: 1, doc: 'The server of the source does not answer, or fails.' },
  E_SOURCE_CHANGED: {
    exit: 1,
    doc: 'The source is not the one that the interrupted run had read, or changed while it was read.',
  },
  E_STAGING_FAILED: { exit: 1, doc: 'The private copy of a source that is no database could not be made.' },
  E_SOURCE_UNREADABLE: { exit: 1, doc: 'A table or name in the source cannot be read exactly.' },
  E_TARGET_URL: { exit: 2, doc: 'The target is not a PostgreSQL URL or its parameters contradict each other.' },
  E_TARGET_UNREACHABLE: { exit: 1, doc: 'No PostgreSQL server answers at the target.' },
  E_TARGET_LOGIN: { exit: 1, doc: 'The server refused the user, the password or the database.' },
  E_TARGET_TLS: { exit: 1, doc: 'No TLS connection of the demanded strength could be made.' },
  E_TARGET_RIGHTS: { exit: 1, doc: 'The role lacks a right that the run needs.' },
  E_TARGET_VERSION: { exit: 1, doc: 'The server is older than PostgreSQL 14.' },
  E_TARGET_ENCODING: { exit: 1, doc: 'The target database is not UTF-8.' },
  E_TARGET_NOT_EMPTY: { exit: 1, doc: 'A table or collection of that name stands in the target with rows in it.' },
  E_TARGET_MISMATCH: {
    exit: 1,
    doc: 'An existing table cannot hold the values exactly, or another object has the name.',
  },
  E_TARGET_LOST: { exit: 1, doc: 'The connection to PostgreSQL broke during the run.' },
  E_TARGET_FULL: { exit: 1, doc: 'The target has no space left.' },
  E_TARGET_REFUSED: { exit: 1, doc: 'PostgreSQL refused a statement; the SQLSTATE is a fact of the error.' },
  E_TARGET_BUSY: { exit: 1, doc: 'Another move of this source into this schema is running.' },
  E_MIGRATION_FILES: { exit: 1, doc: 'The folder of migrations, or a file in it, cannot be used.' },
  E_MIGRATION_SYNTAX: { exit: 1, doc: 'A migration is not SQL that PostgreSQL can parse.' },
  E_MIGRATION_UNFIT: { exit: 1, doc: 'A statement of a migration cannot run the way its file is run.' },
  E_MIGRATION_CHANGED: { exit: 1, doc: 'A migration was changed after it had run, or came later with a lower number.' },
  E_MIGRATION_MISSING: { exit: 1, doc: 'The version of the database, or one on the way, has no file.' },
  E_MIGRATION_DIRTY: { exit: 1, doc: 'A migration without a transaction stopped in the middle.' },
  E_MIGRATION_FAILED: { exit: 1, doc: 'PostgreSQL refused a statement of a migration.' },
  E_MIGRATION_BUSY: { exit: 1, doc: 'Another run is migrating, or a lock was not to be had within its limit.' },
  E_COLUMN_IN_USE: { exit: 1, doc: 'A column that was to be dropped is still written, or not copied yet.' },
  E_MIGRATION_UNCONFIRMED: { exit: 1, doc: 'The migrations stand, and a query of `confirm` says no.' },
  E_MIGRATION_DRIFT: { exit: 1, doc: 'The migrations stand, and the schema is not what the files make.' },
  E_MIGRATION_STATE: { exit: 1, doc: 'The table schema_migrations is not as golang-migrate leaves it.' },
  E_ROW_INVALID: { exit: 1, doc: 'A record does not fit the schema of its collection.' },
  E_KEY_INVALID: { exit: 1, doc: 'A key is not one of the collection, or is not that of the record.' },
  E_SCAN_INVALID: { exit: 1, doc: 'A scan asks for an order, a condition or a page that the schema does not have.' },
  E_UNSUPPORTED: { exit: 1, doc: 'The store does not declare the capability that was asked for.' },
  E_KEY_EXISTS: { exit: 1, doc: 'A record of the key is there already.' },
  E_KEY_MISSING: { exit: 1, doc: 'There is no record of the key.' },
  E_UNIQUE: { exit: 1, doc: 'Another record has the same values in a unique set of fields.' },
  E_REFERENCE: { exit: 1, doc: 'A record refers to one that is not there, or is referred to by one that stays.' },
  E_OUTCOME_UNKNOWN: { exit: 1, doc: 'The answer to a write was lost: it may have been done, or be done yet.' },
  E_FENCED: { exit: 1, doc: 'The store takes no writes while the lead passes to another one, or an epoch is over.' },
  E_STORE_CLOSED: { exit: 1, doc: 'The store is closed.' },
  E_STORE_BUSY: {
    exit: 1,
    doc: 'Another process holds the store or writes it all the time, or its server asks for a pause.',
  },
  E_STORE_DAMAGED: { exit: 1, doc: 'The store itself, or what Crossfade keeps there, cannot be read.' },
  E_RECORD_DAMAGED: { exit: 1, doc: 'A record is there and cannot be read as the schema says.' },
  E_RECORD_REFUSED: {
    exit: 1,
    doc: 'A constraint or limit of the place, which the schema does not know, refuses a record.',
  },
  E_STORE_FAILED: { exit: 1, doc: 'The place where the store keeps its records refused or failed.' },
  E_UNIT_UNMAPPED: { exit: 1, doc: 'A mapping cannot say what a unit is on the other side.' },
  E_MASS_REMOVAL: {
    exit: 1,
    doc: 'A store seems to have lost its records, which were not removed from the other one.',
  },
  E_GROUP_MISSING: { exit: 1, doc: 'The control ledger knows no such group.' },
  E_MAPPING_DIFFERS: { exit: 1, doc: 'A crossing goes on with another mapping than this one.' },
  E_GATE_CLOSED: { exit: 1, doc: 'What a step of a crossing asks for is not there, and it was not taken.' },
  E_SOURCE_RESTARTED: {
    exit: 1,
    doc: 'A store that keeps its records in a process has lost them with it, in the middle of a crossing.',
  },
  E_STEP_LOST: { exit: 1, doc: 'Somebody else has taken a step of the crossing, or its time was over.' },
  E_CROSSING_ABORTED: { exit: 1, doc: 'A cutover or rollback was broken off; the old leader goes on.' },
  E_STATE_UNFIT: { exit: 1, doc: 'The crossing is in a state in which the command has nothing to do.' },
  E_CROSSING_FROZEN: { exit: 1, doc: 'A cutover or rollback has frozen the writes, and nobody joins.' },
  E_LEASE_ENDED: { exit: 1, doc: 'The control ledger was not reached in time to know who leads.' },
  E_LEDGER_BROKEN: { exit: 1, doc: 'The control ledger went back, or another server answers for it.' },
  E_INSTANCE_TAKEN: { exit: 1, doc: 'An instance of that id is registered already.' },
  E_INSTANCE_OVER: { exit: 1, doc: 'The instance is not registered any more, or was marked unclean.' },
  E_INSTANCE_LIVE: { exit: 1, doc: 'The lease of the instance still lasts, so nobody else speaks for it.' },
  E_LEDGER_BUSY: { exit: 1, doc: 'A lock of the control ledger was not to be had in time.' },
  E_LEDGER_FAILED: {
    exit: 1,
    doc: 'The control ledger cannot be reached, refused, or is not as this release knows it.',
  },
  E_EXPORT_INVALID: { exit: 1, doc: 'A file of exported records is damaged, or of another version or schema.' },
  E_EXPORT_UNWRITABLE: { exit: 1, doc: 'A copy could not be written, or something stands at its place.' },
  E_EXPORT_UNEQUAL: { exit: 1, doc: 'A copy was read again and is not equal to the table, so it was not left.' },
  E_POSTGRES_EMBEDDED: { exit: 1, doc: 'The embedded PostgreSQL could not be prepared, started or stopped.' },
  E_REPORT_UNWRITABLE: { exit: 1, doc: 'The report, plan or quarantine file could not be written.' },
  E_INTERRUPTED: { exit: 1, doc: 'The run was interrupted; the same command continues it.' },
  E_INTERNAL: { exit: 1, doc: 'A defect of Crossfade.' },
} as const satisfies Record<string, { exit: ExitCode; doc: string }>;

/** A code of the table above; codes are never renamed. */
export type ErrorCode = keyof typeof errorCodes;

/** Whether an error is one of the product with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is CrossfadeError {
  return error instanceof CrossfadeError && error.code === code;
}

/** An error of the product as it is; anything else is a defect, of which the name alone is told. */
export function asCrossfadeError(error: unknown): CrossfadeError {
  if (error instanceof CrossfadeError) return error;
  const name = error instanceof Error ? error.name : 'unknown';
  return new CrossfadeError(
    'E_INTERNAL',
    `A defect of Crossfade (${name}). Nothing was published. Please report it with the command that you ran.`,
    { name },
    { cause: error },
  );
}
