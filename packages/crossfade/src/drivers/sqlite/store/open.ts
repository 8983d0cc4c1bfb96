import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Collections } from '../../../schema/collection.ts';
import type { SourceTable } from '../../../schema/model.ts';
import { foldName } from '../../../schema/sqlite/sqlite.ts';
import { readCatalog } from '../catalog.ts';
import { Connection } from './connection.ts';
import { createStatements } from './create.ts';
import { misfits } from './expect.ts';
import { storeFailure, unfitPlace } from './failure.ts';
import { keepingCapture } from './schema-version.ts';
import { Table } from './table.ts';

/** How a file is opened. */
export interface OpenOptions {
  /** Absolute: a relative path that begins with `file:` would be taken for a URI. */
  readonly path: string;
  readonly tables: 'expect' | 'create';
  readonly busyTimeoutMs: number;
}

/** A file that is open, with the tables of a schema in it. */
export interface OpenFile {
  readonly connection: Connection;
  readonly schema: Collections;
  readonly tables: ReadonlyMap<string, Table>;
  /** Whether a reference of the file counts in the middle of a statement, unless references are deferred. */
  readonly hasRestrict: boolean;
}

const restrictText = `SELECT 1 FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name) AS r
  WHERE t.type = 'table' AND 'RESTRICT' IN (r.on_delete, r.on_update) LIMIT 1`;

const notOpened = 'The store was not opened.';

/** Opens the file and proves that its tables hold the schema. @throws CrossfadeError E_STORE_FAILED, E_STORE_DAMAGED, E_STORE_BUSY */
export async function openFile(options: OpenOptions, schema: Collections): Promise<OpenFile> {
  const { path, tables: how, busyTimeoutMs } = options;
  refuseOddPlace(path, how);
  refuseEqualNames(path, schema);
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
    const connection = new Connection(path, db, busyTimeoutMs);
    await connection.read(() => prepare(connection.db, path));
    if (how === 'create') await connection.write(() => createMissing(connection.db, schema));
    const found = await connection.read(() => catalogOf(path, connection.db));
    const hasRestrict = await connection.read(() => connection.db.prepare(restrictText).get() !== undefined);
    return { connection, schema, tables: tablesOf(connection, schema, found), hasRestrict };
  } catch (error) {
    db?.close();
    throw storeFailure(error, path, notOpened);
  }
}

/** What a connection needs that reads a file of others. */
export const readingSettings = 'PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0';

/** The settings of a connection, each of them for the records' sake. */
function prepare(db: DatabaseSync, path: string): void {
  db.exec(`${readingSettings}; PRAGMA recursive_triggers = ON`);
  const encoding = String(db.prepare('PRAGMA encoding').get()?.encoding);
  if (encoding !== 'UTF-8')
    throw unfitPlace(
      path,
      `its text is ${encoding}, which is not ordered by code points. ${notOpened} Copy it into a database of UTF-8.`,
    );
  // Whoever may only read is to hear of it now, and not at the first write.
  db.exec('BEGIN IMMEDIATE; ROLLBACK');
  const mode = String(db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode);
  if (mode !== 'wal')
    throw unfitPlace(
      path,
      `SQLite keeps no write-ahead log there (journal_mode ${mode}). ${notOpened} Put it on a local disk.`,
    );
  // In WAL mode anything less loses acknowledged writes with the machine.
  db.exec('PRAGMA synchronous = FULL');
}

function createMissing(db: DatabaseSync, schema: Collections): void {
  const present = db.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").all();
  const statements = createStatements(
    schema,
    present.map(({ name }) => String(name)),
  );
  if (statements.length === 0) return;
  keepingCapture(db, () => {
    for (const statement of statements) db.exec(statement);
  });
}

