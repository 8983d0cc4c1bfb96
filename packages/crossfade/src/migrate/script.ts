import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Dirent, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
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

/** A file that is read on the first look into it. A class, since a thousand objects with accessors of their own take long. */
export class LaterScript implements Script {
  readonly #folder: string;
  readonly #entry: Dirent;
  #script: Script | undefined;

  constructor(folder: string, entry: Dirent) {
    this.#folder = folder;
    this.#entry = entry;
  }

  get path(): string {
    return join(this.#folder, this.#entry.name);
  }

  get sql(): string {
    return this.#looked.sql;
  }

  get sha256(): string {
    return this.#looked.sha256;
  }

  get transactional(): boolean {
    return this.#looked.transactional;
  }

  /** @throws CrossfadeError E_MIGRATION_FILES */
  get #looked(): Script {
    if (this.#script !== undefined) return this.#script;
    const found = readScript(this.#folder, this.#entry);
    if (typeof found === 'string') throw unusable(this.#folder, [`${this.#entry.name}: ${found}`]);
    this.#script = found;
    return found;
  }
}

/** The one error for files that cannot be used, with what is wrong with each of them. */
export function unusable(folder: string, faults: readonly string[]): CrossfadeError {
  const files = faults.length === 1 ? '1 file' : `${faults.length} files`;
  return new CrossfadeError(
    'E_MIGRATION_FILES',
    `${files} in ${folder} cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nNothing was run. A migration is two files, 000001_name.up.sql and 000001_name.down.sql; rename, mend or remove the others.`,
    { folder, faults },
  );
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
