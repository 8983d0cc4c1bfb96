import { SqlSyntaxError, type Token, tokenize } from './tokens.ts';

/** Keywords that SQLite does not accept as a name without quotes (SQLite 3.53: those without a fallback to ID in parse.y). */
const reserved = new Set(
  `ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE
  DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS ISNULL JOIN LIMIT
  NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE
  UPDATE USING VALUES WHEN WHERE`.split(/\s+/),
);

/** Nesting beyond this is refused rather than met by the end of the stack; SQLite's own limit of an expression's depth. */
const depthMax = 1_000;

/** Tokens with a place among them. Keywords are matched without regard to ASCII case, as SQLite does. */
export class Cursor {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  /** @throws {SqlSyntaxError} when the text has no tokens. */
  constructor(sql: string) {
    this.sql = sql;
    this.#tokens = tokenize(sql);
  }

  get token(): Token {
    return this.#tokens[this.#next];
  }

  /** The token before this one; the end of what has been read. */
  get last(): Token {
    return this.#tokens[this.#next - 1] ?? this.token;
  }

  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
  }

  advance(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  isWord(...words: string[]): boolean {
    return words.every((word, ahead) => isKeyword(this.peek(ahead), word));
  }

  isOp(op: string): boolean {
    return this.token.kind === 'op' && this.token.text === op;
  }

  /** Passes over the words when all of them stand here in this order. */
  acceptWords(...words: string[]): boolean {
    const found = this.isWord(...words);
    if (found) this.#next += words.length;
    return found;
  }

  acceptOp(op: string): boolean {
    const found = this.isOp(op);
    if (found) this.#next++;
    return found;
  }

  expectWords(...words: string[]): void {
    if (!this.acceptWords(...words)) this.fail(`${words.join(' ')} is missing`);
  }

  expectOp(op: string): void {
    if (!this.acceptOp(op)) this.fail(`${op} is missing`);
  }

  /** Whether a name stands here: quoted in any style, a string (SQLite takes it for a name), or a word that is free. */
  get atName(): boolean {
    const { kind } = this.token;
    return kind === 'name' || kind === 'string' || this.atFreeWord;
  }

  get atFreeWord(): boolean {
    return this.token.kind === 'word' && !reserved.has(upper(this.token.text));
  }

  expectName(): string {
    if (!this.atName) this.fail('a name is missing');
    return this.advance().text;
  }

  /** Reads a parenthesised list. */
  list<T>(read: () => T): T[] {
    this.expectOp('(');
    const items = [read()];
    while (this.acceptOp(',')) items.push(read());
    this.expectOp(')');
    return items;
  }

  /** Passes over balanced parentheses; the opening one stands here. */
  skipParentheses(): void {
    let open = 0;
    do {
      const token = this.advance();
      if (token.kind === 'end') this.fail('a parenthesis is not closed');
      if (token.kind === 'op' && token.text === '(') open++;
      if (token.kind === 'op' && token.text === ')') open--;
    } while (open > 0);
  }

  /** Runs `read` one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) this.fail('the nesting is too deep');
    const result = read();
    this.#depth--;
    return result;
  }

  fail(why: string): never {
    throw new SqlSyntaxError(this.token.kind === 'end' ? `${why} at the end` : why, this.token.start);
  }
}

function isKeyword(token: Token, word: string): boolean {
  return token.kind === 'word' && upper(token.text) === word;
}

/** Keywords and names are folded over ASCII alone: to SQLite `ſELECT` is not a keyword, and Ä and ä are two names. */
export function upper(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** The form under which SQLite compares names and function names. */
export function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
