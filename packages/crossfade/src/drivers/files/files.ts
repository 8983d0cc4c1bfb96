import { resolve } from 'node:path';
import type { Key, Row } from '../../schema/collection.ts';
import type { Driver } from '../../store/contract.ts';
import { notLive } from '../../store/supports.ts';
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
  const gate = (): Place['gate'] => (place as Place).gate;
  /** Asked within the gate: the write that came before may have been the one that failed. */
  const opened = (): Place => {
    const held = place as Place;
    if (!held.isUnsure) return held;
    throw storeFailed(dir, 'Nothing was done: a write before has failed half-way. Close the store and open it again.', {
      code: 'unsure',
    });
  };
  const folder = (collection: string): Folder => opened().folders.get(collection) as Folder;
  return {
    name: 'files',
    supports: {
      atomic: false,
      update: true,
      orderedScan: true,
      constraints: true,
      durable: 'machine',
      writers: 'one',
      ...notLive,
    },
    open: async (schema) => {
      place = await openPlace(dir, schema);
    },
    close: async () => place?.release(),
    read: (collection, key) => gate().shared(async () => readKey(folder(collection), key)),
    scan: (collection, scan) => gate().shared(async () => scanFolder(folder(collection), scan)),
    write: ([change]) => gate().exclusive(async () => writeChange(opened(), change)),
    update: (collection, key, change) =>
      gate().exclusive(async () => {
        const wanted = change(await readKey(folder(collection), key));
        if (wanted !== null) await writeChange(opened(), wanted);
      }),
    damaged: () =>
      [...(place?.folders.values() ?? [])].flatMap(({ name, damaged }) =>
        Array.from(damaged, ([file, reason]) => ({ collection: name, file, reason })),
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
