import type { PgType, SourceIndexPart } from '../model.ts';
import { lower } from '../sqlite/cursor.ts';
import { collationOf } from './column.ts';
import { foldedSql, nameOf } from './convert.ts';
import { type ColumnEnv, columnSql, outcome, refuse, type Term } from './term.ts';

/**
 * A plain column stays plain, so that a unique index can be a constraint and an ordinary one serves ordinary queries;
 * NOCASE and RTRIM become the expression whose equality is theirs.
 * @throws {Untranslatable}
 */
export function indexPartSql(
  part: SourceIndexPart,
  evaluated: (sqlText: string) => Term,
  columns: ReadonlyMap<string, ColumnEnv>,
): { sql: string; type: PgType | 'unknown' } {
  const collation = collationOf(part.collation);
  const term = part.column === null ? evaluated(part.expression ?? '') : plainColumn(part.column, columns);
  if (term.type === 'json') refuse('json has no order, so that no index can be made of it');
  if (term.type === 'text' && collation !== 'BINARY') return { sql: foldedSql(term, collation), type: 'text' };
  if (term.type === 'jsonb' && collation !== 'BINARY')
    refuse(`the collation ${collation} is asked for on ${nameOf(term)}`);
  return { sql: part.column === null ? `(${term.sql})` : term.sql, type: term.type === 'null' ? 'unknown' : term.type };
}

function plainColumn(name: string, columns: ReadonlyMap<string, ColumnEnv>): Term {
  const found = columns.get(lower(name)) ?? columns.get(name.toLowerCase());
  if (!found) refuse('it names a column that is not there');
  return outcome(found.type, columnSql(found.name));
}
