import type pg from 'pg';
import { copyOut } from '../pg/copy-out.ts';
import type { Sql } from '../pg/sql.ts';

/** The values of one row as PostgreSQL's text, null for NULL. */
export type TextRow = readonly (string | null)[];

/**
 * Runs a COPY ... TO STDOUT in the text format and hands over its rows, one after another, without holding more than one.
 * @param take what it throws ends the COPY once it is drained
 */
export async function copyRows(client: pg.Client, query: Sql, take: (row: TextRow) => void): Promise<void> {
  let line: Buffer[] = [];
  await copyOut(client, `COPY (${query.text}) TO STDOUT`, (chunk, start, end) => {
    for (let at = start; at < end; ) {
      const feed = chunk.indexOf(0x0a, at);
      const until = feed < 0 || feed >= end ? end : feed;
      // The bytes are the driver's again when this returns.
      if (until > at) line.push(Buffer.from(chunk.subarray(at, until)));
      at = until + 1;
      if (until === end) break;
      take(rowOf((line.length === 1 ? line[0] : Buffer.concat(line)).toString('utf8')));
      line = [];
    }
  });
}

function rowOf(line: string): TextRow {
  return line.split('\t').map((field) => (field === '\\N' ? null : unescaped(field)));
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** "COPY, text format": a backslash stands before everything that would mean something else. */
function unescaped(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\([\s\S])/g, (_, character: string) => escapes[character] ?? character);
}
