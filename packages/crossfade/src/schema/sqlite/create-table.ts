import { readColumn } from './column.ts';
import { acceptConflictClause, readCheck, readKeyColumns } from './constraint.ts';
import { Cursor } from './cursor.ts';
import type { CreateTable, TableDraft } from './ddl.ts';
import { readDeferral, readReferences } from './references.ts';
import { attempt, type Parsed } from './tokens.ts';

/**
 * Reads the `sql` of a table in sqlite_schema. Accepts what SQLite accepts and a little more, so that a file written
 * by another version is still read; where it cannot, the result says so and nothing of the table is guessed.
 */
export function parseCreateTable(sql: string): Parsed<CreateTable> {
  return attempt(() => readTable(new Cursor(sql)));
}

function readTable(cursor: Cursor): CreateTable {
  cursor.expectWords('CREATE');
  if (!cursor.acceptWords('TEMP')) cursor.acceptWords('TEMPORARY');
  cursor.expectWords('TABLE');
  const name = readQualifiedName(cursor);
  const draft: TableDraft = {
    columns: [],
    checks: [],
    primaryKey: null,
    autoincrement: false,
    uniques: [],
    foreignKeys: [],
  };
  cursor.expectOp('(');
  do readColumn(cursor, draft);
  while (cursor.acceptOp(',') && !startsConstraint(cursor));
  while (!cursor.isOp(')')) {
    readTableConstraint(cursor, draft);
    cursor.acceptOp(',');
  }
  cursor.expectOp(')');
  return { name, ...draft, ...readOptions(cursor) };
}

/** `[IF NOT EXISTS] [schema.]name`; the schema is left out, for a file has one. */
export function readQualifiedName(cursor: Cursor): string {
  cursor.acceptWords('IF', 'NOT', 'EXISTS');
  const first = cursor.expectName();
  return cursor.acceptOp('.') ? cursor.expectName() : first;
}

function startsConstraint(cursor: Cursor): boolean {
  return ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'].some((word) => cursor.isWord(word));
}

/** One constraint of the table. The comma between two is optional, and a CONSTRAINT may be a name and nothing more. */
function readTableConstraint(cursor: Cursor, draft: TableDraft): void {
  const name = cursor.acceptWords('CONSTRAINT') ? cursor.expectName() : null;
  if (cursor.acceptWords('PRIMARY', 'KEY')) {
    const { columns, autoincrement } = readKeyColumns(cursor);
    draft.primaryKey = { name, columns };
    draft.autoincrement ||= autoincrement;
    acceptConflictClause(cursor);
  } else if (cursor.acceptWords('UNIQUE')) {
    draft.uniques.push({ name, columns: readKeyColumns(cursor).columns });
    acceptConflictClause(cursor);
  } else if (cursor.acceptWords('CHECK')) {
    draft.checks.push(readCheck(cursor, name));
    acceptConflictClause(cursor);
  } else if (cursor.acceptWords('FOREIGN', 'KEY')) {
    const columns = cursor.list(() => cursor.expectName());
    cursor.expectWords('REFERENCES');
    const reference = readReferences(cursor);
    draft.foreignKeys.push({ name, columns, ...reference, deferred: readDeferral(cursor) ?? false });
  } else if (name === null) {
    cursor.fail('a constraint is missing');
  }
}

function readOptions(cursor: Cursor): { strict: boolean; withoutRowid: boolean } {
  const options = { strict: false, withoutRowid: false };
  while (cursor.token.kind === 'word') {
    if (cursor.acceptWords('STRICT')) options.strict = true;
    else if (cursor.acceptWords('WITHOUT', 'ROWID')) options.withoutRowid = true;
    else cursor.fail('a table option that is not known');
    if (!cursor.acceptOp(',')) break;
  }
  cursor.acceptOp(';');
  if (cursor.token.kind !== 'end') cursor.fail('the statement ends before the text does');
  return options;
}
