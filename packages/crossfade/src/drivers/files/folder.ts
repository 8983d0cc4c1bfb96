import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Collection, emptyRow, type Row } from '../../schema/collection.ts';
import { compareValues } from '../../schema/values/field-values.ts';
import { Table } from '../../store/tables/table.ts';
import { readWhole } from '../../store/durable/disk.ts';
import { type Attachment, type Document, ownerOf, parseDocument } from './document.ts';
import { storeDamaged, storeFailed } from './failure.ts';
import { folderName } from './file-name.ts';
import { Damage, type Members } from './members.ts';

/** What is wrong with a document that this store has not written as it stands. */
export const changedBehind = 'was changed by somebody else while the store was open';

/** One collection: its folder, and what of it stands in memory. */
export interface Folder {
  readonly dir: string;
  readonly name: string;
  readonly shape: Collection;
  readonly path: string;
  /** Of each record what finds, orders and binds it. */
  readonly table: Table;
  /** By file, what is wrong with it. */
  readonly damaged: Map<string, string>;
  /** Those of them of which the table has no record, so that nobody knows their keys. */
  readonly unread: Set<string>;
  /** By file, the mark of each document as it was read or written last. */
  readonly marks: Map<string, string>;
}

/** The folder of a collection, about which nothing is known yet. */
export function folderOf(dir: string, name: string, shape: Collection): Folder {
  const path = join(dir, folderName(name));
  return {
    dir,
    name,
    shape,
    path,
    table: new Table(name, shape),
    damaged: new Map(),
    unread: new Set(),
    marks: new Map(),
  };
}

/** What the table holds of a record: the fields of its key, unique sets, indexes and references. */
export function indexed(row: Row, { shape }: Pick<Table, 'shape'>): Row {
  const { key, unique = [], indexes = [], references = [] } = shape;
  const kept = emptyRow();
  for (const field of [key, ...unique, ...indexes, ...references.map((reference) => reference.fields)].flat())
    kept[field] = row[field];
  return kept;
}

/** The document of a record that is about to change. @throws CrossfadeError E_RECORD_DAMAGED, E_STORE_FAILED */
export function readDocument(folder: Folder, name: string): Promise<Document> {
  return reading(folder, name, async () => {
    const document = await loadDocument(folder, name);
    if ((await markOf(folder, `${name}.json`)) !== folder.marks.get(`${name}.json`)) throw new Damage(changedBehind);
    return document;
  });
}

/** The record of a document, with its attachments. @throws CrossfadeError E_RECORD_DAMAGED, E_STORE_FAILED */
export function readRecord(folder: Folder, name: string, known: Row): Promise<Row> {
  return reading(folder, name, async () => {
    const { row, attachments } = await loadDocument(folder, name);
    const changed = Object.keys(known).some((field) => compareValues(known[field], row[field]) !== 0);
    if (changed) throw new Damage(changedBehind);
    const whole = Object.assign(emptyRow(), row);
    for (const [field, attachment] of attachments) whole[field] = await loadAttachment(folder, attachment);
    return whole;
  });
}

/** What tells a document from every other state of its file: a write makes a file of its own. Null where there is none. */
export async function markOf({ path }: Folder, file: string): Promise<string | null> {
  const found = await lstat(join(path, file), { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** The bytes of an attachment. @throws Damage when they are not those that were written */
export async function loadAttachment({ path }: Folder, { file, bytes, sha256 }: Attachment): Promise<Uint8Array> {
  const found = await present(readWhole(join(path, file)), 'refers to an attachment that is not there');
  if (found.length !== bytes || createHash('sha256').update(found).digest('hex') !== sha256)
    throw new Damage('refers to an attachment whose bytes are not those that were written');
  return new Uint8Array(found.buffer, found.byteOffset, found.length);
}

/** A document as it stands on the disk. @throws Damage */
export async function loadDocument({ path, shape }: Folder, name: string): Promise<Document> {
  return parseDocument(shape, name, await present(readWhole(join(path, `${name}.json`)), 'is gone'));
}

/** Every attachment of the record that the members name, also those of members that no field is declared for. */
export function attachmentsIn(members: Members, name: string): Set<string> {
  const strings = [...members.values()].flatMap((text) => [...text.matchAll(/"([^"\\]+\.bin)"/g)]);
  return new Set(strings.map(([, file]) => file).filter((file) => ownerOf(file) === name));
}

/** What is read of a record, with its faults noted for `damaged()`. */
async function reading<T>(folder: Folder, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Damage)) throw storeFailed(folder.dir, 'Nothing was read or written.', error);
    const file = `${name}.json`;
    folder.damaged.set(file, error.message);
    throw storeDamaged(folder.name, [file], error.message, 'Nothing was read or written.');
  }
}

/** What is not a file at all is damage; a disk that fails is not. */
async function present(found: Promise<Buffer>, absence: string): Promise<Buffer> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Damage(absence);
    if (code === 'ELOOP' || code === 'EISDIR') throw new Damage('is no regular file, or refers to none');
    throw error;
  }
}
