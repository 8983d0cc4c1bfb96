import { readdir } from 'node:fs/promises';
import type { Folder } from './folder.ts';
import { changedBehind, markOf } from './folder.ts';

/** A document that somebody else has made, changed or removed while the store was open. */
export interface StrangersFile {
  readonly collection: string;
  readonly file: string;
  readonly what: string;
}

/** The documents of a folder that do not stand as this store has read or written them last. Nothing is written meanwhile. */
export async function strangersIn(folder: Folder): Promise<StrangersFile[]> {
  const { name: collection, marks } = folder;
  const there = (await readdir(folder.path)).filter((file) => /\.json$/i.test(file));
  const found: StrangersFile[] = [];
  for (const file of there.sort()) {
    const mark = await markOf(folder, file);
    const known = marks.get(file);
    if (known === undefined)
      found.push({ collection, file, what: 'was made by somebody else while the store was open' });
    else if (mark !== known) found.push({ collection, file, what: changedBehind });
  }
  const present = new Set(there);
  for (const file of marks.keys()) if (!present.has(file)) found.push({ collection, file, what: 'is gone' });
  return found;
}
