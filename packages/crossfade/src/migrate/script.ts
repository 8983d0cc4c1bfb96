import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Script } from './model.ts';

/** What makes a file run outside a transaction; a line of its own before the first statement. */
export const noTransactionMark = '-- crossfade: no-transaction';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads one file of a migration, or says in one clause why it cannot be used. Never throws. */
export function readScript(path: string): Script | string {
  let bytes: Buffer;
  try {
    // A device or pipe of that name would block or never end.
    if (!statSync(path).isFile()) return 'it is not a file';
    bytes = readFileSync(path);
  } catch (error) {
    return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
  let sql: string;
  try {
    // The decoder takes the byte-order mark away: PostgreSQL would call it a syntax error.
    sql = utf8.decode(bytes);
  } catch {
    return `it is not UTF-8 (line ${lineOfBadByte(bytes)}): save it as UTF-8`;
  }
  if (sql.includes('\0'))
    return `it holds a NUL (line ${lineOf(sql, sql.indexOf('\0'))}), which ends SQL: save it as UTF-8`;
  return { path, sql, sha256: digest(sql), transactional: !isMarked(sql) };
}

/** The digest that says whether a file has changed. */
export function digest(sql: string): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}

/** Only comments before the first statement count, so that the words can stand in a string or a later comment. */
function isMarked(sql: string): boolean {
  const lead = /^(?:\s+|--[^\r\n]*|\/\*[\s\S]*?\*\/)*/.exec(sql)?.[0] ?? '';
  return /^[ \t]*--[ \t]*crossfade:[ \t]*no-transaction[ \t]*\r?$/m.test(lead.replace(/\/\*[\s\S]*?\*\//g, ''));
}

function lineOfBadByte(bytes: Buffer): number {
  for (let line = 1, from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const next = end < 0 ? bytes.length : end + 1;
    // A byte LF is never part of another character, so lines can be judged one by one.
    if (!isUtf8(bytes.subarray(from, next))) return line;
    from = next;
  }
  return 1;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
