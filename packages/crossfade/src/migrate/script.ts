import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Dirent, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from './model.ts';

/** What makes a file run outside a transaction; a line of its own before the first statement. */
export const noTransactionMark = '-- crossfade: no-transaction';

/**
 * Reads one file of a migration, or says in one clause why it cannot be used. Never throws. Every start of a service
 * reads every file, so this does without a call to the system where it can.
 */
export function readScript(folder: string, entry: Dirent): Script | string {
  const path = join(folder, entry.name);
  let text: string;
  try {
    // A device or pipe of that name would block or never end.
    if (!entry.isFile() && !statSync(path).isFile()) return 'it is not a file';
    text = readFileSync(path, 'utf8');
    // Bytes that are no UTF-8 have become U+FFFD, which may also stand in the file itself.
    const bytes = text.includes('\ufffd') ? readFileSync(path) : null;
    if (bytes !== null && !isUtf8(bytes)) return `it is not UTF-8 (line ${lineOfBadByte(bytes)}): save it as UTF-8`;
  } catch (error) {
    return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
  // PostgreSQL would call a byte-order mark a syntax error.
  const sql = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (sql.includes('\0'))
    return `it holds a NUL (line ${lineOf(sql, sql.indexOf('\0'))}), which ends SQL: save it as UTF-8`;
  return { path, sql, sha256: digest(sql), transactional: !isMarked(sql) };
}

/** A file that is read on the first look into it, which throws what `refusal` makes of a file that cannot be used. */
export function scriptLater(folder: string, entry: Dirent, refusal: (fault: string) => Error): Script {
  let read: Script | undefined;
  const looked = (): Script => {
    if (read !== undefined) return read;
    const found = readScript(folder, entry);
    if (typeof found === 'string') throw refusal(found);
    read = found;
    return read;
  };
  return {
    path: join(folder, entry.name),
    get sql() {
      return looked().sql;
    },
    get sha256() {
      return looked().sha256;
    },
    get transactional() {
      return looked().transactional;
    },
  };
}

/** The digest that says whether a file has changed. */
export function digest(sql: string): string {
  return hash('sha256', sql.replaceAll('\r\n', '\n'));
}

/** Only comments before the first statement count, so that the words can stand in a string or a later comment. */
function isMarked(sql: string): boolean {
  if (!sql.includes('crossfade:')) return false;
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

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
