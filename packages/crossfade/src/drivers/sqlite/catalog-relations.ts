import type { DatabaseSync } from 'node:sqlite';
import type { ForeignKeyAction, SourceForeignKey, SourceIndex, SourceIndexPart } from '../../schema/model.ts';
import { type CreateIndex, type CreateTable, foldName, parseCreateIndex } from '../../schema/sqlite/sqlite.ts';

/** The indexes of a table, its own and those that its constraints made. */
export function readIndexes(db: DatabaseSync, table: string): SourceIndex[] {
  const rows = db
    .prepare('SELECT name, "unique" AS isUnique, origin, partial FROM pragma_index_list(?) ORDER BY seq DESC')
    .all(table);
  return rows.map((row) => {
    const name = String(row.name);
    const sql = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?").get(name)?.sql;
    const parsed = typeof sql === 'string' ? parseCreateIndex(sql) : null;
    const create = parsed?.ok ? parsed.value : null;
    return {
      name,
      unique: Number(row.isUnique) === 1,
      origin: row.origin === 'pk' ? 'pk' : row.origin === 'u' ? 'unique' : 'create',
      parts: readParts(db, name, create),
      // A condition that could not be read stays empty, which no translator accepts: without it the index would say more.
      where: create?.where ?? (Number(row.partial) === 1 ? '' : null),
    };
  });
}

function readParts(db: DatabaseSync, index: string, create: CreateIndex | null): SourceIndexPart[] {
  const rows = db
    .prepare('SELECT seqno, name, "desc" AS descending, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno')
    .all(index);
  return rows.map((row, i) => ({
    column: row.name === null ? null : String(row.name),
    // An expression whose text could not be read stays empty, which no translator accepts.
    expression: row.name === null ? (create?.parts[i]?.expression ?? '') : null,
    collation: String(row.coll ?? 'BINARY'),
    descending: Number(row.descending) === 1,
  }));
}

/** The foreign keys of a table, with what only the CREATE statement says: names and deferral. */
export function readForeignKeys(db: DatabaseSync, table: string, create: CreateTable | null): SourceForeignKey[] {
  const rows = db
    .prepare(
      'SELECT id, seq, "table" AS parent, "from" AS child, "to" AS parentColumn, on_update, on_delete FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq',
    )
    .all(table);
  const ids = [...new Set(rows.map((row) => Number(row.id)))];
  return ids.map((id, i) => {
    const parts = rows.filter((row) => Number(row.id) === id);
    // SQLite numbers the keys backwards, so the reversed list is in the order of the statement.
    const written = create?.foreignKeys[i];
    const columns = parts.map((row) => String(row.child));
    const same =
      written !== undefined &&
      written.columns.map((column) => foldName(column)).join() === columns.map((column) => foldName(column)).join();
    return {
      name: same ? written.name : null,
      columns,
      parent: String(parts[0].parent),
      parentColumns: parts.flatMap((row) => (row.parentColumn === null ? [] : [String(row.parentColumn)])),
      onDelete: String(parts[0].on_delete) as ForeignKeyAction,
      onUpdate: String(parts[0].on_update) as ForeignKeyAction,
      deferred: same && written.deferred,
    };
  });
}
