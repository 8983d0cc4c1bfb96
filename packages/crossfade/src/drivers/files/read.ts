import type { Key, Row } from '../../schema/collection.ts';
import { keyOf } from '../../store/check-change.ts';
import type { Found } from '../../store/live/damaged.ts';
import { storeDamaged } from './failure.ts';
import { documentName } from './file-name.ts';
import { type Folder, readRecord } from './folder.ts';

/** Documents that are read side by side. */
export const batchSize = 32;

/** The record of a key, or null. */
export async function readKey(folder: Folder, key: Key): Promise<Row | null> {
  const name = documentName(key);
  refuseDamagedFile(folder, `${name}.json`);
  const known = folder.table.get(key);
  return known === undefined ? null : readRecord(folder, name, known);
}

function refuseDamagedFile({ name, damaged }: Folder, file: string): void {
  const reason = damaged.get(file);
  if (reason !== undefined) throw storeDamaged(name, [file], reason, 'Nothing was read.');
}

/** The records of which the table knows these parts, each with its own damage, behind the files whose keys nobody knows. */
export async function readEach(folder: Folder, known: readonly Row[]): Promise<Found[]> {
  const found = Array.from(folder.unread, (file): Found => ({ row: refused(folder, file), key: () => null }));
  for (let at = 0; at < known.length; at += batchSize) {
    const keys = known.slice(at, at + batchSize).map((part) => keyOf(folder.shape, part));
    const read = await Promise.allSettled(keys.map((key) => readKey(folder, key)));
    read.forEach((each, i) => found.push({ row: () => settled(each), key: () => keys[i] }));
  }
  return found;
}

function refused(folder: Folder, file: string): () => never {
  return () => {
    throw storeDamaged(folder.name, [file], folder.damaged.get(file) ?? 'cannot be read', 'Nothing was read.');
  };
}

/** What the table knows is there: nothing is written meanwhile. */
function settled(read: PromiseSettledResult<Row | null>): Row {
  if (read.status === 'rejected') throw read.reason;
  return read.value as Row;
}

/** The records of which the table knows these parts, in this order. */
export async function readKnown(folder: Folder, known: readonly Row[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < known.length; at += batchSize) {
    const batch = known.slice(at, at + batchSize);
    const read = batch.map((part) => readRecord(folder, documentName(keyOf(folder.shape, part)), part));
    rows.push(...(await Promise.all(read)));
  }
  return rows;
}

/** @throws CrossfadeError E_RECORD_DAMAGED where a part of the collection would be left out */
export function refuseDamaged(
  { damaged, name }: Folder,
  why = 'so a scan would leave them out',
  what = 'Nothing was read.',
): void {
  if (damaged.size > 0) throw storeDamaged(name, [...damaged.keys()], `cannot be read, ${why}`, what);
}
