import { createHash } from 'node:crypto';
import { closing, footer, opening } from './export-format.ts';
import { type ExportSource, Lines, sumFault, versionFault } from './read-export.ts';

/** Whether a file begins as an export does, whole or damaged. */
export async function isExport(source: () => AsyncIterable<Uint8Array>): Promise<boolean> {
  const head = '{"format":"crossfade-export"';
  let begins = Buffer.alloc(0);
  for await (const piece of source()) {
    begins = Buffer.concat([begins, piece]);
    if (begins.length >= head.length) break;
  }
  return begins.toString('latin1', 0, head.length) === head;
}

/**
 * The records of an export whose schema is not at hand, each as the text that stands there, with null for a collection
 * without any. Counts and sums are compared as they come; nothing is proved before the last record has come.
 *
 * @throws CrossfadeError E_EXPORT_INVALID for a byte that was changed, lost or added
 */
export async function* readExportTexts(
  source: ExportSource,
): AsyncGenerator<{ readonly collection: string; readonly text: string | null }, void> {
  const lines = new Lines(source);
  const fault = versionFault(await lines.next());
  if (fault !== null) throw fault;
  let total = 0;
  for (let isLast = false; !isLast; ) {
    const line = await lines.next();
    const name = nameOf(line);
    if (name === null) throw lines.fault('is not the beginning of a collection');
    const records = yield* recordTexts(lines, name);
    total += records.count;
    isLast = records.isLast;
  }
  if ((await lines.next()) !== footer(total)) throw lines.fault('is not the end of an export of so many records');
  if ((await lines.next()) !== '') throw lines.fault('stands behind the end');
}

async function* recordTexts(
  lines: Lines,
  collection: string,
): AsyncGenerator<{ readonly collection: string; readonly text: string | null }, { count: number; isLast: boolean }> {
  const hash = createHash('sha256');
  let count = 0;
  let isMore = false;
  for (let line = await lines.next(); ; line = await lines.next()) {
    if (!line.startsWith('{')) {
      const sum = { count, sha256: hash.digest('hex') };
      const isLast = line === closing(sum, true);
      if (isMore || (!isLast && line !== closing(sum, false))) throw lines.fault(sumFault(line, collection, sum));
      if (count === 0) yield { collection, text: null };
      return { count, isLast };
    }
    if (count > 0 && !isMore) throw lines.fault('comes without a comma before it');
    isMore = line.endsWith(',\n');
    const text = line.slice(0, isMore ? -2 : -1);
    if (!isJson(text)) throw lines.fault(`is no record of ${collection}`);
    hash.update(`${text}\n`);
    count++;
    yield { collection, text };
  }
}

function nameOf(line: string): string | null {
  const end = line.indexOf('":{"records":[\n');
  const quoted = line.slice(0, end + 1);
  const name = end < 0 || !isJson(quoted) ? null : (JSON.parse(quoted) as string);
  return typeof name === 'string' && line === opening(name) ? name : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
