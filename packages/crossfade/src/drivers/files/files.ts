import { resolve } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import type { Driver } from '../../store/contract.ts';
import type { Bulk } from '../../store/live/bulk.ts';
import type { Capture } from '../../store/live/capture.ts';
import type { Fence } from '../../store/live/fence.ts';
import type { Mirror } from '../../store/live/mirror.ts';
import { withinLife } from '../../store/live/within-life.ts';
import { ownedByProcess } from '../../store/supports.ts';
import { storeFailed } from './failure.ts';
import type { Folder } from './folder.ts';
import { bulkOf, captureOf, fenceOf, mirrorOf } from './live.ts';
import { openPlace, type Place } from './place.ts';
import { readKey } from './read.ts';
import { scanFolder } from './scan.ts';
import { type StrangersFile, strangersIn } from './strangers.ts';
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
  readonly capture: Capture;
  readonly fence: Fence;
  readonly mirror: Mirror;
  readonly bulk: Bulk;
  /** What was found when the directory was opened last, and what reads and writes have come upon since. */
  damaged(): readonly DamagedFile[];
  /**
   * The documents that programs which know nothing of this store have made, changed or removed since it was opened. No
   * fence stops them, so whoever passes the lead on asks here before and after. What they did to an attachment alone is
   * found when it is read.
   *
   * @throws CrossfadeError E_STORE_FAILED
   */
  strangers(): Promise<readonly StrangersFile[]>;
}

/**
 * Records as JSON documents in a directory, one a record, with their bytes in files beside them. An acknowledged write is
 * on the disk, and a process that is killed leaves each record as it was before or after.
 *
 * @throws CrossfadeError E_STORE_BUSY from `open`; E_RECORD_DAMAGED for a record whose file cannot be read, a scan of its
 * collection, and a write that it would decide; E_STORE_FAILED, E_OUTCOME_UNKNOWN when the file system fails
 */
export function filesDriver(options: FilesOptions): FilesDriver {
  const dir = resolve(options.dir);
  /** It stays after closing, for what `damaged` tells. */
  let place: Place | null = null;
  let isOpen = false;
  const gate = (): Place['gate'] => (place as Place).gate;
  /** Asked within the gate: the write that came before may have been the one that failed. */
  const opened = (): Place => {
    const held = place as Place;
    if (!isOpen)
      throw new CrossfadeError('E_STORE_CLOSED', 'The store files is closed. Nothing was done. Open it first.', {
        store: 'files',
      });
    if (!held.isUnsure) return held;
    throw storeFailed(dir, 'Nothing was done: a write before has failed half-way. Close the store and open it again.', {
      code: 'unsure',
    });
  };
  const folder = (collection: string): Folder => opened().folders.get(collection) as Folder;
  return withinLife({
    name: 'files',
    supports: { ...ownedByProcess, durable: 'machine' },
    open: async (schema) => {
      place = await openPlace(dir, schema);
      isOpen = true;
    },
    close: async () => {
      isOpen = false;
      await place?.release();
    },
    read: (collection, key) => gate().shared(async () => readKey(folder(collection), key)),
    scan: (collection, scan) => gate().shared(async () => scanFolder(folder(collection), scan)),
    write: ([change]) => gate().exclusive(async () => writeChange(opened(), change)),
    update: (collection, key, change) =>
      gate().exclusive(async () => {
        const wanted = change(await readKey(folder(collection), key));
        if (wanted !== null) await writeChange(opened(), wanted);
      }),
    capture: captureOf(opened),
    fence: fenceOf(opened),
    mirror: mirrorOf(opened),
    bulk: bulkOf(opened),
    strangers: async () =>
      opened().gate.exclusive(async () => {
        const { folders } = opened();
        try {
          return (await Promise.all(Array.from(folders.values(), strangersIn))).flat();
        } catch (error) {
          throw storeFailed(dir, 'Nothing was found out.', error);
        }
      }),
    damaged: () =>
      [...(place?.folders.values() ?? [])].flatMap(({ name, damaged }) =>
        Array.from(damaged, ([file, reason]) => ({ collection: name, file, reason })),
      ),
  });
}
