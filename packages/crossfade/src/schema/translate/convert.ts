import { looksNumeric } from '../sqlite/affinity.ts';
import { constant, integer, nothing, outcome, refuse, type Term, textSql, truthValue } from './term.ts';

/** What a term is called in a reason. */
export function nameOf(term: Term): string {
  return term.constant
    ? `a constant of type ${term.type}`
    : term.column
      ? `a column of type ${term.type}`
      : `an expression of type ${term.type}`;
}

/** SQLite's truth: what is not zero. @throws {Untranslatable} where it would read a number out of a text. */
export function truth(term: Term): string {
  if (term.type === 'null') return 'NULL::boolean';
  if (term.constant?.kind === 'integer') return String(term.constant.value !== 0n);
  if (term.storage === 'loose') refuse(`${nameOf(term)} holds several kinds of values and is used as a truth value`);
  if (term.type === 'boolean') return term.sql;
  if (isNumber(term)) return `(${term.sql} <> 0)`;
  return refuse(`${nameOf(term)} is used as a truth value`);
}

/** Whether the term is of one of the integer types. */
export function isInteger(term: Term): boolean {
  return term.type === 'integer' || term.type === 'bigint' || (term.type === 'numeric' && term.bits > 63);
}

/** Whether the term is of a type that both databases compare as numbers. */
export function isNumber(term: Term): boolean {
  return isInteger(term) || term.type === 'double precision' || term.type === 'numeric';
}

/** A boolean as SQLite's 0 or 1; anything else stays as it is. */
export function unboolean(term: Term): Term {
  if (term.type !== 'boolean') return term;
  if (term.constant) return constant(term.constant);
  if (term.storage === 'loose') refuse(`${nameOf(term)} holds truth values as text in SQLite`);
  return { ...integer(`${term.sql}::integer`, 0), affinity: term.affinity, sql: `(${term.sql}::integer)` };
}

/** An integer that fits 64 bits. */
export function integerOf(term: Term): Term {
  const number = unboolean(term);
  if (number.bits > 63) refuse('an intermediate result may exceed 64 bits, where SQLite turns to floating point');
  if (!isInteger(number) || number.storage !== 'exact') refuse(`${nameOf(term)} stands where an integer is needed`);
  return number;
}

/** The text that SQLite makes of the value. Reals are not among it: the two print them differently. */
export function textOf(term: Term): Term {
  if (term.type === 'null') return nothing;
  const value = unboolean(term);
  if (value.constant?.kind === 'integer') return constant({ kind: 'text', value: String(value.constant.value) });
  if (value.storage !== 'exact') refuse(`${nameOf(term)} may hold more than text`);
  if (value.type === 'text') return value;
  if (value.type === 'uuid' || (isInteger(value) && value.bits <= 63)) return outcome('text', `(${value.sql}::text)`);
  return refuse(`${nameOf(term)} is used as text`);
}

/** As an operand of something that knows no collation, where a COLLATE would be lost. */
export function withoutCollation(term: Term): Term {
  return term.explicit ? refuse('COLLATE stands inside of another expression') : term;
}

/** Where a collation would matter and one from inside would be the one that counts. */
export function withoutBuried(term: Term): Term {
  return term.buried ? refuse('COLLATE stands inside of another expression') : term;
}

/**
 * Terms that one expression chooses among, brought to one type: the branches of CASE, the arguments of coalesce.
 * @throws {Untranslatable} where SQLite's result would change its type from row to row.
 */
export function unify(terms: readonly Term[]): { readonly terms: readonly Term[]; readonly model: Term } {
  const known = terms.filter((term) => term.type !== 'null');
  for (const term of known) {
    withoutCollation(term);
    if (term.storage === 'loose') refuse(`${nameOf(term)} holds several kinds of values`);
  }
  const [first] = known;
  if (!first) return { terms, model: nothing };
  const booleans =
    known.every((term) => term.type === 'boolean' || isBit(term)) && known.some((term) => term.type === 'boolean');
  const aligned = terms.map((term) => (term.type === 'null' ? term : booleans ? boolean(term) : unboolean(term)));
  const values = aligned.filter((term) => term.type !== 'null') as [Term, ...Term[]];
  return { terms: aligned, model: outcome(commonType(values), '', common(values)) };
}

/** The outcome of a choice among unified terms. Of NULLs alone it is NULL, which PostgreSQL would take for text. */
export function chosen(model: Term, sql: string): Term {
  return model.type === 'null' ? nothing : { ...model, sql };
}

function isBit(term: Term): boolean {
  return term.constant?.kind === 'integer' && (term.constant.value === 0n || term.constant.value === 1n);
}

function boolean(term: Term): Term {
  return term.type !== 'boolean' && term.constant?.kind === 'integer' ? truthValue(term.constant.value === 1n) : term;
}

function commonType(terms: readonly [Term, ...Term[]]): Term['type'] {
  const [first] = terms;
  if (terms.every((term) => term.type === first.type && term.bits <= 63)) return first.type;
  if (terms.every((term) => isInteger(term) && term.bits <= 63)) return 'bigint';
  return refuse(
    `${nameOf(first)} and ${nameOf(terms.find((term) => term.type !== first.type) ?? first)} are alternatives of each other`,
  );
}

function common(terms: readonly Term[]): Partial<Term> {
  return {
    bits: Math.max(...terms.map((term) => term.bits)),
    storage: terms.every((term) => term.storage === 'exact') ? 'exact' : 'mixed',
  };
}

/** A constant text folded as the collation compares it. */
function foldText(text: string, collation: 'NOCASE' | 'RTRIM'): string {
  return collation === 'RTRIM'
    ? text.replace(/(?<! ) +$/, '')
    : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The SQL whose equality and order are those of the text under the collation. */
export function foldedSql(term: Term, collation: Term['collation']): string {
  if (term.type !== 'text' || collation === null || collation === 'BINARY') return term.sql;
  if (term.constant?.kind === 'text') return textSql(foldText(term.constant.value, collation));
  const bytewise = `${term.sql} COLLATE "C"`;
  return collation === 'NOCASE' ? `pg_catalog.lower(${bytewise})` : `pg_catalog.rtrim(${bytewise}, ' ')`;
}

/** Whether no number of SQLite prints as this text. */
export function isNoNumber(text: string): boolean {
  return !looksNumeric(text) && !/^[+-]?inf/i.test(text);
}
