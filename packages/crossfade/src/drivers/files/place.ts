import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import type { Collections } from '../../schema/collection.ts';
import type { Table } from '../../store/tables/table.ts';
import { makeFolder, temporaryFile } from '../../store/durable/disk.ts';
import { storeFailed } from './failure.ts';
import { type Folder, folderOf } from './folder.ts';
import { loadFolder } from './load-folder.ts';
import { lockFolder } from '../../store/durable/lock.ts';
import { Gate } from '../../store/gate.ts';
import { Past } from '../../store/tables/past.ts';
import { finishRemoval } from './removal.ts';
import { closeSidecars, openSidecars, type Sidecars } from './sidecars.ts';

/** An open directory of collections. */
export interface Place extends Sidecars {
  readonly dir: string;
  readonly folders: ReadonlyMap<string, Folder>;
  readonly tables: ReadonlyMap<string, Table>;
  readonly gate: Gate;
  /** By collection: those whose records decide whether a write of it keeps its unique sets and references. */
  readonly judges: ReadonlyMap<string, readonly Folder[]>;
  /** What readers of snapshots have to find as it was. */
  readonly past: Past;
  /** Lets go of everything. */
  readonly release: () => Promise<void>;
  /** A write failed when it could be seen already: only reading everything anew tells what is on the disk. */
  isUnsure: boolean;
}

/** Takes the lock, ends what a killed process has left half done, and reads the directory. */
export async function openPlace(dir: string, schema: Collections): Promise<Place> {
  let unlock = (): void => undefined;
  try {
    await makeFolder(dir);
    unlock = lockFolder(dir);
    for (const name of await readdir(dir)) if (temporaryFile.test(name)) await rm(join(dir, name));
    await finishRemoval(dir);
    const folders = new Map(Object.entries(schema).map(([name, shape]) => [name, folderOf(dir, name, shape)]));
    for (const folder of folders.values()) await loadFolder(folder);
    const tables = new Map(Array.from(folders, ([name, { table }]) => [name, table]));
    const sidecars = await openSidecars(dir, Object.keys(schema));
    return {
      ...sidecars,
      dir,
      folders,
      tables,
      gate: new Gate(),
      judges: judgesOf(folders),
      past: new Past(),
      release: () => closeSidecars(sidecars).finally(unlock),
      isUnsure: false,
    };
  } catch (error) {
    unlock();
    throw error instanceof CrossfadeError ? error : storeFailed(dir, 'The store was not opened.', error);
  }
}

/** All that are tied together by references, in either direction; a collection is its own judge by its unique sets. */
function judgesOf(folders: ReadonlyMap<string, Folder>): Map<string, Folder[]> {
  const ties = [...folders.values()].flatMap(({ name, shape: { unique = [], references = [] } }) => [
    ...references.flatMap(({ to }) => [[name, to] as const, [to, name] as const]),
    ...unique.map(() => [name, name] as const),
  ]);
  return new Map(
    Array.from(folders.keys(), (name) => {
      const reached = [name];
      for (const each of reached)
        for (const [from, to] of ties) if (from === each && !reached.includes(to)) reached.push(to);
      const isJudged = ties.some(([from]) => from === name);
      return [name, isJudged ? reached.map((each) => folders.get(each) as Folder) : []];
    }),
  );
}
