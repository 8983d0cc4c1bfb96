import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeIfThere, writeNew } from '../../store/durable/disk.ts';
import { type Attachment, attachmentFile } from './document.ts';
import { type Folder, loadAttachment } from './folder.ts';
import { Damage } from './members.ts';

/** The attachment that holds these bytes: the one that the record has, where it is whole and the same, or a new one. */
export async function attach(
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

/** Nobody refers to them any longer, so what stays is removed when the store is opened next. */
export async function removeFiles({ path }: Folder, files: readonly string[]): Promise<void> {
  for (const file of files) await removeIfThere(join(path, file));
}
