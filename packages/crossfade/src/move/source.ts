import { foldName } from '../schema/sqlite/sqlite.ts';
import { createHash, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CrossfadeError } from '../core/errors.ts';
import { given } from '../core/given.ts';
import { largeValuePermit } from '../core/large-values.ts';
import { type Catalog, readCatalog } from '../drivers/sqlite/catalog.ts';
import { printsRealsExactly } from '../drivers/sqlite/exact-reals.ts';
import { inspectFile, openReadOnly, type SourceFile, sourcePath } from '../drivers/sqlite/open.ts';
import { beginRead, commonSnapshot } from '../drivers/sqlite/snapshot.ts';
import type { Target } from '../pg/target.ts';
import { digitsDeclared } from '../schema/declared.ts';
import type { NotMoved, PgType, SourceTable } from '../schema/model.ts';
import { isStaged, refuseUnknownScheme, sourceName } from '../staging/source-name.ts';
import type { StageOptions } from '../staging/stage.ts';
import type { LaidTable } from '../staging/table.ts';
import type { MoveOptions } from './options.ts';
import { Pool } from './pool.ts';
import { stagedParts, type UnreadableRecord } from './staged.ts';
import { noThreadBytes } from './threads.ts';

/** An open source: its schema, and threads that all see one and the same state of it. */
export interface OpenSource {
  /** As reports and lists name it. */
  readonly name: string;
  readonly file: SourceFile;
  readonly catalog: Catalog;
  readonly pool: Pool;
  /** A connection of this thread that sees what the pool sees. */
  readonly reader: DatabaseSync;
  /** Different when the file has changed; the same when it has not, over processes. */
  readonly fingerprint: string;
  /** The same as long as SQLite has not numbered rows anew: it is the same file, and no VACUUM has run. */
  readonly numbering: string;
  /** Types that no storage class of SQLite says, by table and column. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, PgType>>;
  /** The tables that documents were laid into; none of a database. */
  readonly laid: readonly LaidTable[];
  /** Records that are there and cannot be read; they are withheld, or stop the run. */
  readonly unreadable: readonly UnreadableRecord[];
  close(reason?: CrossfadeError): Promise<void>;
}

/** What of a command's options {@link openSource} wants. */
export function openOptions(options: Pick<MoveOptions, 'stagingFolder' | 'signal' | 'showValues'>): StageOptions {
  return {
    ...given('folder', options.stagingFolder),
    ...given('signal', options.signal),
    ...given('showValues', options.showValues),
  };
}

/**
 * Opens a source with `jobs` threads. What is no database is laid into a private one first, which is removed when the
 * source is closed. Throws the E_SOURCE_ errors.
 */
export async function openSource(
  source: string,
  jobs: number,
  target: Target | null,
  options: StageOptions = {},
): Promise<OpenSource> {
  refuseUnknownScheme(source);
  if (!isStaged(source)) return openFile(sourcePath(source), jobs, target);
  // What lays documents is much to read, and most sources are files of SQLite.
  const { stage } = await import('../staging/stage.ts');
  const staged = await stage(source, options);
  try {
    const opened = await openFile(staged.path, jobs, target);
    const close = async (reason?: CrossfadeError): Promise<void> => {
      await opened.close(reason);
      staged.remove();
    };
    return {
      ...opened,
      ...stagedParts(staged, opened.catalog, options.showValues ?? false),
      name: sourceName(source),
      close,
    };
  } catch (error) {
    staged.remove();
    throw error;
  }
}

