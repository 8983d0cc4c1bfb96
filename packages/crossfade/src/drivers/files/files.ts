import { resolve } from 'node:path';
import type { Key, Row } from '../../schema/collection.ts';
import type { Driver } from '../../store/contract.ts';
import { storeDamaged, storeFailed } from './failure.ts';
import { documentName } from './file-name.ts';
import { type Folder, readRecord } from './folder.ts';
import { openPlace, type Place } from './place.ts';
import { scanFolder } from './scan.ts';
import { writeChange } from './write.ts';

/** Where the documents are. */
export interface FilesOptions {
  /** The directory; it is made when it is not there. One store at a time holds it. */
  readonly dir: string;
}

/** A file that cannot be read as the schema says. It is left as it is. */
export interface DamagedFile {
  readonly collection: string;
  readonly file: string;
  /** Without any value of the file. */
  readonly reason: string;
}

/** What a driver of files can be asked beyond the contract. */
export interface FilesDriver extends Driver {
  /** What was found when the directory was opened last, and what reads and writes have come upon since. */
  damaged(): readonly DamagedFile[];
}

/**
 * Records as JSON documents in a directory, one a record, with their bytes in files beside them. An acknowledged write is
 * on the disk, and a process that is killed leaves each record as it was before or after.
 *
 * @throws CrossfadeError E_STORE_BUSY from `open`; E_STORE_DAMAGED for a record whose file cannot be read, a scan of its
 * collection, and a write that it would decide; E_STORE_FAILED, E_OUTCOME_UNKNOWN when the file system fails
 */
export function filesDriver(options: FilesOptions): FilesDriver {
  const dir = resolve(options.dir);
  let place: Place | null = null;
  const opened = (): Place => {
    const { isUnsure } = place as Place;
    if (isUnsure)
      throw storeFailed(
        dir,
        'Nothing was done: a write before has failed half-way, so close the store and open it again.',
        {
          code: 'unsure',
        },
      );
    return place as Place;
  };
  return {
    name: 'files',
    supports: {
      atomic: false,
      update: true,
      orderedScan: true,
      constraints: true,
      durable: 'machine',
      writers: 'one',
    },
    open: async (schema) => {
      place = await openPlace(dir, schema);
    },
    close: async () => place?.release(),
    read: async (collection, key) => {
      const { gate, folders } = opened();
      return gate.shared(() => readKey(folders.get(collection) as Folder, key));
    },
    scan: async (collection, scan) => {
      const { gate, folders } = opened();
      return gate.shared(() => scanFolder(folders.get(collection) as Folder, scan));
    },
    write: async ([change]) => {
      const held = opened();
      return held.gate.exclusive(() => writeChange(opened(), change));
    },
    update: async (collection, key, change) => {
      const held = opened();
      return held.gate.exclusive(async () => {
        const wanted = change(await readKey(opened().folders.get(collection) as Folder, key));
        if (wanted !== null) await writeChange(held, wanted);
      });
    },
    damaged: () =>
      [...(place?.folders.values() ?? [])].flatMap((folder) =>
        Array.from(folder.damaged, ([file, reason]) => ({ collection: folder.name, file, reason })),
      ),
  };
}

async function readKey(folder: Folder, key: Key): Promise<Row | null> {
  const name = documentName(key);
  const reason = folder.damaged.get(`${name}.json`);
  if (reason !== undefined) throw storeDamaged(folder.name, [`${name}.json`], reason, 'Nothing was read.');
  const known = folder.table.get(key);
  return known === undefined ? null : readRecord(folder, name, known);
}
