import { createHash, randomBytes } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import type { Row } from '../../schema/collection.ts';
import type { DriverChange } from '../../store/contract.ts';
import { applyChanges, type Step, takeBack } from '../../store/tables/apply.ts';
import { replaceFile, syncFolder, writeNew } from './disk.ts';
import { type Attachment, attachmentFile, type Document, memberOf, printAttachment } from './document.ts';
import { outcomeUnknown, storeDamaged, storeFailed } from './failure.ts';
import { documentName } from './file-name.ts';
import { attachmentsIn, type Folder, indexed, loadAttachment, readDocument } from './folder.ts';
import { Damage, printMembers } from './members.ts';
import type { Place } from './place.ts';
import { finishRemoval, noteRemoval } from './removal.ts';

/** A write on its way to the disk, in the two halves that its commit point parts. */
interface Commit {
  /** Until this resolves nothing has changed that anybody reads. */
  readonly make: () => Promise<void>;
  /** Makes it last, and clears away what it has replaced. */
  readonly settle: () => Promise<void>;
}

/** Makes one change, in the tables and on the disk. Nothing else reads or writes meanwhile. */
export async function writeChange(place: Place, change: DriverChange): Promise<void> {
  const folder = place.folders.get(change.collection) as Folder;
  const name = documentName(change.key);
  refuseUnreadable(place, folder, name);
  const before = folder.table.get(change.key) === undefined ? null : await readDocument(folder, name);
  const steps = applyChanges(place.tables, [change], indexed);
  const { make, settle } =
    change.kind === 'remove'
      ? removal(place, steps)
      : replacement(folder, name, change.kind === 'patch' ? change.set : change.row, before);
  try {
    await make();
  } catch (error) {
    takeBack(steps);
    throw error instanceof CrossfadeError ? error : storeFailed(place.dir, 'Nothing was written.', error);
  }
  try {
    await settle();
  } catch (error) {
    place.isUnsure = true;
    throw outcomeUnknown(place.dir, error);
  }
}

/** A document that nobody can read is not replaced, and none is written whose fitness it would decide. */
function refuseUnreadable({ judges }: Place, folder: Folder, name: string): void {
  const file = `${name}.json`;
  const what = 'Nothing was written.';
  const reason = folder.damaged.get(file);
  if (reason !== undefined) throw storeDamaged(folder.name, [file], reason, what);
  const unreadable = judges.get(folder.name)?.find(({ damaged }) => damaged.size > 0);
  if (unreadable === undefined) return;
  const why = 'cannot be read, so that nobody can say whether unique sets and references would be kept';
  throw storeDamaged(unreadable.name, [...unreadable.damaged.keys()], why, what);
}

/** Attachments under new names, then the document in one step, then the old attachments go. */
function replacement(folder: Folder, name: string, set: Row, before: Document | null): Commit {
  const members = new Map(before?.members);
  const old = attachmentsIn(members, name);
  const made: string[] = [];
  return {
    make: async () => {
      try {
        if (before === null) await refuseUnknownFile(folder, name);
        for (const [field, value] of Object.entries(set)) {
          if (value instanceof Uint8Array) {
            const attachment = await attach(folder, name, field, value, before?.attachments.get(field));
            if (attachment.isNew) made.push(attachment.file);
            members.set(field, printAttachment(attachment));
          } else members.set(field, memberOf(folder.shape.fields[field], value));
        }
        if (made.length > 0) await syncFolder(folder.path);
        await replaceFile(folder.path, `${name}.json`, printMembers(members));
      } catch (error) {
        await removeFiles(folder, made);
        throw error;
      }
    },
    settle: async () => {
      await syncFolder(folder.path);
      const referred = attachmentsIn(members, name);
      await removeFiles(
        folder,
        [...old].filter((file) => !referred.has(file)),
      );
    },
  };
}

/** Whoever put a document there while the store was open shall not lose it. */
async function refuseUnknownFile(folder: Folder, name: string): Promise<void> {
  const file = `${name}.json`;
  const isThere = await lstat(join(folder.path, file)).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  const why = 'was made by somebody else while the store was open';
  folder.damaged.set(file, why);
  throw storeDamaged(folder.name, [file], why, 'Nothing was written.');
}

/** The attachment that holds these bytes: the one that the record has, where it is whole and the same, or a new one. */
async function attach(
  folder: Folder,
  name: string,
  field: string,
  bytes: Uint8Array,
  held: Attachment | undefined,
): Promise<Attachment & { readonly isNew: boolean }> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (held?.sha256 === sha256 && (await isWhole(folder, held))) return { ...held, isNew: false };
  const file = attachmentFile(name, field, randomBytes(4).toString('hex'));
  await writeNew(join(folder.path, file), bytes);
  return { file, bytes: bytes.length, sha256, isNew: true };
}

function isWhole(folder: Folder, held: Attachment): Promise<boolean> {
  return loadAttachment(folder, held).then(
    () => true,
    (error) => {
      if (error instanceof Damage) return false;
      throw error;
    },
  );
}

/** One document goes by one step; several are noted first, so that all of them go or none. */
function removal(place: Place, steps: readonly Step[]): Commit {
  const gone = steps
    .filter(({ before }) => before !== undefined)
    .map(({ table, key }) => ({ folder: place.folders.get(table.name) as Folder, name: documentName(key) }));
  const paths = gone.map(({ folder, name }) => join(folder.path, `${name}.json`));
  const attachments: (readonly [Folder, string[]])[] = [];
  return {
    make: async () => {
      for (const { folder, name } of gone) {
        const { members } = await readDocument(folder, name);
        attachments.push([folder, [...attachmentsIn(members, name)]]);
      }
      if (paths.length === 1) await rm(paths[0]);
      if (paths.length > 1) await noteRemoval(place.dir, paths);
    },
    settle: async () => {
      if (paths.length === 1) await syncFolder(gone[0].folder.path);
      if (paths.length > 1) await finishRemoval(place.dir);
      for (const [folder, files] of attachments) await removeFiles(folder, files);
    },
  };
}

/** Nobody refers to them any longer, so what stays is removed when the store is opened next. */
async function removeFiles({ path }: Folder, files: readonly string[]): Promise<void> {
  for (const file of files) await rm(join(path, file), { force: true }).catch(() => undefined);
}
