import { limits } from '../core/limits.ts';
import { Json, JsonWalker } from '../schema/values/json.ts';
import { splitArray, splitObject } from '../schema/values/json-split.ts';
import { type Entry, record } from './entry.ts';

/** What is wrong with a document, in words that repeat nothing of it. */
export class Unreadable extends Error {}

/** A JSON text, and what its outermost value is. */
export interface Document {
  readonly text: string;
  readonly kind: 'object' | 'array' | 'scalar';
  /** It was not plain UTF-8, and is as good. */
  readonly remark: 'began with a byte order mark' | 'was UTF-16' | null;
}

// A value may have as many levels as PostgreSQL takes, and stands at most two below the document.
const walker = new JsonWalker(limits.jsonDepthMax + 2);

/** Reads the bytes of a document. @throws Unreadable */
export function readDocument(bytes: Uint8Array): Document {
  if (bytes.length === 0) throw new Unreadable('is empty');
  if (bytes.length > 0x1fffffe8) throw new Unreadable('is larger than a text may be (512 MB)');
  const { text, remark } = decoded(bytes);
  const plain = remark === null ? bytes : Buffer.from(text);
  const found = walker.inspect(plain, 0, plain.length);
  if (found === Json.no) throw new Unreadable('is not whole JSON');
  if ((found & Json.deep) !== 0) throw new Unreadable(`has more than ${limits.jsonDepthMax} levels`);
  const first = text.trimStart()[0];
  return { text, remark, kind: first === '{' ? 'object' : first === '[' ? 'array' : 'scalar' };
}

function decoded(bytes: Uint8Array): Pick<Document, 'text' | 'remark'> {
  const [a, b, c] = bytes;
  const [encoding, remark] =
    a === 0xff && b === 0xfe
      ? (['utf-16le', 'was UTF-16'] as const)
      : a === 0xfe && b === 0xff
        ? (['utf-16be', 'was UTF-16'] as const)
        : (['utf-8', a === 0xef && b === 0xbb && c === 0xbf ? 'began with a byte order mark' : null] as const);
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), remark };
  } catch {
    throw new Unreadable(`is not ${encoding === 'utf-8' ? 'UTF-8' : 'whole UTF-16'}`);
  }
}

/** The members of an object. @throws Unreadable for two of one name: one of them would be lost */
export function membersOf(text: string): Map<string, string> {
  const members = splitObject(text);
  const byName = new Map(members);
  if (byName.size < members.length) throw new Unreadable('has two members of one name');
  return byName;
}

/** Puts members together again. */
export function objectText(members: Iterable<readonly [string, string]>): string {
  return `{${Array.from(members, ([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

/** Whether an object is a map of records by name: it has members, and each of them is an object. */
export function isMap(members: ReadonlyMap<string, string>): boolean {
  return members.size > 0 && [...members.values()].every((value) => value.startsWith('{'));
}

/** The records of a map. @throws Unreadable */
export function* mapEntries(table: string, members: ReadonlyMap<string, string>): Generator<Entry, void> {
  for (const text of members.values()) membersOf(text);
  for (const [name, text] of members) yield record(table, name, text);
}

/**
 * The records of an array. Where one element is no object, none is a record: each is the one value of its row.
 * @throws Unreadable
 */
export function* arrayEntries(table: string, text: string): Generator<Entry, void> {
  let isOfRecords = true;
  let isEmpty = true;
  for (const element of splitArray(text)) {
    isEmpty = false;
    if (element.startsWith('{')) membersOf(element);
    else isOfRecords = false;
  }
  if (isEmpty) yield { kind: 'empty', table };
  for (const element of splitArray(text))
    yield record(table, null, isOfRecords ? element : objectText([['value', element]]));
}