/** The tables of the file, in the words of the model. @throws CrossfadeError E_STORE_DAMAGED */
export function catalogOf(path: string, db: DatabaseSync): readonly SourceTable[] {
  // Whatever SQLite itself has to say is said here, in the words of a store.
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
  try {
    return readCatalog(path, db).tables;
  } catch (error) {
    throw new CrossfadeError(
      'E_STORE_DAMAGED',
      `${path}: its schema cannot be read. ${notOpened} Look at it with SQLite.`,
      { path },
      { cause: error },
    );
  }
}

function tablesOf(connection: Connection, schema: Collections, found: readonly SourceTable[]): Map<string, Table> {
  const byName = new Map(found.map((table) => [foldName(table.name), table]));
  const faults = Object.entries(schema).flatMap(([collection, shape]) => {
    const table = byName.get(foldName(collection));
    if (table === undefined) return [`there is no table ${collection}`];
    // Epochs, guards and triggers go by the name, and two spellings of it would not see each other's.
    if (table.name !== collection)
      return [`the table of ${collection} is called ${table.name}, and the collection has to be called so too`];
    return misfits(collection, shape, table);
  });
  if (faults.length > 0)
    throw unfitPlace(
      connection.path,
      `its tables do not hold the schema: ${faults.join('; ')}. ${notOpened} Nothing was changed in it. Mend the tables or the schema, or let missing tables be made by \`tables: 'create'\`.`,
    );
  return new Map(
    Object.entries(schema).map(([collection, shape]) => {
      const table = byName.get(foldName(collection)) as SourceTable;
      const known = { rowid: rowidOf(table), nullableKey: nullableOf(shape.key, table) };
      return [collection, new Table(connection, collection, shape, known)];
    }),
  );
}

/** A name by which the rowid can be had: a column may have taken one. */
export function rowidOf({ withoutRowid, columns }: SourceTable): string | null {
  const taken = new Set(columns.map(({ name }) => foldName(name)));
  return withoutRowid ? null : (['rowid', '_rowid_', 'oid'].find((each) => !taken.has(each)) ?? null);
}

/** The fields of a key whose columns may be NULL: all that are not declared otherwise and are no rowid. */
function nullableOf(key: readonly string[], { columns, rowidAlias }: SourceTable): string[] {
  const never = new Set(
    columns.filter((column) => column.notNull || column.name === rowidAlias).map((column) => foldName(column.name)),
  );
  return key.filter((field) => !never.has(foldName(field)));
}

/** SQLite would make a file of a mistyped path, and wait for ever on a pipe. */
function refuseOddPlace(path: string, how: 'expect' | 'create'): void {
  let found;
  try {
    found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined && statSync(dirname(path), { throwIfNoEntry: false }) === undefined)
      throw unfitPlace(path, `its folder does not exist. ${notOpened} Make the folder, or check the path.`);
  } catch (error) {
    if (error instanceof CrossfadeError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw unfitPlace(
      path,
      `it cannot be looked at (${reason}). ${notOpened} Check the path and the rights of its folders.`,
    );
  }
  if (found === undefined && how === 'expect')
    throw unfitPlace(
      path,
      `there is no such file. ${notOpened} Check the path, or let it be made by \`tables: 'create'\`.`,
    );
  if (found !== undefined && !found.isFile())
    throw unfitPlace(path, `it is not a file. ${notOpened} Name the database file itself.`);
}

/** SQLite does not tell upper from lower case in names, and two collections would be one table. */
function refuseEqualNames(path: string, schema: Collections): void {
  const names = Object.keys(schema);
  const twice = names.find((name, i) => names.findIndex((other) => foldName(other) === foldName(name)) < i);
  if (twice !== undefined)
    throw unfitPlace(
      path,
      `${twice} and another collection differ by case alone, and SQLite has one table for both. ${notOpened} Rename one of them.`,
    );
  const own = names.find((name) => /^(crossfade|sqlite)_/i.test(name));
  if (own !== undefined)
    throw unfitPlace(
      path,
      `names that begin as ${own} does are kept for SQLite and Crossfade. ${notOpened} Rename the collection.`,
    );
}
