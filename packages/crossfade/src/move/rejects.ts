import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { RowKey } from '../core/cell.ts';
import { CrossfadeError } from '../core/errors.ts';
import { keyFromParts, keyToParts } from '../core/key-json.ts';
import type { StoredWithheld } from '../copy/checkpoint.ts';
import type { WithheldCode } from '../copy/load.ts';
import type { SourceTable } from '../schema/model.ts';
import { ruleText } from '../schema/rules.ts';
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

const rejectCodes = [
  'E_TEXT_NUL',
  'E_TEXT_ENCODING',
  'E_BLOB_IN_TEXT',
  'E_VALUE_TOO_LARGE',
  'E_TYPE_UNFIT',
  'E_DOCUMENT_UNREADABLE',
  'E_ROW_GONE',
  'E_KEY_TAKEN',
  'E_ROW_REFUSED',
] as const satisfies readonly RejectCode[];

const headSchema = z.strictObject({
  crossfadeRejects: z.literal(1),
  source: z.string(),
  /** What `OpenSource.numbering` was: another one means that rowids may name other rows. */
  numbering: z.string(),
  /** For people. A retry asks the command line and the environment for the server. */
  target: z.string(),
  schema: z.string(),
  tables: z.array(
    z.strictObject({
      source: z.string(),
      target: z.string(),
      /** What names a row: `rowid`, or the columns of the key of a WITHOUT ROWID table. */
      key: z.array(z.string()),
      columns: z.array(z.strictObject({ source: z.string(), target: z.string(), rules: z.array(z.string()) })),
    }),
  ),
});

const rowSchema = z.strictObject({
  table: z.string(),
  key: z.union([z.string().regex(/^-?\d{1,19}$/), z.array(z.record(z.string(), z.string()))]),
  column: z.string().nullable(),
  code: z.enum(rejectCodes),
  constraint: z.string().optional(),
});

/** The first line of a list. */
export type RejectHead = z.infer<typeof headSchema>;

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
  const named = columns.map(({ rules, ...names }) => ({ ...names, rules: rules.map(ruleText) }));
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

/** Reads a list. Throws E_REJECTS_INVALID with the line that is wrong, and for lists that say too little to retry. */
export function readRejects(path: string): RejectList {
  const lines = textOf(path)
    .split('\n')
    .map((text, i) => ({ text, number: i + 1 }))
    .filter(({ text }) => text.trim() !== '');
  const [first, ...rest] = lines;
  if (first === undefined) throw invalid(path, 'it is empty');
  const head = headSchema.safeParse(jsonOf(path, first));
  if (!head.success) {
    throw invalid(
      path,
      rowSchema.safeParse(jsonOf(path, first)).success
        ? 'it is of an older version, which did not note where its rows come from and where they belong'
        : `line 1 is not the head of such a list (${issuesOf(head.error)})`,
    );
  }
  const keys = new Map(head.data.tables.map((table) => [table.source, table.key.length]));
  const rows = rest.map((line): Reject => {
    const row = rowSchema.safeParse(jsonOf(path, line));
    if (!row.success) throw invalid(path, `line ${line.number} is not a row (${issuesOf(row.error)})`);
    const { key, constraint, ...named } = row.data;
    const values = keyOf(key);
    if (values === null || keys.get(named.table) !== values.length)
      throw invalid(path, `line ${line.number} names a row of a table, or by a key, that line 1 does not know`);
    return { ...named, key: values, ...(constraint === undefined ? {} : { constraint }) };
  });
  const unique = new Map(rows.map((row) => [JSON.stringify([row.table, keyToParts(row.key)]), row]));
  return { path: resolve(path), head: head.data, rows: [...unique.values()] };
}

/** Throws E_REJECTS_INVALID unless the source has the tables and columns of the list, with rows named as the list names them. */
export function checkHead({ path, head }: RejectList, sources: readonly SourceTable[]): void {
  for (const listed of head.tables) {
    const table = sources.find(({ name }) => name === listed.source);
    const named = JSON.stringify(listed.source);
    if (table === undefined) throw invalid(path, `the source has no table ${named}, which it speaks of`);
    if (keyNames(table).join('\0') !== listed.key.join('\0'))
      throw invalid(path, `rows of table ${named} of the source are not named by ${listed.key.join(', ')} any more`);
    const names = table.columns.map(({ name }) => name);
    const other = listed.columns.find((column) => !names.includes(column.source));
    if (other !== undefined || names.length !== listed.columns.length)
      throw invalid(path, `table ${named} of the source does not have the columns that it had`);
  }
}

function keyOf(key: z.infer<typeof rowSchema>['key']): RowKey | null {
  try {
    return keyFromParts(typeof key === 'string' ? [{ integer: key }] : key);
  } catch {
    return null;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(
      path,
      `it cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'})`,
    );
  }
}

function jsonOf(path: string, { text, number }: { text: string; number: number }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(path, `line ${number} is not JSON`);
  }
}

/** Places alone: what stands there may be a key. */
function issuesOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'the line'}: ${issue.code}`).join('; ');
}

function invalid(path: string, why: string): CrossfadeError {
  return new CrossfadeError(
    'E_REJECTS_INVALID',
    `The list of withheld rows ${path} cannot be used: ${why}. Nothing was done. Name the file that crossfade move --bad-values quarantine has written.`,
    { path },
  );
}
