import type { Expr } from '../sqlite/ast.ts';
import { constantOf } from './constant.ts';
import type { DefaultColumn } from './stored.ts';
import { refuse, textSql } from './term.ts';

/** A piece of a random text: what it is made of, and the alphabet of each of its characters. */
interface Piece {
  readonly sql: string;
  /** One entry a character. */
  readonly alphabets: readonly string[];
}

const bytesMax = 1_024;
const uuidAlphabets = alphabetsOf('xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx');

/**
 * Identifiers made of randomblob and random: text of the same length and alphabet, from functions that PostgreSQL has
 * without extensions. Null when the expression is of another kind.
 */
export function randomSql(expr: Expr, column: DefaultColumn): string | null {
  if (isCall(expr, 'random') && column.type === 'bigint')
    return `('x' || pg_catalog.left(${digest}, 16))::bit(64)::bigint`;
  const bytes = randomBytes(expr);
  if (bytes !== null)
    return column.type === 'bytea' ? `pg_catalog.decode(${hexadecimal(bytes)}, 'hex')` : misfit(column);
  const piece = pieceOf(expr);
  if (!piece) return null;
  const uuid = sameAlphabets(piece.alphabets, uuidAlphabets);
  if (column.type === 'uuid') return uuid ? 'pg_catalog.gen_random_uuid()' : misfit(column);
  if (column.type !== 'text') return misfit(column);
  return uuid ? 'pg_catalog.gen_random_uuid()::text' : piece.sql;
}

function misfit(column: DefaultColumn): never {
  return refuse(`SQLite stores random text or bytes of a form that a column of type ${column.type} does not hold`);
}

/**
 * 32 evenly distributed hexadecimal digits of 122 random bits. gen_random_uuid alone has fixed digits, and md5 is
 * missing where the server keeps to FIPS 140.
 */
const digest = `pg_catalog.encode(pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), 'hex')`;

/** Lower-case hexadecimal digits of so many random bytes. */
function hexadecimal(bytes: number): string {
  const whole = Array.from({ length: Math.floor(bytes / 16) }, () => `pg_catalog.left(${digest}, 32)`);
  const rest = bytes % 16 === 0 ? [] : [`pg_catalog.left(${digest}, ${(bytes % 16) * 2})`];
  const parts = [...whole, ...rest];
  return parts.length === 1 ? parts[0] : `(${parts.join(' || ')})`;
}

function pieceOf(expr: Expr): Piece | null {
  const constant = constantOf(expr);
  if (constant)
    return constant.kind === 'text' ? { sql: textSql(constant.value), alphabets: [...constant.value] } : null;
  if (expr.kind === 'binary') return joined(expr);
  if (expr.kind !== 'call') return null;
  const [first] = expr.args as [Expr];
  if (expr.name === 'hex' && expr.args.length === 1) return hex(first);
  if ((expr.name === 'lower' || expr.name === 'upper') && expr.args.length === 1) return cased(expr.name, first);
  return expr.name === 'substr' || expr.name === 'substring' ? (pick(expr.args) ?? cut(expr.args)) : null;
}

function joined(expr: Expr & { kind: 'binary' }): Piece | null {
  const left = expr.op === '||' ? pieceOf(expr.left) : null;
  const right = left && pieceOf(expr.right);
  return right && { sql: `(${left.sql} || ${right.sql})`, alphabets: [...left.alphabets, ...right.alphabets] };
}

function hex(blob: Expr): Piece | null {
  const bytes = randomBytes(blob);
  if (bytes === null) return null;
  return {
    sql: `pg_catalog.upper(${hexadecimal(bytes)})`,
    alphabets: Array.from({ length: bytes * 2 }, () => '0123456789ABCDEF'),
  };
}

function cased(name: 'lower' | 'upper', text: Expr): Piece | null {
  const bytes =
    name === 'lower' && text.kind === 'call' && text.name === 'hex' && text.args.length === 1
      ? randomBytes(text.args[0])
      : null;
  if (bytes !== null)
    return { sql: hexadecimal(bytes), alphabets: Array.from({ length: bytes * 2 }, () => '0123456789abcdef') };
  const piece = pieceOf(text);
  const fold = (letters: string) => (name === 'lower' ? letters.toLowerCase() : letters.toUpperCase());
  return piece && { sql: `pg_catalog.${name}(${piece.sql} COLLATE "C")`, alphabets: piece.alphabets.map(fold) };
}

/** `substr(text, from, count)` with constants from 1 on. */
function cut(args: readonly Expr[]): Piece | null {
  const [text, from, count] = args;
  const piece = text ? pieceOf(text) : null;
  const start = from ? smallInteger(from, 1) : null;
  const length = count ? smallInteger(count, 0) : undefined;
  if (!piece || start === null || length === null || args.length > 3) return null;
  const sql = `pg_catalog.substr(${[piece.sql, start, ...(length === undefined ? [] : [length])].join(', ')})`;
  return { sql, alphabets: piece.alphabets.slice(start - 1, length === undefined ? undefined : start - 1 + length) };
}

/** `substr('89ab', abs(random()) % 4 + 1, 1)`: one of the letters. */
function pick(args: readonly Expr[]): Piece | null {
  const [text, from, count] = args;
  const letters = text && constantOf(text);
  if (letters?.kind !== 'text' || !from || !count || smallInteger(count, 1) !== 1) return null;
  const choices = remainder(from);
  if (choices === null || choices !== letters.value.length || !/^[\x20-\x7e]+$/.test(letters.value)) return null;
  const place = `1 + pg_catalog.floor(pg_catalog.random() * ${choices})::integer`;
  return { sql: `pg_catalog.substr(${textSql(letters.value)}, ${place}, 1)`, alphabets: [letters.value] };
}

/** N out of `abs(random()) % N + 1` or `1 + abs(random()) % N`, also with the abs around the remainder. */
function remainder(expr: Expr): number | null {
  if (expr.kind !== 'binary' || expr.op !== '+') return null;
  const [sum, other] = smallInteger(expr.right, 1) === 1 ? [expr.left, expr.right] : [expr.right, expr.left];
  if (smallInteger(other, 1) !== 1) return null;
  const around = isCall(sum, 'abs', 1) ? sum.args[0] : sum;
  if (around.kind !== 'binary' || around.op !== '%') return null;
  const source = around === sum && isCall(around.left, 'abs', 1) ? around.left.args[0] : around.left;
  const positive = around !== sum || source !== around.left;
  return positive && isCall(source, 'random') ? smallInteger(around.right, 1) : null;
}

function isCall(expr: Expr, name: string, args = 0): expr is Expr & { kind: 'call' } {
  return expr.kind === 'call' && expr.name === name && expr.args.length === args;
}

function randomBytes(expr: Expr): number | null {
  if (!isCall(expr, 'randomblob', 1)) return null;
  const bytes = smallInteger(expr.args[0], 1);
  return bytes !== null && bytes <= bytesMax ? bytes : refuse('randomblob has a length that is not a small constant');
}

function smallInteger(expr: Expr, least: number): number | null {
  const value = constantOf(expr);
  const number = value?.kind === 'integer' ? Number(value.value) : Number.NaN;
  return number >= least && number <= 1_000_000 ? number : null;
}

/** x: a hexadecimal digit, y: the variant of RFC 9562. */
function alphabetsOf(form: string): string[] {
  return [...form].map((character) =>
    character === 'x' ? '0123456789abcdef' : character === 'y' ? '89ab' : character,
  );
}

function sameAlphabets(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((alphabet, i) => [...alphabet].sort().join('') === [...b[i]].sort().join(''));
}
