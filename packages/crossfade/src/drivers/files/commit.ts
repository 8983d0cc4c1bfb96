import { lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from '../../schema/collection.ts';
import { removeIfThere, syncFolder, writeTemporary } from '../../store/durable/disk.ts';
import type { Step } from '../../store/tables/apply.ts';
import { attach, removeFiles } from './attach.ts';
import { type Document, memberOf, printAttachment } from './document.ts';
import { storeDamaged } from './failure.ts';
import { documentName } from './file-name.ts';
import { attachmentsIn, type Folder, markOf, readDocument } from './folder.ts';
import { printMembers } from './members.ts';
import type { Place } from './place.ts';
import { finishRemoval, noteRemoval } from './removal.ts';

/** A write on its way to the disk, parted by its commit point. */
export interface Commit {
  /** Writes what nobody reads yet. */
  readonly prepare: () => Promise<void>;
  /** Until this resolves nothing has changed that anybody reads. */
  readonly make: () => Promise<void>;
  /** Makes it last, and clears away what it has replaced. */
  readonly settle: () => Promise<void>;
  /** Removes what was prepared and will not be made. */
  readonly discard: () => Promise<void>;
}

/** Attachments under new names, then the document in one step, then the old attachments go. */
export function replacement(folder: Folder, name: string, set: Row, before: Document | null): Commit {
  const members = new Map(before?.members);
  const old = attachmentsIn(members, name);
  const made: string[] = [];
  const file = `${name}.json`;
  let temporary = '';
  return {
    prepare: async () => {
      if (before === null) await refuseUnknownFile(folder, file);
      for (const [field, value] of Object.entries(set)) {
        if (value instanceof Uint8Array) {
          const attachment = await attach(folder, name, field, value, before?.attachments.get(field));
          if (attachment.isNew) made.push(attachment.file);
          members.set(field, printAttachment(attachment));
        } else members.set(field, memberOf(folder.shape.fields[field], value));
      }
      if (made.length > 0) await syncFolder(folder.path);
      temporary = await writeTemporary(folder.path, printMembers(members));
    },
    make: () => rename(temporary, join(folder.path, file)),
    settle: async () => {
      await syncFolder(folder.path);
      folder.marks.set(file, (await markOf(folder, file)) ?? '');
      const referred = attachmentsIn(members, name);
      await removeFiles(
        folder,
        [...old].filter((each) => !referred.has(each)),
      );
    },
    discard: async () => {
      if (temporary !== '') await removeIfThere(temporary);
      await removeFiles(folder, made);
    },
  };
}

/** Whoever put a document there while the store was open shall not lose it. */
async function refuseUnknownFile(folder: Folder, file: string): Promise<void> {
  const isThere = await lstat(join(folder.path, file)).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  const why = 'was made by somebody else while the store was open';
  folder.damaged.set(file, why);
  folder.unread.add(file);
  throw storeDamaged(folder.name, [file], why, 'Nothing was written.');
}

/** One document goes by one step; several are noted first, so that all of them go or none. */
export function removal(place: Place, steps: readonly Step[]): Commit {
  const gone = steps
    .filter(({ before }) => before !== undefined)
    .map(({ table, key }) => ({ folder: place.folders.get(table.name) as Folder, name: documentName(key) }));
  const paths = gone.map(({ folder, name }) => join(folder.path, `${name}.json`));
  const attachments: (readonly [Folder, string[]])[] = [];
  return {
    prepare: async () => {
      for (const { folder, name } of gone) {
        const { members } = await readDocument(folder, name);
        attachments.push([folder, [...attachmentsIn(members, name)]]);
      }
    },
    make: async () => {
      if (paths.length === 1) await rm(paths[0]);
      if (paths.length > 1) await noteRemoval(place.dir, paths);
    },
    settle: async () => {
      for (const { folder, name } of gone) folder.marks.delete(`${name}.json`);
      if (paths.length === 1) await syncFolder(gone[0].folder.path);
      if (paths.length > 1) await finishRemoval(place.dir);
      for (const [folder, files] of attachments) await removeFiles(folder, files);
    },
    discard: async () => undefined,
  };
}
