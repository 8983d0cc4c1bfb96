import type { PgType } from '../model.ts';
import type { Affinity } from '../sqlite/affinity.ts';
import { isInteger, nameOf, textOf, unboolean, withoutCollation } from './convert.ts';
import { refuse, type Term } from './term.ts';

/** The value that SQLite keeps after the column's affinity, in the column's type. @throws {Untranslatable} */
export function generatedSql(term: Term, type: PgType, affinity: Affinity): string {
  if (term.type === 'null') return `NULL::${type}`;
  if (withoutCollation(term).storage === 'loose') refuse(`${nameOf(term)} may hold several kinds of values`);
  if (type === 'boolean') return term.type === 'boolean' ? term.sql : misfit(term, type);
  const value = unboolean(term);
  if (type === 'text')
    return affinity === 'TEXT' || value.type === 'text' ? generatedText(value, affinity) : misfit(term, type);
  if (isInteger(value) && value.bits <= 63 && affinity !== 'TEXT') return generatedNumber(value, type, affinity);
  const kept = value.type === type && value.storage === 'exact' && affinity !== 'TEXT';
  return kept || (value.type === type && isTextual(type)) ? value.sql : misfit(term, type);
}

/** An affinity for numbers would turn texts that look like one into numbers. */
function generatedText(value: Term, affinity: Affinity): string {
  if (affinity !== 'TEXT' && affinity !== 'BLOB') refuse('the declared type would turn numeric texts into numbers');
  return textOf(value).sql;
}

function generatedNumber(value: Term, type: PgType, affinity: Affinity): string {
  if (type === 'integer' || type === 'bigint')
    return affinity === 'REAL' ? misfit(value, type) : `${value.sql}::${type}`;
  if (type === 'numeric') return `${value.sql}::numeric`;
  const real = type === 'double precision' && (affinity === 'REAL' || value.bits <= 53);
  return real ? `${value.sql}::double precision` : misfit(value, type);
}

function isTextual(type: PgType): boolean {
  return ['date', 'timestamp', 'timestamptz', 'uuid'].includes(type);
}

function misfit(term: Term, type: PgType): never {
  return refuse(`${nameOf(term)} is generated into a column of type ${type}`);
}
