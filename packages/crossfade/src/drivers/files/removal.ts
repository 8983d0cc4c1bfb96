import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import { replaceFile, syncFolder } from '../../store/durable/disk.ts';

/** Lists what a removal is about to remove; it is there only while that is under way. */
const removalFile = '.removing';

/**
 * Notes documents that go together, which may be of several collections: from here on the removal is done, and
 * {@link finishRemoval} only carries it out, in this process or in the next one that opens the directory.
 */
export async function noteRemoval(dir: string, paths: readonly string[]): Promise<void> {
  const listed = paths.map((path) => [basename(dirname(path)), basename(path)]);
  await replaceFile(dir, removalFile, JSON.stringify(listed));
}

/** Removes what was noted, if anything was. */
export async function finishRemoval(dir: string): Promise<void> {
  await syncFolder(dir);
  const noted = await readRemoval(dir);
  if (noted === null) return;
  const paths = noted.map((path) => join(dir, path));
  for (const path of paths) await rm(path, { force: true });
  for (const folder of new Set(paths.map((path) => dirname(path)))) await syncFolder(folder);
  await rm(join(dir, removalFile));
  await syncFolder(dir);
}

/**
 * The documents that are there and removed all the same, as paths below the directory: for a reader that is not the
 * store, and changes nothing. @throws CrossfadeError E_STORE_DAMAGED
 */
export async function removedDocuments(dir: string): Promise<ReadonlySet<string>> {
  return new Set(await readRemoval(dir));
}

/** Paths below the directory, or null where nothing was noted. */
async function readRemoval(dir: string): Promise<string[] | null> {
  const text = await readFile(join(dir, removalFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : parsePaths(dir, text);
}

/** It was renamed when it was whole; whatever else stands there was put there by somebody, and removes nothing. */
function parsePaths(dir: string, text: string): string[] {
  try {
    return (JSON.parse(text) as [string, string][]).map(([folder, file]) => {
      const names = [folder, file];
      if (!file.endsWith('.json') || names.some((name) => name.startsWith('.') || basename(name) !== name))
        throw new TypeError('no document');
      return join(folder, file);
    });
  } catch (cause) {
    throw new CrossfadeError(
      'E_STORE_DAMAGED',
      `The file ${removalFile} in ${dir} is no list of documents. Nothing was done, and nothing was removed. Look at it, and move it away.`,
      { folder: dir, files: [removalFile] },
      { cause },
    );
  }
}
