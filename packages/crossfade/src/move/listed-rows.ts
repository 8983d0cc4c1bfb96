import type { RowKey } from '../core/cell.ts';
import { documentKeys } from '../staging/document-key.ts';
import { rowKeyText } from '../verify/verify.ts';
import { invalidList, type Reject, type RejectList } from './rejects.ts';
import type { OpenSource } from './source.ts';

/** A line of a list, as the source knows it now. */
export interface ListedRow extends Reject {
  /** Whether `key` is that of a row. A document that cannot be read is none: it has a name, which may be another row's key. */
  readonly isRow: boolean;
}

/**
 * The rows of a list as the source names them now: a document that could not be read is listed by the name of its file,
 * and its row, once it is mended, by its key. @throws CrossfadeError E_REJECTS_INVALID for one that is no row any more
 */
export function listedRows(source: OpenSource, list: RejectList): readonly ListedRow[] {
  const byTable = Map.groupBy(list.rows.filter(isDocument), ({ table }) => table);
  const keys = new Map<Reject, RowKey>();
  for (const [name, rows] of byTable) {
    const table = source.laid.find((each) => each.name === name);
    const unread = new Set(source.unreadable.filter((each) => each.table === name).map(({ key }) => rowKeyText(key)));
    const mended = rows.filter(({ key }) => !unread.has(rowKeyText(key)));
    if (table === undefined || mended.length === 0) continue;
    const found = documentKeys(source.reader, table, new Set(mended.map(nameOf)));
    for (const row of mended) {
      const key = found.get(nameOf(row));
      const own = source.laid.find((each) => each.source === `${table.source}/${nameOf(row)}`);
      if (key === undefined && own !== undefined) throw isTable(list.path, name, own.name);
      if (key !== undefined) keys.set(row, key);
    }
  }
  return list.rows.map((row) => ({ ...row, key: keys.get(row) ?? row.key, isRow: !isDocument(row) || keys.has(row) }));
}

function isDocument({ code, key }: Reject): boolean {
  return code === 'E_DOCUMENT_UNREADABLE' && key.length === 1;
}

/** A file has a name even where its row has a number. */
function nameOf({ key: [value] }: Reject): string {
  if (typeof value !== 'object') return String(value);
  return Buffer.from('text' in value ? value.text : value.blob).toString('utf8');
}

function isTable(path: string, from: string, table: string) {
  return invalidList(
    path,
    `a document that it lists as a row of ${JSON.stringify(from)} has become the table ${JSON.stringify(table)}`,
    `Move that table by crossfade move SOURCE --only ${JSON.stringify(table)}, take the line of the document out of the list, and retry the others.`,
  );
}
