import { ident } from '../core/sql-text.ts';

/**
 * Expressions of PostgreSQL that mean the same in SQLite, built anew from an allowlist: constants, and comparisons of
 * columns with constants. Everything else is null, and stands in the report.
 */

const constant = String.raw`-?\d+(?:\.\d+)?|'(?:[^']|'')*'|true|false`;
const cast = String.raw`(?:::(?:text|character varying|integer|bigint|smallint|boolean|jsonb|json))?`;
const defaultForm = new RegExp(`^(?:\\((-\\d+(?:\\.\\d+)?)\\)|(${constant}))${cast}$`);
const comparison = new RegExp(`^"?((?:[^"]|"")+?)"? (=|<>|<|>|<=|>=) \\(?(${constant})\\)?${cast}$`);
const list = new RegExp(`^"?((?:[^"]|"")+?)"? = ANY \\(ARRAY\\[((?:(?:${constant})${cast}(?:, )?)+)\\]\\)$`);
const nullTest = /^"?((?:[^"]|"")+?)"? IS( NOT)? NULL$/;

const elements = new RegExp(`(${constant})${cast}(?:, |$)`, 'g');

/** A default as SQLite takes it, or null. */
export function defaultOf(text: string): string | null {
  if (/^(CURRENT_TIMESTAMP|now\(\))$/.test(text)) return 'CURRENT_TIMESTAMP';
  const found = defaultForm.exec(text);
  return found === null ? null : (found[1] ?? found[2]);
}

/** A condition of the columns of a table, by what they are called in PostgreSQL and in SQLite; null where it may mean something else. */
export function conditionOf(text: string, columns: ReadonlyMap<string, string>): string | null {
  const bare = unwrapped(text);
  const parts = conjuncts(bare);
  if (parts.length > 1) {
    const each = parts.map((part) => conditionOf(part, columns));
    return each.every((part) => part !== null) ? each.join(' AND ') : null;
  }
  const [test, compare, any] = [nullTest.exec(bare), comparison.exec(bare), list.exec(bare)];
  const column = columns.get((test ?? compare ?? any)?.[1].replaceAll('""', '"') ?? '');
  if (column === undefined) return columns.has(bare) ? ident(columns.get(bare) as string) : null;
  if (test !== null) return `${ident(column)} IS${test[2] ?? ''} NULL`;
  if (any !== null)
    return `${ident(column)} IN (${[...any[2].matchAll(elements)].map(([, value]) => value).join(', ')})`;
  return compare === null ? null : `${ident(column)} ${compare[2]} ${compare[3]}`;
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
