import { limits } from '../../core/limits.ts';
import { Json, JsonWalker } from '../../schema/values/json.ts';
import { splitObject } from '../../schema/values/json-split.ts';

/** What is wrong with a file, in words that repeat nothing of it. */
export class Damage extends Error {}

/** The members of a document by name, in their order, each as the text that stands there: what is not understood is kept to the letter. */
export type Members = ReadonlyMap<string, string>;

// A field of JSON may have as many levels as every store takes, and the document is one more.
const walker = new JsonWalker(limits.jsonDepthMax + 1);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The members of a document. @throws Damage for what is no whole object of JSON, or names a member twice at any level */
export function membersOf(bytes: Uint8Array): Members {
  const text = decoded(bytes);
  const found = walker.inspect(bytes, 0, bytes.length);
  if ((found & Json.container) === 0 || !text.trimStart().startsWith('{')) throw new Damage('is no whole JSON object');
  if ((found & Json.duplicateKey) !== 0) throw new Damage('has two members of one name');
  if ((found & Json.deep) !== 0) throw new Damage('has too many levels');
  return new Map(splitObject(text));
}

/** A document of these members, a line each, for people and programs. */
export function printMembers(members: Members): string {
  const lines = Array.from(members, ([name, value]) => `  ${JSON.stringify(name)}: ${value}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Damage('is not UTF-8');
  }
}
