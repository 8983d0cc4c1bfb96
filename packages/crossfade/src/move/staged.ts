import type { RowKey } from '../core/cell.ts';
import { given } from '../core/given.ts';
import type { Catalog } from '../drivers/sqlite/catalog.ts';
import type { Design } from '../schema/design.ts';
import type { SourceTable } from '../schema/model.ts';
import type { Staged } from '../staging/stage.ts';
import type { LaidTable } from '../staging/table.ts';

/** A record that is there and cannot be read, as the row that it would have been. */
export interface UnreadableRecord {
  readonly table: string;
  /** The column of the key, for want of another one. */
  readonly column: string;
  readonly key: RowKey;
  /** Its name in the source, and what is wrong with it, in words that repeat nothing of it. */
  readonly name: string;
  readonly why: string;
}

/** What a copy knows beyond what stands in it: where it comes from, and what could not be laid. */
export function stagedParts(staged: Staged, catalog: Catalog) {
  const tableOf = new Map(staged.tables.map((table) => [table.source, table]));
  const named = staged.unreadable.map(({ table, name, why }) => unreadable(tableOf.get(table) as LaidTable, name, why));
  return {
    catalog: {
      tables: catalog.tables.map((table) => withMembers(table, staged.tables)),
      notMoved: staged.aside.map(({ name, why }) => ({ kind: 'file' as const, name, why })),
      warnings: [...catalog.warnings, ...staged.warnings],
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

const namedMax = 50;

/** Each of them by its name in the source, because that is what somebody has to mend. */
export function unreadableWarnings(records: readonly UnreadableRecord[]): string[] {
  return [...byTable(records)].map(([table, found]) => {
    const named = found.slice(0, namedMax).map(({ name, why }) => `${name} ${why}`);
    const more = found.length > namedMax ? `; and ${found.length - namedMax} others` : '';
    return `${table}: ${found.length} ${found.length === 1 ? 'document' : 'documents'} cannot be read: ${named.join('; ')}${more}.`;
  });
}

function byTable(records: readonly UnreadableRecord[]): Map<string, UnreadableRecord[]> {
  const tables = new Map<string, UnreadableRecord[]>();
  for (const record of records) tables.set(record.table, [...(tables.get(record.table) ?? []), record]);
  return tables;
}
