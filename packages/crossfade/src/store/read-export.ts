import { createHash } from 'node:crypto';
import { CrossfadeError } from '../core/errors.ts';
import type { Collection, Collections, Row } from '../schema/collection.ts';
import { compareKeys } from '../schema/values/field-values.ts';
import { keyOf } from './check-change.ts';
import { closing, exportVersion, footer, header, opening, recordOf, type Sum, writingOrder } from './export-format.ts';

/** The text of an export, or what opens its file anew each time: a large one is read more than once and never whole. */
export type ExportSource = string | (() => AsyncIterable<string | Uint8Array>);

/** One record of an export. */
export interface ExportedRecord {
  readonly collection: string;
  readonly row: Row;
  /** How many characters it takes. */
  readonly size: number;
}

/**
 * The records of an export, in its order. Nothing is proved before the last of them has come.
 *
 * @throws CrossfadeError E_EXPORT_INVALID for everything that an export of this schema would not have
 */
export async function* readExport(schema: Collections, source: ExportSource): AsyncGenerator<ExportedRecord, void> {
  const lines = new Lines(source);
  const names = writingOrder(schema);
  const first = await lines.next();
  if (first !== header(schema)) throw headerFault(first);
  let total = 0;
  for (const [i, name] of names.entries()) {
    if ((await lines.next()) !== opening(name)) throw lines.fault(`is not the beginning of the collection ${name}`);
    total += yield* readRecords(lines, name, schema[name], i === names.length - 1);
  }
  if ((await lines.next()) !== footer(total)) throw lines.fault('is not the end of an export of so many records');
  if ((await lines.next()) !== '') throw lines.fault('stands behind the end');
}

async function* readRecords(
  lines: Lines,
  collection: string,
  shape: Collection,
  isLast: boolean,
): AsyncGenerator<ExportedRecord, number> {
  const hash = createHash('sha256');
  let count = 0;
  let before: Row | null = null;
  let isMore = false;
  for (let line = await lines.next(); ; line = await lines.next()) {
    if (!line.startsWith('{')) {
      const sum = { count, sha256: hash.digest('hex') };
      if (isMore || line !== closing(sum, isLast)) throw lines.fault(sumFault(line, collection, sum));
      return count;
    }
    if (count > 0 && !isMore) throw lines.fault('comes without a comma before it');
    isMore = line.endsWith(',\n');
    const text = line.slice(0, isMore ? -2 : -1);
    const row = recordOf(shape, text);
    if (row === null) throw lines.fault(`is no record of ${collection}, or is not written as an export writes it`);
    if (before !== null && compareRows(shape, before, row) >= 0)
      throw lines.fault(`has a key of ${collection} that does not come behind the one before`);
    before = row;
    hash.update(`${text}\n`);
    count++;
    yield { collection, row, size: text.length };
  }
}

function compareRows(shape: Collection, a: Row, b: Row): number {
  return compareKeys(keyOf(shape, a), keyOf(shape, b));
}

/** The lines of an export, each with its line feed; an empty one behind the last. */
export class Lines {
  private readonly lines: AsyncIterator<string>;
  private number = 0;

  constructor(source: ExportSource) {
    this.lines = linesOf(source)[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    this.number++;
    try {
      const { value, done } = await this.lines.next();
      return done === true ? '' : value;
    } catch (error) {
      if (error instanceof TypeError) throw this.fault('is not UTF-8');
      throw error;
    }
  }

  fault(what: string): CrossfadeError {
    return invalid(`its line ${this.number} ${what}`, this.number);
  }
}

async function* linesOf(source: ExportSource): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: string[] = [];
  for await (const piece of typeof source === 'string' ? [source] : source()) {
    const text = typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield rest.join('') + text.slice(start, end + 1);
      rest = [];
      start = end + 1;
    }
    if (start < text.length) rest.push(text.slice(start));
  }
  const last = rest.join('') + decoder.decode();
  if (last !== '') yield last;
}

function headerFault(line: string): CrossfadeError {
  return versionFault(line) ?? invalid('it is of another schema than the store', 1);
}

/** What is wrong with a first line whatever the schema, or null. */
export function versionFault(line: string): CrossfadeError | null {
  const found = /^\{"format":"crossfade-export","version":(\d{1,9}),"schema":"([0-9a-f]{64})","collections":\{\n$/.exec(
    line,
  );
  if (found === null) return invalid('its first line is not that of an export', 1);
  if (Number(found[1]) === exportVersion) return null;
  return invalid(`it is of version ${found[1]}, and this program reads version ${exportVersion}`, 1);
}

/** What is wrong with the line that stands behind the records of a collection. */
export function sumFault(line: string, collection: string, { count, sha256 }: Sum): string {
  const found = /^\],"count":(\d{1,15}),"sha256":"([0-9a-f]{64})"\},?\n$/.exec(line);
  if (found === null) return `is neither a record of ${collection} nor the end of them`;
  if (found[1] !== String(count)) return `counts ${found[1]} records of ${collection}, and there are ${count}`;
  if (found[2] !== sha256) return `has another sum than the records of ${collection}`;
  return `does not end the records of ${collection} as an export does`;
}

function invalid(what: string, line: number): CrossfadeError {
  return new CrossfadeError(
    'E_EXPORT_INVALID',
    `The export cannot be imported: ${what}. Take an undamaged copy, or export again with this schema.`,
    { line },
  );
}
