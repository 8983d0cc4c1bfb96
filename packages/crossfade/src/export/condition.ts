import { ident } from '../core/sql-text.ts';
import type { PgColumn } from './pg-table.ts';

/** A column that a condition may speak of, and what it is called in SQLite. */
export interface NamedColumn {
  readonly from: PgColumn;
  readonly name: string;
}

/** PostgreSQL quotes every name but these. */
const columnName = String.raw`"(?:[^"]|"")+"|[a-z_][a-z0-9_]*`;
/** In parentheses behind which stands a cast: varchar has no comparison of its own. */
const operand = String.raw`(?:(${columnName})|\((${columnName})\)::text)`;
const constant = String.raw`(?:\d+|'(?:[^']|'')*'|true|false)(?:::[a-z ]+)?`;
const nullTest = new RegExp(`^(${columnName}) IS( NOT)? NULL$`);
const flag = new RegExp(`^(NOT )?(${columnName})$`);
const comparison = new RegExp(`^${operand} (=|<>|<|>|<=|>=) (${constant})$`);
const constantList = String.raw`${constant}(?:, ${constant})*`;
const list = new RegExp(
  String.raw`^${operand} = ANY \((?:ARRAY\[(${constantList})\]|\(ARRAY\[(${constantList})\]\)::text\[\])\)$`,
);
const constants = new RegExp(constant, 'g');

/**
 * A condition of the columns of a table, by their names in PostgreSQL, built anew for SQLite from what means the same in
 * both: of whole numbers, truth values and text, comparisons with constants, and of any column whether it is NULL. Null
 * for everything else. A decimal is the text of its digits in the copy, and text has another order there than a language.
 */
export function conditionOf(text: string, columns: ReadonlyMap<string, NamedColumn>): string | null {
  const bare = unwrapped(text);
  const parts = conjuncts(bare);
  if (parts.length > 1) {
    const each = parts.map((part) => conditionOf(part, columns));
    return each.every((part) => part !== null) ? each.join(' AND ') : null;
  }
  const column = (written: string): NamedColumn | undefined => columns.get(nameOf(written));
  const isNull = nullTest.exec(bare);
  if (isNull !== null) return nullCondition(column(isNull[1]), isNull[2] ?? '');
  const alone = flag.exec(bare);
  if (alone !== null) return flagCondition(alone[2], column(alone[2]), alone[1] ?? '');
  const [compared, listed] = [comparison.exec(bare), list.exec(bare)];
  const [, plain, cast, sign, other] = compared ?? listed ?? [];
  const of = column(plain ?? cast ?? '');
  if (of === undefined) return null;
  if (compared !== null) return comparisonCondition(of, sign, other);
  const values = [...(sign ?? other).matchAll(constants)].map(([value]) => literalOf(of.from, value));
  return values.every((value) => value !== null) ? `${ident(of.name)} IN (${values.join(', ')})` : null;
}

/** Of a composite value PostgreSQL asks each field, and the copy has one text. */
function nullCondition(column: NamedColumn | undefined, not: string): string | null {
  return column === undefined || column.from.kind === 'c' ? null : `${ident(column.name)} IS${not} NULL`;
}

function flagCondition(written: string, column: NamedColumn | undefined, not: string): string | null {
  const isConstant = written === 'true' || written === 'false';
  return isConstant || column?.from.type !== 'bool' ? null : `${not}${ident(column.name)}`;
}

function comparisonCondition({ from, name }: NamedColumn, sign: string, value: string): string | null {
  const literal = literalOf(from, value);
  const isOfOrder = sign !== '=' && sign !== '<>';
  return literal === null || (isOfOrder && from.collation === 'language') ? null : `${ident(name)} ${sign} ${literal}`;
}

/** How PostgreSQL writes a constant beside a column of the type, the literal in the first or second group. */
const beside: Readonly<Record<string, RegExp>> = {
  bool: /^(true|false)$/,
  int2: /^(\d+)$|^'(-?\d+)'::(?:smallint|integer|bigint)$/,
  int4: /^(\d+)$|^'(-?\d+)'::(?:smallint|integer|bigint)$/,
  int8: /^(\d+)$|^'(-?\d+)'::(?:smallint|integer|bigint)$/,
  text: /^('.*')::text$/s,
  varchar: /^('.*')::(?:text|character varying)$/s,
};

function literalOf({ type, collation }: PgColumn, written: string): string | null {
  const found = Object.hasOwn(beside, type) && collation !== 'loose' ? beside[type].exec(written) : null;
  return found === null ? null : (found[1] ?? found[2]);
}

function nameOf(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
}

/** Without parentheses around all of it. */
function unwrapped(text: string): string {
  let bare = text.trim();
  while (bare.startsWith('(') && closing(bare, 0) === bare.length - 1) bare = bare.slice(1, -1).trim();
  return bare;
}

/** The parts between ANDs that stand outside parentheses and quotes. */
function conjuncts(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') at = closing(text, at);
    else if (text[at] === "'" || text[at] === '"') at = text.indexOf(text[at], at + 1);
    if (at < 0) return [text];
    if (!text.startsWith(' AND ', at)) continue;
    parts.push(text.slice(from, at));
    from = at + ' AND '.length;
  }
  return [...parts, text.slice(from)];
}

/** Where the parenthesis at `start` is closed; -1 when it is not. */
function closing(text: string, start: number): number {
  for (let at = start, depth = 0; at < text.length; at++) {
    if (text[at] === "'" || text[at] === '"') {
      at = text.indexOf(text[at], at + 1);
      if (at < 0) return -1;
    } else if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}
