import { isUtf8 } from 'node:buffer';
import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../core/errors.ts';
import type { NotMoved, SourceColumn, SourceTable } from '../../schema/model.ts';
import { type CreateTable, foldName, parseCreateTable } from '../../schema/sqlite/sqlite.ts';
import { readForeignKeys, readIndexes } from './catalog-relations.ts';
import { guarded } from './failure.ts';

/** What a file holds, in the words of the model. */
export interface Catalog {
  readonly tables: readonly SourceTable[];
  /** Views, triggers, virtual tables and the tables that carry them. */
  readonly notMoved: readonly NotMoved[];
  /** Parts of the schema that could not be read from the CREATE statements, in sentences. */
  readonly warnings: readonly string[];
}

interface ListedTable {
  readonly name: string;
  readonly type: 'table' | 'view' | 'shadow' | 'virtual';
  readonly wr: number;
  readonly strict: number;
}

/**
 * Reads the schema. The pragmas are what SQLite itself believes and decide; the text of the CREATE statements adds what
 * no pragma tells: checks, collations, generated expressions, AUTOINCREMENT, names of constraints.
 */
export function readCatalog(path: string, db: DatabaseSync): Catalog {
  return guarded(path, () => {
    refuseUnreadableNames(path, db);
    const listed = db
      .prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
      .all() as unknown as ListedTable[];
    const created = new Map(
      db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map((row) => [String(row.name), String(row.sql ?? '')]),
    );
    const warnings: string[] = [];
    const tables = listed
      .filter((table) => table.type === 'table' && !isInternal(table.name))
      .map((table) => readTable(db, table, created.get(table.name) ?? '', warnings));
    return { tables: withParents(tables), notMoved: [...listed.flatMap(notATable), ...triggers(db)], warnings };
  });
}

/** SQLite's own tables; its names are not to be had by users. */
function isInternal(name: string): boolean {
  return /^sqlite_/i.test(name);
}

function readTable(db: DatabaseSync, listed: ListedTable, sql: string, warnings: string[]): SourceTable {
  const parsed = parseCreateTable(sql);
  if (!parsed.ok)
    warnings.push(
      `The CREATE statement of table ${listed.name} could not be read (${parsed.why}, at ${parsed.at}): its checks, collations and generated expressions were not moved.`,
    );
  const create = parsed.ok ? parsed.value : null;
  const rows = db
    .prepare(
      'SELECT name, type, "notnull" AS required, dflt_value AS value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid',
    )
    .all(listed.name);
  const columns = rows.map((row) => readColumn(row, create));
  const primaryKey = rows
    .filter((row) => Number(row.pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk))
    .map((row) => String(row.name));
  const indexes = readIndexes(db, listed.name);
  const alias =
    primaryKey.length === 1 && listed.wr === 0 && !indexes.some((index) => index.origin === 'pk')
      ? columns.find((column) => column.name === primaryKey[0])
      : undefined;
  return {
    name: listed.name,
    columns,
    primaryKey,
    rowidAlias: alias !== undefined && alias.declared.toUpperCase() === 'INTEGER' ? alias.name : null,
    withoutRowid: listed.wr === 1,
    strict: listed.strict === 1,
    autoincrement: create?.autoincrement ?? false,
    sequence: readSequence(db, listed.name),
    indexes,
    foreignKeys: readForeignKeys(db, listed.name, create),
    checks: create?.checks ?? [],
  };
}

function readColumn(row: Record<string, unknown>, create: CreateTable | null): SourceColumn {
  const name = String(row.name);
  const written = create?.columns.find((column) => foldName(column.name) === foldName(name));
  return {
    name,
    declared: textOf(row.type) ?? '',
    notNull: Number(row.required) === 1,
    default: textOf(row.value),
    collation: written?.collation ?? 'BINARY',
    // 2 and 3: virtual and stored generated columns. sqlite.org/pragma.html#pragma_table_xinfo
    generated:
      Number(row.hidden) >= 2
        ? { expression: written?.generated?.expression ?? '', stored: Number(row.hidden) === 3 }
        : null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Foreign keys that name no columns of their parent mean its primary key. */
function withParents(tables: readonly SourceTable[]): SourceTable[] {
  const byName = new Map(tables.map((table) => [foldName(table.name), table]));
  return tables.map((table) => ({
    ...table,
    foreignKeys: table.foreignKeys.map((key) => {
      const parent = byName.get(foldName(key.parent));
      const spelled = (column: string) =>
        parent?.columns.find(({ name }) => foldName(name) === foldName(column))?.name ?? column;
      const wanted = key.parentColumns.length > 0 ? key.parentColumns : (parent?.primaryKey ?? []);
      return { ...key, parent: parent?.name ?? key.parent, parentColumns: wanted.map(spelled) };
    }),
  }));
}

function notATable(table: ListedTable): NotMoved[] {
  if (table.type === 'view' && !isInternal(table.name))
    return [
      { kind: 'view', name: table.name, why: "a view is a query in SQLite's dialect; write it anew for PostgreSQL" },
    ];
  if (table.type === 'virtual')
    return [
      {
        kind: 'virtual table',
        name: table.name,
        why: 'its rows come from a module of SQLite; PostgreSQL has its own full-text and spatial indexes',
      },
    ];
  if (table.type === 'shadow')
    return [{ kind: 'shadow table', name: table.name, why: 'it is the inner storage of a virtual table' }];
  return [];
}

function triggers(db: DatabaseSync): NotMoved[] {
  const rows = db.prepare("SELECT name, tbl_name AS of FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").all();
  return rows.map((row) => ({
    kind: 'trigger',
    name: String(row.name),
    why: `a trigger on ${String(row.of)} is a program in SQLite's dialect; write it anew for PostgreSQL`,
  }));
}

function readSequence(db: DatabaseSync, table: string): bigint | null {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get() === undefined) return null;
  const statement = db.prepare(
    "SELECT max(seq) AS seq FROM sqlite_sequence WHERE name = ? AND typeof(seq) = 'integer'",
  );
  statement.setReadBigInts(true);
  return (statement.get(table)?.seq ?? null) as bigint | null;
}

/** A name that is not UTF-8 would be changed by the API, and a query could not say it. */
function refuseUnreadableNames(path: string, db: DatabaseSync): void {
  const encoding = String(db.prepare('PRAGMA encoding').get()?.encoding);
  for (const row of db
    .prepare('SELECT CAST(name AS BLOB) AS name, CAST(sql AS BLOB) AS sql FROM sqlite_schema')
    .all()) {
    const texts = [row.name, row.sql].filter((text) => text instanceof Uint8Array);
    if (encoding !== 'UTF-8' || texts.every((text) => isUtf8(text) && !text.includes(0))) continue;
    throw new CrossfadeError(
      'E_SOURCE_UNREADABLE',
      `${path}: the schema holds a name that is not valid UTF-8. Nothing was moved. Rename it with SQLite first.`,
      { path },
    );
  }
}
