import type { PgType, SourceIndexPart } from '../model.ts';
import { affinityOf } from '../sqlite/affinity.ts';
import { parseExpression } from '../sqlite/expression.ts';
import { truth } from './convert.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { generatedSql } from './generated.ts';
import { indexPartSql } from './index-part.ts';
import { type ColumnEnv, type Term, Untranslatable } from './term.ts';

export { type TranslatedDefault, translateDefault } from './default.ts';
export type { ColumnEnv } from './term.ts';

/**
 * SQLite's expressions in PostgreSQL's words: parsed, typed, and built anew from an allowlist. What is not known to
 * mean the same is not translated, and the result says why in words for the report.
 */
export type Translated =
  | { readonly ok: true; readonly sql: string; readonly type: PgType | 'unknown' }
  | { readonly ok: false; readonly why: string };

/** Columns by the source's name in lower case. */
export type Columns = ReadonlyMap<string, ColumnEnv>;

/** Where an expression stands: that decides what it may speak of, and whether it is a condition. */
export type Purpose = 'check' | 'where' | 'index' | 'generated' | 'default';

/** What a translation may rely on. */
export interface TranslationEnv {
  /** By the source's name in lower case. */
  readonly columns: Columns;
  readonly purpose: Purpose;
}

/**
 * check and where give a condition (type boolean); index and generated give a value, and default one without columns.
 * The SQL is an operand: it needs parentheses only where PostgreSQL's grammar asks for them.
 */
export function translateExpression(sqlText: string, env: TranslationEnv): Translated {
  const columns: Columns = env.purpose === 'default' ? new Map() : env.columns;
  return translating(
    sqlText,
    { columns, check: env.purpose === 'check', generating: env.purpose === 'generated' },
    (term) =>
      env.purpose === 'check' || env.purpose === 'where'
        ? { sql: truth(term), type: 'boolean' }
        : { sql: term.sql, type: typeOf(term) },
  );
}

/** The expression of a generated column, as a value of the column's type. It reads no other generated column. */
export function translateGenerated(
  sqlText: string,
  columns: Columns,
  column: { type: PgType; declared: string },
): Translated {
  return translating(sqlText, { columns, check: false, generating: true }, (term) => ({
    sql: generatedSql(term, column.type, affinityOf(column.declared)),
    type: column.type,
  }));
}

/**
 * One part of an index: a column, or an expression in the parentheses that CREATE INDEX wants, with its collation
 * folded in and DESC at the end.
 */
export function indexPart(part: SourceIndexPart, columns: Columns): Translated {
  return settled(() => {
    const scope = { columns, check: false, generating: false };
    const { sql, type } = indexPartSql(part, (text) => evaluate(parsed(text), scope), columns);
    return { sql: part.descending ? `${sql} DESC` : sql, type };
  });
}

function translating(
  sqlText: string,
  scope: Scope,
  finish: (term: Term) => { sql: string; type: PgType | 'unknown' },
): Translated {
  return settled(() => finish(evaluate(parsed(sqlText), scope)));
}

function parsed(sqlText: string) {
  const result = parseExpression(sqlText);
  if (result.ok) return result.value;
  throw new Untranslatable(`it cannot be read: ${result.why}, at character ${result.at + 1}`);
}

function typeOf(term: Term): PgType | 'unknown' {
  return term.type === 'null' ? 'unknown' : term.type;
}

function settled(make: () => { sql: string; type: PgType | 'unknown' }): Translated {
  try {
    return { ok: true, ...make() };
  } catch (error) {
    if (error instanceof Untranslatable) return { ok: false, why: error.message };
    throw error;
  }
}