async function openFile(path: string, jobs: number, target: Target | null): Promise<OpenSource> {
  const file = inspectFile(path);
  const observer = openReadOnly(file.path);
  const reader = guardedOpen(file.path, observer);
  const threads = file.bytes < noThreadBytes && !file.hasWal ? 0 : jobs;
  const pool = await Pool.of(threads, {
    read: { file, exactReals: printsRealsExactly(observer) },
    target,
    permit: threads === 0 ? null : largeValuePermit(),
  });
  const close = async (reason?: CrossfadeError): Promise<void> => {
    await pool.close(reason);
    for (const db of [reader, observer]) if (db.isOpen) db.close();
  };
  try {
    let fingerprint = '';
    const begin = async (): Promise<void> => {
      // Taken where it can only be of the state that the readers are about to see.
      fingerprint = fingerprintOf(file);
      beginRead(file.path, reader);
      await pool.all('begin', null);
    };
    const end = async (): Promise<void> => {
      reader.exec('ROLLBACK');
      await pool.all('end', null);
    };
    await commonSnapshot(file.path, observer, begin, end);
    const numbering = numberingOf(file.path, reader);
    const catalog = readCatalog(file.path, reader);
    const opened = { file, catalog, pool, reader, fingerprint, numbering, close };
    return { ...opened, name: file.path, types: digitTypes(catalog.tables), laid: [], unreadable: [] };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A second connection; the first is not left open when there is no second. */
function guardedOpen(path: string, first: DatabaseSync): DatabaseSync {
  try {
    return openReadOnly(path);
  } catch (error) {
    first.close();
    throw error;
  }
}

/** Numbers of more digits than a storage class holds stand as text where they come from JSON or from PostgreSQL. */
function digitTypes(tables: readonly SourceTable[]): OpenSource['types'] {
  return new Map(
    tables.map((table): [string, ReadonlyMap<string, PgType>] => {
      const columns = table.columns.filter(({ declared }) => declared.toUpperCase() === digitsDeclared);
      return [table.name, new Map(columns.map(({ name }) => [name, 'numeric']))];
    }),
  );
}

/**
 * The tables that `--only` and `--except` leave, and the others by name. Throws E_USAGE for a name that does not exist,
 * and where no table is left: to move nothing is not what anybody asks for.
 */
export function selectTables(
  catalog: Catalog,
  only: readonly string[] = [],
  except: readonly string[] = [],
): { tables: readonly SourceTable[]; leftOut: readonly NotMoved[] } {
  const known = new Map(catalog.tables.map((table) => [foldName(table.name), table.name]));
  const resolve = (name: string): string => {
    const found = known.get(foldName(name));
    if (found === undefined)
      throw new CrossfadeError(
        'E_USAGE',
        `The source has no table ${JSON.stringify(name)}. Nothing was moved. Tables: ${[...known.values()].join(', ')}.`,
        { table: name },
      );
    return found;
  };
  const wanted = new Set(only.map(resolve));
  const unwanted = new Set(except.map(resolve));
  const isChosen = (table: SourceTable) => (wanted.size === 0 || wanted.has(table.name)) && !unwanted.has(table.name);
  const tables = catalog.tables.filter(isChosen);
  if (tables.length === 0 && catalog.tables.length > 0)
    throw new CrossfadeError(
      'E_USAGE',
      `--only, --except and the plan leave no table of the source. Nothing was moved. Tables: ${[...known.values()].join(', ')}.`,
    );
  return {
    tables,
    leftOut: catalog.tables
      .filter((table) => !isChosen(table))
      .map((table) => ({ kind: 'table', name: table.name, why: 'left out by --only, --except or the plan' })),
  };
}

/**
 * What tells one state of the file from another: inode, size and time of the file and of its -wal, one of which every
 * commit changes. The files are not opened for it, see `inspectFile`.
 */
function fingerprintOf(file: SourceFile): string {
  const parts = [file.path, `${file.path}-wal`].map((path) => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined || found.size === 0n ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs}`;
  });
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

/**
 * VACUUM counts the version of the schema up, and a file that was dumped and read in again was born later, even where it
 * gets the inode of the old one. A file system that does not know when a file was born makes every state another one.
 */
function numberingOf(path: string, reader: DatabaseSync): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  const born = birthtimeNs === 0n ? randomUUID() : birthtimeNs;
  const version = String(reader.prepare('PRAGMA schema_version').get()?.schema_version);
  return createHash('sha256').update(`${ino} ${born} ${version}`).digest('hex').slice(0, 32);
}

/** Finds out whether a source can be opened at all, before a server is started for it. Throws E_USAGE and E_SOURCE_ errors. */
export async function inspectSource(source: string): Promise<void> {
  refuseUnknownScheme(source);
  if (!isStaged(source)) inspectFile(source);
  else (await import('../staging/stage.ts')).inspectPlace(source);
}
