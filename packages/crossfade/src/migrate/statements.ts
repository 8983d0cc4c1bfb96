import { type ParseResult, loadModule, parseSync } from './parser.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { Statement } from './model.ts';
import { indexOfCharacter, positionAt } from './position.ts';

/** A syntax tree of libpg-query: an object with one key, the kind of the statement. */
export type Tree = Readonly<Record<string, unknown>>;

/** A statement with its syntax tree. */
export interface ParsedStatement extends Statement {
  readonly tree: Tree;
}

/**
 * So much is parsed at once: the syntax tree of a seed of many megabytes would not fit into the parser's memory.
 * A cut is made only where everything before it parses, so it can never fall into a string, comment or body.
 */
const pieceCharacters = 256 * 1024;

/** Every dump of a newer pg_dump stands between the two: they forbid psql the other commands, and change no SQL. */
const restricting = /^\\(?:un)?restrict[^\S\n]+[A-Za-z0-9]+[^\S\n]*$/gm;

/** A semicolon with nothing behind it on its line but blanks and comments, and the first one behind the word stdin. */
const lineEnd = /;(?:[^\S\n]|\/\*(?:(?!\*\/)[^\n])*\*\/)*(?:--[^\n]*)?\n/g;
const copyEnd = new RegExp(`\\bstdin\\b[\\s\\S]*?${lineEnd.source}`, 'gi');

/**
 * Cuts a file into statements by PostgreSQL's own grammar (libpg-query), COPY data apart. Statements are never
 * changed: each is a slice of the text.
 *
 * @throws CrossfadeError E_MIGRATION_SYNTAX with the facts path, line and column
 */
export async function splitStatements(sql: string, path: string): Promise<readonly Statement[]> {
  return (await parseStatements(sql, path)).map(({ tree: _tree, ...statement }) => statement);
}

/** As {@link splitStatements}, with the syntax trees. */
export async function parseStatements(sql: string, path: string): Promise<readonly ParsedStatement[]> {
  // The parser takes 90 ms to load, which a start with nothing to do must not pay.
  await loadModule();
  const statements: ParsedStatement[] = [];
  const walk = new Walk(sql, path);
  while (!walk.done) statements.push(...walk.piece());
  return statements;
}

class Walk {
  readonly #sql: string;
  /** For the parser; index for index the same. */
  readonly #readable: string;
  readonly #path: string;
  #at = 0;
  /** The next place that looks like the end of a COPY, kept so that a long file is searched once. */
  #copyEnd = 0;
  /** Up to where lines are counted, so that a long file is read once. */
  #counted = { offset: 0, line: 1 };

  constructor(sql: string, path: string) {
    this.#sql = sql;
    this.#readable = sql.includes('restrict') ? sql.replace(restricting, (line) => ' '.repeat(line.length)) : sql;
    this.#path = path;
  }

  get done(): boolean {
    return this.#at >= this.#sql.length;
  }

