import { createHash } from 'node:crypto';
import type { Key } from '../../schema/collection.ts';

/** File systems take names of 255 bytes: a document's, and what an attachment adds to it, stay below. */
const keyBytesMax = 200;
const fieldBytesMax = 40;

/** Windows takes these for devices, whatever comes behind a dot. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/;

/**
 * The name of a record's document, without its ending: the values of the key as they are where that is safe. Different
 * keys have different names, also where a file system folds case or forms of Unicode; none is hidden, a device, or
 * leaves the folder.
 */
export function documentName(key: Key): string {
  return shortened(
    key.map((value) => escaped(String(value as string | number | bigint | boolean))).join(','),
    keyBytesMax,
  );
}

/** The name of a collection's folder. */
export function folderName(collection: string): string {
  return shortened(escaped(collection), keyBytesMax);
}

/** The collection of such a folder; a name that was shortened cannot be read back, and stands for itself. */
export function collectionName(folder: string): string {
  if (folder.startsWith('=') || folder === '%') return folder === '%' ? '' : folder;
  const text = folder.replace(/\^([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Buffer.from(
    text.replace(
      /%([0-9a-f]{2})|[^%]/gu,
      (character, digits?: string) => digits ?? Buffer.from(character).toString('hex'),
    ),
    'hex',
  ).toString('utf8');
}

/** What stands for a field in the name of an attachment; it has no dot in it. */
export function fieldName(field: string): string {
  return shortened(escaped(field).replaceAll('.', '%2e'), fieldBytesMax);
}

/** Neither the comma between the values of a key nor the `=` of a shortened name is ever left by this. */
function escaped(text: string): string {
  const safe = text
    .replace(/[^a-z0-9_.@-]/gu, (character) =>
      /[A-Z]/.test(character) ? `^${character.toLowerCase()}` : hexOf(character),
    )
    .replace(/^\.|\.$/g, '%2e')
    .replace(device, (name) => `${hexOf(name[0])}${name.slice(1)}`);
  return safe === '' ? '%' : safe;
}

function hexOf(character: string): string {
  return Buffer.from(character).toString('hex').replace(/../g, '%$&');
}

/** A document holds its key, so a shortened name need not be read back; it only has to be another for another key. */
function shortened(name: string, bytesMax: number): string {
  if (name.length <= bytesMax) return name;
  return `=${createHash('sha256').update(name).digest('hex')}`.slice(0, bytesMax);
}
