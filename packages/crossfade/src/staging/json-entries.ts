import { basename, extname } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { isExport, readExportTexts } from '../store/export-texts.ts';
import {
  arrayEntries,
  type Document,
  isMap,
  mapEntries,
  membersOf,
  objectText,
  readDocument,
  Unreadable,
} from './document.ts';
import { type Entry, record } from './entry.ts';
import { exportPieces, readRegular } from './read-file.ts';

/**
 * The records of one JSON file: an export of a store, whose counts and sums are proved; an array of records; an object of
 * tables, each an array or a map of records; or one map of records. @throws CrossfadeError E_SOURCE_ errors, E_EXPORT_INVALID
 */
export async function* jsonEntries(path: string): AsyncGenerator<Entry, void> {
  if (await isExport(exportPieces(path))) {
    for await (const { collection, text } of readExportTexts(exportPieces(path)))
      yield text === null ? { kind: 'empty', table: collection } : record(collection, null, text);
    return;
  }
  try {
    const document = readDocument(await readRegular(path));
    if (document.remark !== null) yield { kind: 'remark', name: basename(path), text: document.remark };
    yield* documentEntries(basename(path, extname(path)), document);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new CrossfadeError(
      'E_SOURCE_UNREADABLE',
      `${path} ${error.message}. Nothing was moved. Take an undamaged copy, or write the file again.`,
      { path },
    );
  }
}

/** What is no table of its own is the one row of a table that is called like the file. */
function* documentEntries(name: string, { text, kind }: Document): Generator<Entry, void> {
  if (kind === 'array') return yield* arrayEntries(name, text);
  if (kind === 'scalar') return yield record(name, null, objectText([['value', text]]));
  const members = membersOf(text);
  const tables = [...members].filter(([, value]) => value.startsWith('[') || isTable(value));
  // A map whose records are records themselves, and not maps in turn.
  if (tables.length === 0 && isMap(members)) return yield* mapEntries(name, members);
  for (const [table, value] of tables)
    yield* value.startsWith('[') ? arrayEntries(table, value) : mapEntries(table, membersOf(value));
  const rest = [...members].filter(([member]) => !tables.some(([table]) => table === member));
  if (rest.length > 0 || tables.length === 0) yield record(name, null, objectText(rest));
}

function isTable(value: string): boolean {
  return value.startsWith('{') && isMap(membersOf(value));
}
