import type { Key, Row } from '../../schema/collection.ts';
import { keyOf } from '../../store/check-change.ts';
import { storeDamaged } from './failure.ts';
import { documentName } from './file-name.ts';
import { type Folder, readRecord } from './folder.ts';

/** Documents that are read side by side. */
export const batchSize = 32;

/** The record of a key, or null. */
export async function readKey(folder: Folder, key: Key): Promise<Row | null> {
  const name = documentName(key);
  const reason = folder.damaged.get(`${name}.json`);
  if (reason !== undefined) throw storeDamaged(folder.name, [`${name}.json`], reason, 'Nothing was read.');
  const known = folder.table.get(key);
  return known === undefined ? null : readRecord(folder, name, known);
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

/** @throws CrossfadeError E_STORE_DAMAGED where a part of the collection would be left out */
export function refuseDamaged({ damaged, name }: Folder): void {
  if (damaged.size === 0) return;
  const why = 'cannot be read, so a scan would leave them out';
  throw storeDamaged(name, [...damaged.keys()], why, 'Nothing was read.');
}
