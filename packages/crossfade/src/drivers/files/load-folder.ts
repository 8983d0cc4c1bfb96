import type { Dirent } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../../store/check-change.ts';
import { makeFolder, temporaryFile } from '../../store/durable/disk.ts';
import { type Document, ownerOf } from './document.ts';
import { attachmentsIn, type Folder, indexed, loadDocument, markOf } from './folder.ts';
import { Damage } from './members.ts';

/** Documents that are read side by side: as many as keep the threads of Node's file system busy. */
const batchSize = 32;

/**
 * Reads a collection's folder into its table, lists what is damaged, and removes what a killed process has left: its
 * temporary files, and attachments that no document refers to. Only the holder of the lock may do that.
 */
export async function loadFolder(folder: Folder): Promise<void> {
  await makeFolder(folder.path);
  const entries = await readdir(folder.path, { withFileTypes: true });
  const referred = new Set<string>();
  const documents = entries.filter(({ name }) => /\.json$/i.test(name));
  for (let at = 0; at < documents.length; at += batchSize)
    await Promise.all(documents.slice(at, at + batchSize).map((entry) => loadEntry(folder, entry, referred)));
  for (const { name } of entries) if (isLeft(folder, name, referred)) await rm(join(folder.path, name));
}

async function loadEntry(folder: Folder, entry: Dirent, referred: Set<string>): Promise<void> {
  try {
    const mark = await markOf(folder, entry.name);
    if (mark !== null) folder.marks.set(entry.name, mark);
    const document = await loadWhole(folder, entry);
    const name = entry.name.slice(0, -'.json'.length);
    for (const file of attachmentsIn(document.members, name)) referred.add(file);
    folder.table.set(keyOf(folder.shape, document.row), indexed(document.row, folder));
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    folder.damaged.set(entry.name, error.message);
    folder.unread.add(entry.name);
  }
}

async function loadWhole(folder: Folder, entry: Dirent): Promise<Document> {
  if (!entry.isFile()) throw new Damage('is no regular file');
  if (!entry.name.endsWith('.json')) throw new Damage('does not end in .json, in small letters');
  const document = await loadDocument(folder, entry.name.slice(0, -'.json'.length));
  for (const { file, bytes } of document.attachments.values()) {
    const found = await stat(join(folder.path, file)).catch(() => null);
    if (found === null) throw new Damage('refers to an attachment that is not there');
    if (found.size !== bytes) throw new Damage('refers to an attachment of another size');
  }
  return document;
}

/** The attachments of a document that cannot be read may be all that is left of its record, and stay. */
function isLeft({ damaged }: Folder, file: string, referred: ReadonlySet<string>): boolean {
  if (temporaryFile.test(file)) return true;
  const owner = ownerOf(file);
  return owner !== null && !referred.has(file) && !damaged.has(`${owner}.json`);
}
