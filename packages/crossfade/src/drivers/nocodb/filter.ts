import type { Key, Value } from '../../schema/collection.ts';
import { titleOf } from './title.ts';

/**
 * NocoDB's filters have no way to quote a value that all of its versions know, and compare text as the database likes. So
 * a filter is made of letters and digits alone and finds at least the records of these values; the driver compares.
 */
export function filterOf(fields: readonly string[], values: Key): string | null {
  const conditions = fields.map((field, i) => (plainTitle.test(field) ? condition(titleOf(field), values[i]) : null));
  const found = conditions.filter((each) => each !== null);
  // Without any condition every record is looked at.
  return found.length === 0 ? null : found.join('~and');
}

const plainTitle = /^[\p{L}_][\p{L}\p{N}_ -]*$/u;

/** With a digit in it, it is no word that a filter knows. */
const plainValue = /^(?=.*\d)[\w.:@-]{1,100}$/;

/** What a pattern holds of a long text, which has to fit into a URL. */
const patternMax = 100;

function condition(field: string, value: Value): string | null {
  if (value === null) return null;
  const text = `${value as string | number | bigint | boolean}`;
  if (plainValue.test(text)) return `(${field},eq,${text})`;
  const pattern = text.slice(0, patternMax).replace(/[^\p{L}\p{N}]+/gu, '%');
  return pattern === '%' || pattern === '' ? null : `(${field},like,%${pattern}%)`;
}
