import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isUtf8 } from 'node:buffer';
import { basename, join } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { attachmentFile, ownerOf } from '../drivers/files/document.ts';
import { collectionName } from '../drivers/files/file-name.ts';
import { removedDocuments } from '../drivers/files/removal.ts';
import { lockName } from '../store/durable/lock.ts';
import { arrayEntries, isMap, mapEntries, membersOf, objectText, readDocument, Unreadable } from './document.ts';
import { type Entry, type RecordEntry, record } from './entry.ts';
import { readBelow, sourceFailure } from './read-file.ts';
import { type Place, Root } from './root.ts';

/** The table of everything that is no JSON: the path below the folder, and the bytes. */
const binaryTable = 'files';

/**
 * The records of a directory. A folder in it is a table, and each JSON document in it or below a record, named by its
 * path; a document that is an array is a table of its own. JSON directly in the directory is a table where it is an array
 * or a map of records, and else a record of a table that is called like the directory. All other files are bytes.
 *
 * Names are read as bytes and sorted, so that the order is the same at every reading.
 */
export async function* filesEntries(dir: string, showValues = false): AsyncGenerator<Entry, void> {
  const root = new Root(dir, showValues);
  const entries = await sortedEntries(root.folder(''));
  const removed = entries.some(({ name }) => name === lockName) ? await removedDocuments(dir) : null;
  const titles = titlesOf(entries);
  for (const entry of entries) {
    if (!isFolder(entry)) yield* topEntries(root, entry, titles.get(entry.name));
    else yield* new Folder(root, entry.name, removed).entries();
  }
}

/** A hidden folder is listed like a hidden file. */
function isFolder(entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith('.');
}

async function* topEntries(root: Root, { name }: Dirent, title: string | undefined): AsyncGenerator<Entry, void> {
  if (title === undefined) return yield* plainEntries(root, name);
  yield* readable(title, name, async function* () {
    const { text, kind, remark } = readDocument(await readBelow(root.file(name)));
    if (remark !== null) yield { kind: 'remark', name, text: remark };
    if (kind === 'array') return yield* arrayEntries(title, text);
    const members = kind === 'object' ? membersOf(text) : null;
    if (members !== null && isMap(members)) return yield* mapEntries(title, members);
    yield record(basename(root.dir), title, members === null ? objectText([['value', text]]) : text);
  });
}

function isDocument(entry: Dirent): boolean {
  return /\.json$/i.test(entry.name) && !entry.name.startsWith('.') && !entry.isDirectory();
}

/** What documents are called, by file: without the ending, but where two differ by the case of that alone. */
function titlesOf(entries: readonly Dirent[]): Map<string, string> {
  const names = entries.filter(isDocument).map(({ name }) => name);
  const byStem = Map.groupBy(names, stemOf);
  return new Map(
    names.map((name) => {
      const isShared = (byStem.get(stemOf(name)) ?? []).length > 1;
      return [name, isShared && !name.endsWith('.json') ? name : stemOf(name)];
    }),
  );
}

function stemOf(name: string): string {
  return name.slice(0, -'.json'.length);
}

/** A folder that is a table, with everything below it. */
class Folder {
  private readonly root: Root;
  private readonly folder: string;
  private readonly table: string;
  /** Documents whose removal a store has noted, by path; null where the directory is no store's. */
  private readonly removed: ReadonlySet<string> | null;
  /** Files that a document has taken for its own, by path. */
  private readonly taken = new Set<string>();
  /** Documents that cannot be read, by path: what lies beside one may be all that is left of its record. */
  private readonly torn = new Set<string>();

  constructor(root: Root, folder: string, removed: ReadonlySet<string> | null) {
    this.root = root;
    this.folder = folder;
    this.table = removed === null ? folder : collectionName(folder);
    this.removed = removed;
  }

  /** A collection of a store is a table also where it is empty; whether any other empty folder is one, nobody knows. */
  async *entries(): AsyncGenerator<Entry, void> {
    if (this.removed !== null) yield { kind: 'empty', table: this.table };
    yield* this.below(this.folder);
  }

  /** Documents come first: they say which of the other files belong to them. */
  private async *below(path: string): AsyncGenerator<Entry, void> {
    const entries = await sortedEntries(this.root.folder(path));
    const isCollection = this.removed !== null && path === this.folder;
    if (entries.length === 0 && !isCollection)
      yield { kind: 'aside', name: path, why: 'it is a folder without a file' };
    for (const [name, title] of titlesOf(entries)) yield* this.document(join(path, name), join(path, title));
    for (const entry of entries.filter((each) => !isDocument(each))) {
      const file = join(path, entry.name);
      if (isFolder(entry)) yield* this.below(file);
      else if (isCollection && this.isLeft(entry.name))
        yield { kind: 'aside', name: file, why: 'it is an attachment to which no document refers any more' };
      else if (!this.taken.has(file)) yield* plainEntries(this.root, file);
    }
  }