  /** The statements up to the next cut that parses. A COPY is always the last of its piece, since its data is no SQL. */
  piece(): ParsedStatement[] {
    for (let end = this.#cut(this.#at, pieceCharacters); ; end = this.#cut(end, (end - this.#at) * 2)) {
      const parsed = this.#parse(end);
      if (parsed === null) continue;
      if (this.#isCutShort(parsed, end)) {
        this.#copyEnd = this.#after(lineEnd, end);
        continue;
      }
      const statements = this.#statements(parsed, end);
      this.#at = end;
      const last = statements.at(-1);
      const copying = statements.filter(({ tree }) => readsInput(tree));
      if (copying.length === 0) return statements;
      if (last === undefined || copying[0] !== last || !this.#endsLine(end)) throw this.#noData(copying[0]);
      return [...statements.slice(0, -1), { ...last, copyData: this.#data(last) }];
    }
  }

  /** Behind the next `;` at the end of a line that may begin COPY data, or that is far enough. */
  #cut(from: number, far: number): number {
    const end = this.#after(/;[^\S\n]*\n/g, Math.max(from, this.#at + far));
    if (this.#copyEnd <= from) this.#copyEnd = this.#after(copyEnd, from);
    return Math.min(end, this.#copyEnd);
  }

  #after(pattern: RegExp, from: number): number {
    pattern.lastIndex = from;
    return pattern.test(this.#sql) ? pattern.lastIndex : this.#sql.length;
  }

  /** A COPY that is whole without the semicolon of its last line, which stands in a comment: it goes on below. */
  #isCutShort({ stmts = [] }: ParseResult, end: number): boolean {
    const last = stmts.at(-1);
    const isOpen = last?.stmt !== undefined && !last.stmt_len && readsInput(last.stmt);
    return isOpen && end < this.#sql.length;
  }

  #endsLine(end: number): boolean {
    return this.#sql[end - 1] === '\n';
  }

  /** Null where the text ends too early, and would parse with more of it. */
  #parse(end: number): ParseResult | null {
    const text = this.#readable.slice(this.#at, end);
    if (text.trim() === '') return { version: 0, stmts: [] };
    try {
      return parseSync(text);
    } catch (error) {
      if (end < this.#sql.length) return null;
      const { message, sqlDetails } = error as Error & { sqlDetails?: { cursorPosition: number } };
      const offset = this.#at + indexOfCharacter(text, Math.max(0, sqlDetails?.cursorPosition ?? 0));
      throw this.#fault(offset, this.#explain(message, offset));
    }
  }

  #explain(message: string, offset: number): string {
    if (this.#sql.startsWith('\\.', offset))
      return 'the end of COPY data stands where none begins: write COPY ... FROM STDIN; with its data in the lines below';
    if (this.#sql[offset] === '\\') return 'commands of psql do not run here, but for the \\. that ends COPY data';
    // The parser quotes all the rest of the file where a string or comment does not end.
    return message.replace(
      /( at or near ").{40}[\s\S]*"$/,
      (all: string, near: string) => `${near}${all.slice(near.length, near.length + 40).replaceAll('\n', ' ')}..."`,
    );
  }

  #statements({ stmts = [] }: ParseResult, end: number): ParsedStatement[] {
    const bytes = Buffer.from(this.#sql.slice(this.#at, end));
    // Plain ASCII, the usual case, needs no counting: a byte is a character.
    const ascii = bytes.length === end - this.#at;
    let seen = { byte: 0, offset: this.#at };
    const offsetOf = (byte: number): number => {
      if (ascii) return this.#at + byte;
      seen = { byte, offset: seen.offset + bytes.toString('utf8', seen.byte, byte).length };
      return seen.offset;
    };
    return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
      const offset = offsetOf(from);
      const sql = this.#sql.slice(offset, length ? offsetOf(from + length) : end).trimEnd();
      return { sql, ...this.#position(offset), offset, copyData: null, tree: stmt as unknown as Tree };
    });
  }

  #position(offset: number): { line: number; column: number } {
    const { line, column } = positionAt(this.#sql.slice(this.#counted.offset, offset), offset - this.#counted.offset);
    const start = this.#sql.lastIndexOf('\n', offset - 1) + 1;
    const found = {
      line: this.#counted.line + line - 1,
      column: line > 1 ? column : positionAt(this.#sql.slice(start, offset), offset - start).column,
    };
    this.#counted = { offset, line: found.line };
    return found;
  }

  /** Takes the data lines, and moves on behind the line that ends them. */
  #data(copy: Statement): string {
    // LF alone ends a line of data: the other line ends of a multiline pattern may stand in a value.
    const closing = /(?<![^\n])\\\.\r?(?:\n|$)/g;
    closing.lastIndex = this.#at;
    const found = closing.exec(this.#sql);
    if (found === null) throw this.#noData(copy);
    const data = this.#sql.slice(this.#at, found.index);
    this.#at = closing.lastIndex;
    return data;
  }

  #noData({ offset }: Statement): CrossfadeError {
    return this.#fault(
      offset,
      'COPY ... FROM STDIN needs its data in the lines right below, and a line \\. at their end',
    );
  }

  #fault(offset: number, what: string): CrossfadeError {
    const { line, column } = positionAt(this.#sql, offset);
    return new CrossfadeError(
      'E_MIGRATION_SYNTAX',
      `${this.#path}:${line}:${column}: ${what}. Nothing was run. Correct the file.`,
      { path: this.#path, line, column },
    );
  }
}

function readsInput(tree: Tree): boolean {
  const copy = tree.CopyStmt as { is_from?: boolean; filename?: string; is_program?: boolean } | undefined;
  return copy?.is_from === true && copy.filename === undefined && copy.is_program !== true;
}
