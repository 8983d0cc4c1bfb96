import type { SourceCheck } from '../model.ts';
import { acceptConflictClause, readCheck, readDirection, readParenthesised } from './constraint.ts';
import type { Cursor } from './cursor.ts';
import type { CreateColumn, TableDraft } from './ddl.ts';
import { readDeferral, readReferences } from './references.ts';
import { readTypeName } from './type-name.ts';

type Draft = { -readonly [Field in keyof CreateColumn]: CreateColumn[Field] } & { checks: SourceCheck[] };

/** One column with its constraints, put into the table. */
export function readColumn(cursor: Cursor, table: TableDraft): void {
  const name = cursor.expectName();
  const column: Draft = {
    name,
    declared: readTypeName(cursor),
    notNull: false,
    defaultText: null,
    collation: null,
    generated: null,
    checks: [],
  };
  while (!cursor.isOp(',') && !cursor.isOp(')')) {
    // A CONSTRAINT may be a name and nothing more.
    const constraint = cursor.acceptWords('CONSTRAINT') ? cursor.expectName() : null;
    const known =
      readKey(cursor, table, column, constraint) ||
      readReference(cursor, table, column, constraint) ||
      readProperty(cursor, column) ||
      readColumnCheck(cursor, table, column, constraint);
    if (!known && constraint === null) cursor.fail('a column constraint that is not known');
  }
  table.columns.push(column);
}

function readKey(cursor: Cursor, table: TableDraft, column: Draft, name: string | null): boolean {
  if (cursor.acceptWords('PRIMARY', 'KEY')) {
    const descending = readDirection(cursor);
    table.primaryKey = { name, columns: [{ column: column.name, collation: null, descending }] };
    acceptConflictClause(cursor);
    table.autoincrement ||= cursor.acceptWords('AUTOINCREMENT');
    return true;
  }
  if (!cursor.acceptWords('UNIQUE')) return false;
  table.uniques.push({ name, columns: [{ column: column.name, collation: null, descending: false }] });
  acceptConflictClause(cursor);
  return true;
}

/** The clause about deferring may stand apart from its REFERENCES; it belongs to the last one. */
function readReference(cursor: Cursor, table: TableDraft, column: Draft, name: string | null): boolean {
  if (cursor.acceptWords('REFERENCES')) {
    table.foreignKeys.push({ name, columns: [column.name], ...readReferences(cursor), deferred: false });
    return true;
  }
  const deferred = readDeferral(cursor);
  if (deferred === null) return false;
  const last = table.foreignKeys.pop();
  if (last) table.foreignKeys.push({ ...last, deferred });
  return true;
}

function readColumnCheck(cursor: Cursor, table: TableDraft, column: Draft, name: string | null): boolean {
  if (!cursor.acceptWords('CHECK')) return false;
  const check = readCheck(cursor, name);
  column.checks.push(check);
  table.checks.push(check);
  return true;
}

function readProperty(cursor: Cursor, column: Draft): boolean {
  if (cursor.acceptWords('NOT', 'NULL')) {
    column.notNull = true;
    acceptConflictClause(cursor);
  } else if (cursor.acceptWords('NULL')) {
    acceptConflictClause(cursor);
  } else if (cursor.acceptWords('DEFAULT')) {
    column.defaultText = readDefault(cursor);
  } else if (cursor.acceptWords('COLLATE')) {
    column.collation = cursor.expectName();
  } else if (cursor.acceptWords('GENERATED', 'ALWAYS', 'AS') || cursor.acceptWords('AS')) {
    const expression = readParenthesised(cursor);
    const stored = cursor.acceptWords('STORED');
    if (!stored) cursor.acceptWords('VIRTUAL');
    column.generated = { expression, stored };
  } else {
    return false;
  }
  return true;
}

/** A parenthesised expression, or one signed term: a literal, a CURRENT_... word, or a name that SQLite reads as a string. */
function readDefault(cursor: Cursor): string {
  if (cursor.isOp('(')) return readParenthesised(cursor);
  const { start } = cursor.token;
  if (!cursor.acceptOp('-')) cursor.acceptOp('+');
  const { kind } = cursor.token;
  const literal = kind === 'integer' || kind === 'real' || kind === 'blob' || cursor.isWord('NULL');
  if (!literal && !cursor.atName) cursor.fail('the default is missing');
  return cursor.sql.slice(start, cursor.advance().end);
}