  /** What the next opening of the store would remove: the bytes of a record that is gone, or has others by now. */
  private isLeft(name: string): boolean {
    const owner = ownerOf(name);
    const file = join(this.folder, name);
    return owner !== null && !this.taken.has(file) && !this.torn.has(join(this.folder, `${owner}.json`));
  }

  private async *document(path: string, title: string): AsyncGenerator<Entry, void> {
    if (this.removed?.has(path) === true)
      return yield { kind: 'aside', name: path, why: 'the store was about to remove it, and had said so' };
    const name = title.slice(this.folder.length + 1);
    const { root, table } = this;
    const attached = (each: RecordEntry): Promise<RecordEntry> => this.withAttachments(path, each);
    const entries = readable(table, name, async function* () {
      const { text, kind, remark } = readDocument(await readBelow(root.file(path)));
      if (remark !== null) yield { kind: 'remark', name: path, text: remark };
      if (kind === 'array') return yield* arrayEntries(`${table}/${name}`, text);
      if (kind === 'scalar') return yield record(table, name, objectText([['value', text]]));
      membersOf(text);
      yield await attached(record(table, name, text));
    });
    for await (const entry of entries) {
      if (entry.kind === 'unreadable') this.torn.add(path);
      yield entry;
    }
  }

  /** Replaces what the files driver writes for bytes by the bytes. @throws Unreadable when they are not those that were written */
  private async withAttachments(path: string, entry: RecordEntry): Promise<RecordEntry> {
    const title = basename(path, '.json');
    const bytes = new Map<string, Uint8Array>();
    for (const [member, value] of membersOf(entry.text)) {
      const attachment = attachmentOf(title, member, value);
      if (attachment === null) continue;
      const file = join(path, '..', attachment.file);
      const found = await this.attachment(file);
      const sha256 = createHash('sha256').update(found).digest('hex');
      if (found.length !== attachment.bytes || sha256 !== attachment.sha256)
        throw new Unreadable('refers to an attachment whose bytes are not those that were written');
      bytes.set(member, found);
      this.taken.add(file);
    }
    return bytes.size === 0 ? entry : { ...entry, bytes };
  }

  private async attachment(file: string): Promise<Buffer> {
    try {
      return await readBelow(this.root.file(file));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'E_SOURCE_CHANGED') throw error;
      throw new Unreadable('refers to an attachment that is not there');
    }
  }
}

function attachmentOf(
  title: string,
  member: string,
  value: string,
): { file: string; bytes: number; sha256: string } | null {
  if (!value.startsWith('{')) return null;
  const { file, bytes, sha256, ...more } = JSON.parse(value) as Record<string, unknown>;
  const digits = typeof file === 'string' ? (/\.([0-9a-f]{8})\.bin$/.exec(file)?.[1] ?? '') : '';
  const isOurs = Object.keys(more).length === 0 && file === attachmentFile(title, member, digits);
  return isOurs && typeof bytes === 'number' && typeof sha256 === 'string' ? { file, bytes, sha256 } : null;
}

/** A file that is no document: bytes, or a reason why not. */
async function* plainEntries(root: Root, path: string): AsyncGenerator<Entry, void> {
  const name = basename(path);
  if (name.startsWith('.')) return yield { kind: 'aside', name: path, why: 'its name begins with a dot' };
  yield* readable(binaryTable, path, async function* () {
    if (name.endsWith('.tmp')) throw new Unreadable('is a temporary file that was never given its name');
    const content = await readBelow(root.file(path));
    yield { ...record(binaryTable, path, objectText([['content', 'null']])), bytes: new Map([['content', content]]) };
  });
}

/** What cannot be read is an entry too, once everything before it has been handed over. */
async function* readable(table: string, name: string, read: () => AsyncIterable<Entry>): AsyncGenerator<Entry, void> {
  try {
    yield* read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    yield { kind: 'unreadable', table, name, why: error.message };
  }
}

/** @throws CrossfadeError E_SOURCE_FORBIDDEN, E_SOURCE_CHANGED, E_SOURCE_UNREADABLE for a name that is not UTF-8 */
async function sortedEntries({ path, told, isHidden }: Place): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    if (entries.some(({ name }) => name.includes('\ufffd'))) await refuseForeignNames(path, told);
    return entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  } catch (error) {
    throw sourceFailure(told, error, isHidden ? 'hidden' : 'below');
  }
}

/** Node gives such a name with U+FFFD in it, by which the file cannot be opened. */
async function refuseForeignNames(path: string, told: string): Promise<void> {
  const names = await readdir(path, { encoding: 'buffer' });
  if (names.every((name) => isUtf8(name))) return;
  throw new CrossfadeError(
    'E_SOURCE_UNREADABLE',
    `${told} holds a file whose name is not UTF-8. Nothing was moved. Rename it, or move it elsewhere.`,
    { path: told },
  );
}
