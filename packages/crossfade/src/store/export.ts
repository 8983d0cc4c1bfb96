import { createHash } from 'node:crypto';
import type { Collections } from '../schema/collection.ts';
import type { Cursor, Page, Store } from './contract.ts';
import { footer, header, opening, recordText, type Sum, closing, writingOrder } from './export-format.ts';

/**
 * Writes every record of a store as one JSON document, a line a record, in pieces of at most a page:
 * `pipeline(exportCollections(store), createWriteStream(file))`. It holds a page in memory, whatever the store has.
 *
 * A collection's records stand in the order of their keys, followed by their count and a sum over them; the document
 * names its format, its version and the digest of the schema. Values are exact: bytes are base64, bigints and decimals
 * text. Equal records make equal documents, whatever store they come from.
 *
 * It is one state of the store only if nobody writes meanwhile.
 *
 * @throws CrossfadeError E_UNSUPPORTED by a store that does not scan in order, and what the store has to say
 */
export async function* exportCollections<S extends Collections>(store: Store<S>): AsyncGenerator<string, void> {
  const names = writingOrder(store.schema);
  let total = 0;
  yield header(store.schema);
  for (const [i, name] of names.entries()) {
    yield opening(name);
    const sum = yield* exportRecords(store, name);
    yield closing(sum, i === names.length - 1);
    total += sum.count;
  }
  yield footer(total);
}

async function* exportRecords<S extends Collections>(
  store: Store<S>,
  name: keyof S & string,
): AsyncGenerator<string, Sum> {
  const hash = createHash('sha256');
  let count = 0;
  let after: Cursor | undefined;
  do {
    const page: Page = await store.scan(name, after === undefined ? {} : { after });
    const texts = page.rows.map((row) => recordText(store.schema[name], row));
    for (const text of texts) hash.update(`${text}\n`);
    // A comma comes with the record behind it: whether there is one is known with the next page.
    if (texts.length > 0) yield `${count === 0 ? '' : ',\n'}${texts.join(',\n')}`;
    count += texts.length;
    after = page.next ?? undefined;
  } while (after !== undefined);
  if (count > 0) yield '\n';
  return { count, sha256: hash.digest('hex') };
}
