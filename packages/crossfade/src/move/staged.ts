import type { RowKey } from '../core/cell.ts';
import { given } from '../core/given.ts';
import { digestOf } from '../core/key-text.ts';
import type { Catalog } from '../drivers/sqlite/catalog.ts';
import type { StoredWithheld } from './checkpoint.ts';
import type { Design } from '../schema/design.ts';
import type { SourceTable } from '../schema/model.ts';
import { pathText } from '../staging/root.ts';
import type { Staged } from '../staging/stage.ts';
import type { LaidTable } from '../staging/table.ts';
import { rowKeyText } from '../verify/verify.ts';

/** A record that is there and cannot be read, as the row that it would have been. */
export interface UnreadableRecord {
  readonly table: string;
  /** The column of the key, for want of another one. */
  readonly column: string;
  readonly key: RowKey;
  /** Its name in the source, which may name a person, and what is wrong with it, in words that repeat nothing of it. */
  readonly name: string;
  readonly why: string;
}

/** What a copy knows beyond what stands in it: where it comes from, and what could not be laid. */
export function stagedParts(staged: Staged, catalog: Catalog, showValues: boolean) {
  const tableOf = new Map(staged.tables.map((table) => [table.source, table]));
  const named = staged.unreadable.map(({ table, name, why }) => unreadable(tableOf.get(table) as LaidTable, name, why));
  const remarks = staged.remarks.map(({ name, text }) => `${pathText(name, showValues)} ${text}.`);
  return {
    catalog: {
      tables: catalog.tables.map((table) => withMembers(table, staged.tables)),
      notMoved: staged.aside.map(({ of, name, why }) =>
        of === undefined ? { kind: 'file' as const, name: pathText(name, showValues), why } : { kind: of, name, why },
      ),
      warnings: [...catalog.warnings, ...remarks, ...staged.warnings],
    },
    // The same content is laid the same way, wherever and whenever.
    fingerprint: staged.digest,
    numbering: staged.digest.slice(0, 32),
    laid: staged.tables,
    unreadable: named,
  };
}

/** The columns of a table of the copy, with the members that they hold. */
function withMembers(table: SourceTable, laid: readonly LaidTable[]): SourceTable {
  const columns = laid.find(({ name }) => name === table.name)?.columns ?? [];
  const members = new Map(columns.map(({ name, member, form }) => [name, { name: member, form }]));
  return {
    ...table,
    columns: table.columns.map((column) => ({ ...column, ...given('member', members.get(column.name)) })),
  };
}

function unreadable({ name: table, columns, key }: LaidTable, name: string, why: string): UnreadableRecord {
  const isNumber = key?.form === 'number' && /^(0|-?[1-9]\d{0,17})$/.test(name);
  const value = isNumber ? BigInt(name) : { text: new Uint8Array(Buffer.from(name)) };
  return { table, column: (key ?? columns[0]).name, key: [value], name, why };
}

/** Unreadable records as the design tells of what cannot be held: a table, how many, and the first of them. */
export function unheldRecords(records: readonly UnreadableRecord[]): Design['unheld'] {
  return [...byTable(records)].map(([table, [first, ...more]]) => ({
    table,
    column: first.column,
    type: 'text',
    code: 'E_DOCUMENT_UNREADABLE',
    count: 1 + more.length,
    row: first.key,
  }));
}

/** Records that no reader could read are withheld like rows with a value that cannot be held. */
export function withheldRecords(records: readonly UnreadableRecord[]): StoredWithheld[] {
  return records.map(({ table, column, key }) => ({ table, column, key, code: 'E_DOCUMENT_UNREADABLE' }));
}

/** The keys of withheld rows. A document that cannot be read is no row: its name may be the key of one that is moved. */
export function keysOfRows(withheld: readonly StoredWithheld[]): Set<string> {
  return new Set(withheld.filter(({ code }) => code !== 'E_DOCUMENT_UNREADABLE').map(({ key }) => rowKeyText(key)));
}

const namedMax = 50;

/** Each of them as the report names rows: the name of a document is the key of its record. The list has it in plain. */
export function unreadableWarnings(records: readonly UnreadableRecord[], showValues: boolean): string[] {
  return [...byTable(records)].map(([table, found]) => {
    const named = found.slice(0, namedMax).map(({ name, why }) => `${showValues ? name : digestOf(name)} ${why}`);
    const more = found.length > namedMax ? `; and ${found.length - namedMax} others` : '';
    return `${table}: ${found.length} ${found.length === 1 ? 'document' : 'documents'} cannot be read: ${named.join('; ')}${more}.`;
  });
}

function byTable(records: readonly UnreadableRecord[]): Map<string, UnreadableRecord[]> {
  const tables = new Map<string, UnreadableRecord[]>();
  for (const record of records) tables.set(record.table, [...(tables.get(record.table) ?? []), record]);
  return tables;
}
