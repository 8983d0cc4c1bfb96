import { type Affinity, affinityOf, applyAffinity } from '../sqlite/affinity.ts';
import { parseExpression } from '../sqlite/expression.ts';
import { constantOf } from './constant.ts';
import { momentSql } from './moment.ts';
import { momentOf } from './moment-parse.ts';
import { randomSql } from './random.ts';
import { type DefaultColumn, storedSql } from './stored.ts';
import { refuse, Untranslatable } from './term.ts';

/** `sql` is null where the default is NULL: the column needs none. */
export type TranslatedDefault =
  | { readonly ok: true; readonly sql: string | null }
  | { readonly ok: false; readonly why: string };

/**
 * The default of a column, with or without the parentheses around an expression. Its value is the one that SQLite would
 * store, affinity included, as the column's type holds it; for times it is the same moment in the same layout, for
 * random values one of the same form.
 */
export function translateDefault(sqlText: string, column: DefaultColumn): TranslatedDefault {
  try {
    return { ok: true, sql: defaultSql(sqlText, column, affinityOf(column.declared)) };
  } catch (error) {
    if (error instanceof Untranslatable) return { ok: false, why: error.message };
    throw error;
  }
}

function defaultSql(sqlText: string, column: DefaultColumn, affinity: Affinity): string | null {
  const parsed = parseExpression(sqlText);
  if (!parsed.ok) refuse(`it cannot be read: ${parsed.why}, at character ${parsed.at + 1}`);
  const constant = constantOf(parsed.value);
  if (constant) return storedSql(applyAffinity(constant, affinity) ?? refuse('a real is stored as text'), column);
  const moment = momentOf(parsed.value);
  if (moment) return momentSql(moment, column, affinity);
  return (
    randomSql(parsed.value, column) ?? refuse('the expression is none of those that are known to give the same values')
  );
}
