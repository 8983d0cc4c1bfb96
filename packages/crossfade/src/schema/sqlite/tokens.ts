/**
 * SQLite's lexical grammar, after tokenize.c of SQLite 3.53. Offsets count UTF-16 units of the source text, so a slice
 * of the source between two offsets is exactly what was written.
 */

export type TokenKind = 'word' | 'name' | 'string' | 'integer' | 'real' | 'blob' | 'op' | 'end';

/** A word of the text with its place, for messages and for slicing. */
export interface Token {
  readonly kind: TokenKind;
  /** word: as written. name, string: without quotes. blob: hex digits. integer, real: without separators. op: the operator. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The opening quote of a name: SQLite may read "x" as a string, but never [x] or `x`. */
  readonly quote: '"' | '[' | '`' | null;
}

/** The text is not SQLite's SQL, or a part of it that is not read here. `at` is an offset into the text. */
export class SqlSyntaxError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** What a parser gives back: the thing, or the reason and place why there is none. Parsers do not throw. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly at: number };

/** Turns the {@link SqlSyntaxError} of a reader into a result; any other error is a defect and passes. */
export function attempt<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof SqlSyntaxError) return { ok: false, why: error.message, at: error.at };
    throw error;
  }
}

// One alternative a token class, tried in order at one place. U+FEFF is blank wherever a token may begin.
const blank = /(?:[ \t\n\f\r\uFEFF]+|--[^\n]*|\/\*(?=[^])(?:[^]*?\*\/|[^]*$))+/y;
const word = /[A-Za-z_\u0080-\u{10FFFF}][A-Za-z0-9_$\u0080-\u{10FFFF}]*/uy;
const hexadecimal = /0[xX][0-9A-Fa-f](?:_?[0-9A-Fa-f])*/y;
const decimal = /(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y;
const blob = /[xX]'([0-9A-Fa-f]*)'/y;
const operator = /->>|->|\|\||<<|>>|<=|>=|<>|==|!=|[-+*/%&|~<>=(),.;]/y;
const wordContinues = /[A-Za-z0-9_$\u0080-\u{10FFFF}]/uy;

/**
 * All tokens and a closing `end`. Blanks and comments are left out.
 * @throws {SqlSyntaxError} for an unclosed quote, a bound parameter, a malformed number or a character outside the grammar.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while ((at = match(blank, sql, at)?.end ?? at) < sql.length) {
    const token = readToken(sql, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', start: sql.length, end: sql.length, quote: null });
  return tokens;
}

function readToken(sql: string, at: number): Token {
  const first = sql[at];
  if (first === "'") return readQuoted(sql, at, 'string', "'", null);
  if (first === '"' || first === '`') return readQuoted(sql, at, 'name', first, first);
  if (first === '[') return readBracketed(sql, at);
  const digits = match(hexadecimal, sql, at) ?? match(decimal, sql, at);
  if (digits) return readNumber(sql, at, digits);
  const bytes = match(blob, sql, at);
  if (bytes) {
    const hex = bytes.text.slice(2, -1);
    if (hex.length % 2) throw new SqlSyntaxError('a blob literal has an odd number of digits', at);
    return { kind: 'blob', text: hex.toLowerCase(), start: at, end: bytes.end, quote: null };
  }
  if (/[xX]/.test(first) && sql[at + 1] === "'") throw new SqlSyntaxError('a blob literal is not hexadecimal', at);
  const name = match(word, sql, at);
  if (name) return { kind: 'word', text: name.text, start: at, end: name.end, quote: null };
  const op = match(operator, sql, at);
  if (op) return { kind: 'op', text: op.text, start: at, end: op.end, quote: null };
  if (/[?:@#$]/.test(first)) throw new SqlSyntaxError('a parameter has no value in a schema', at);
  throw new SqlSyntaxError('a character that SQL does not use', at);
}

function readQuoted(sql: string, at: number, kind: 'string' | 'name', mark: string, quote: Token['quote']): Token {
  for (let close = sql.indexOf(mark, at + 1); close >= 0; close = sql.indexOf(mark, close + 2)) {
    if (sql[close + 1] === mark) continue;
    const text = sql.slice(at + 1, close).replaceAll(mark + mark, mark);
    return { kind, text, start: at, end: close + 1, quote };
  }
  throw new SqlSyntaxError(`a quotation begun with ${mark} is not closed`, at);
}

function readBracketed(sql: string, at: number): Token {
  const close = sql.indexOf(']', at);
  if (close < 0) throw new SqlSyntaxError('a name begun with [ is not closed', at);
  return { kind: 'name', text: sql.slice(at + 1, close), start: at, end: close + 1, quote: '[' };
}

function readNumber(sql: string, at: number, digits: { text: string; end: number }): Token {
  if (match(wordContinues, sql, digits.end)) throw new SqlSyntaxError('a number runs into a word', at);
  const text = digits.text.replaceAll('_', '');
  const kind = /^0[xX]/.test(text) || /^\d+$/.test(text) ? 'integer' : 'real';
  return { kind, text, start: at, end: digits.end, quote: null };
}

function match(pattern: RegExp, sql: string, at: number): { text: string; end: number } | null {
  pattern.lastIndex = at;
  const found = pattern.exec(sql);
  return found && { text: found[0], end: pattern.lastIndex };
}
