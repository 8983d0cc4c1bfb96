import { resolve } from 'node:path';
import type { RowKey } from '../core/cell.ts';
import { CrossfadeError } from '../core/errors.ts';
import { given } from '../core/given.ts';
import { keyToParts } from '../core/key-json.ts';
import type { StoredWithheld } from './checkpoint.ts';
import type { WithheldCode } from '../schema/infer.ts';
import type { DocumentMember, SourceTable } from '../schema/model.ts';
import { ruleText } from '../schema/rules.ts';
import { formChange } from './form-change.ts';
import { replacePrivate, writePrivate } from './private-file.ts';
import type { PairedColumn } from './verify-table.ts';

/**
 * The list of withheld rows: one JSON object a line. The first line says what a retry has to know, by names alone: which
 * source, where the tables were published, which column became which, by which rules. Every other line is a row: table,
 * key, column, code. The value itself is in neither.
 */

/** Why a row still stands in the list: a value of it, or what a retry has met. */
export type RejectCode = WithheldCode | 'E_ROW_GONE' | 'E_KEY_TAKEN' | 'E_ROW_REFUSED';

/** A row of the list, by its names in the source. */
export interface Reject {
  readonly table: string;
  readonly key: RowKey;
  /** Null where no single column is to blame. */
  readonly column: string | null;
  readonly code: RejectCode;
  /** The constraint of the target that refuses the row. */
  readonly constraint?: string;
}

/** The first line of a list. */
export interface RejectHead {
  readonly crossfadeRejects: 1;
  readonly source: string;
  /** What `OpenSource.numbering` was: another one means that rowids may name other rows. */
  readonly numbering: string;
  /** For people. A retry asks the command line and the environment for the server. */
  readonly target: string;
  readonly schema: string;
  readonly tables: readonly {
    readonly source: string;
    readonly target: string;
    /** What names a row: `rowid`, or the columns of the key of a WITHOUT ROWID table. */
    readonly key: readonly string[];
    readonly columns: readonly {
      readonly source: string;
      readonly target: string;
      readonly rules: readonly string[];
      /** Of a column that documents were laid into. */
      readonly member?: DocumentMember;
    }[];
  }[];
}

/** A list as it was read. */
export interface RejectList {
  readonly path: string;
  readonly head: RejectHead;
  readonly rows: readonly Reject[];
}

/** What the first line says of a table. */
export function headOf(
  source: SourceTable,
  target: string,
  columns: readonly PairedColumn[],
): RejectHead['tables'][number] {
  const members = new Map(source.columns.map(({ name, member }) => [name, member]));
  const named = columns.map(({ rules, ...names }) => ({
    ...names,
    rules: rules.map(ruleText),
    ...given('member', members.get(names.source)),
  }));
  return { source: source.name, target, key: keyNames(source), columns: named };
}

/** What names a row of a table in the list. */
export function keyNames(table: SourceTable): string[] {
  return table.withoutRowid ? [...table.primaryKey] : ['rowid'];
}

/**
 * Writes a list, mode 0600, and returns its absolute path. One of our own is replaced whole; any other file must not
 * exist yet. No link is followed. Throws E_REPORT_UNWRITABLE.
 */
export function writeRejects(
  path: string,
  head: Omit<RejectHead, 'crossfadeRejects'>,
  rows: readonly (Reject | StoredWithheld)[],
  mayReplace: boolean,
): string {
  const listed = new Set(rows.map(({ table }) => table));
  const tables = head.tables.filter(({ source }) => listed.has(source));
  const lines = [{ crossfadeRejects: 1, ...head, tables }, ...rows.map(rowOnLine)];
  (mayReplace ? replacePrivate : writePrivate)(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return resolve(path);
}

function rowOnLine({ table, key, ...why }: Reject | StoredWithheld): object {
  return {
    table,
    key: keyOnLine(key),
    column: why.column,
    code: why.code,
    ...('constraint' in why ? { constraint: why.constraint } : {}),
  };
}

/** A rowid is a string of digits, because a JSON number does not hold 64 bits. */
function keyOnLine(key: RowKey): unknown {
  return key.length === 1 && typeof key[0] === 'bigint' ? String(key[0]) : keyToParts(key);
}

/**
 * Throws E_REJECTS_INVALID unless the source has the tables and columns of the list, with rows named as the list names
 * them, and, where it is documents, every value laid as it was.
 */
export function checkHead({ path, head }: RejectList, sources: readonly SourceTable[]): void {
  const isOfDocuments = [...sources, ...head.tables].some(({ columns }) =>
    columns.some(({ member }) => member !== undefined),
  );
  for (const listed of head.tables) {
    const fault = headFault(
      listed,
      sources.find(({ name }) => name === listed.source),
    );
    if (fault !== null) throw isOfDocuments ? invalidList(path, fault, moveAgain) : invalidList(path, fault);
  }
}

/** What has become of a table since the list was written, or null. */
function headFault(listed: RejectHead['tables'][number], table: SourceTable | undefined): string | null {
  const named = JSON.stringify(listed.source);
  if (table === undefined) return `the source has no table ${named}, which it speaks of`;
  if (keyNames(table).join('\0') !== listed.key.join('\0'))
    return `rows of table ${named} of the source are not named by ${listed.key.join(', ')} any more`;
  const then = new Map(listed.columns.map((column) => [column.source, column]));
  if (then.size !== table.columns.length || table.columns.some(({ name }) => !then.has(name)))
    return `table ${named} of the source does not have the columns that it had`;
  const changes = table.columns.map((column) => formChange(column, then.get(column.name)?.member));
  const change = changes.find((each) => each !== null);
  return change === undefined ? null : `table ${named} of the source ${change}`;
}

/** What mended documents make of a table may be another one than the one that was published. */
const moveAgain =
  'Move the documents as they are now into another schema (crossfade move SOURCE --schema NAME), or mend them so that each member keeps the kind of value that it had.';

/** What is wrong with a list: E_REJECTS_INVALID. */
export function invalidList(
  path: string,
  why: string,
  advice = 'Name the file that crossfade move --bad-values quarantine has written.',
): CrossfadeError {
  return new CrossfadeError(
    'E_REJECTS_INVALID',
    `The list of withheld rows ${path} cannot be used: ${why}. Nothing was done. ${advice}`,
    { path },
  );
}
