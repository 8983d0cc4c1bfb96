import { readQualifiedName } from './create-table.ts';
import { Cursor } from './cursor.ts';
import { readDirection } from './constraint.ts';
import type { CreateIndex, CreateIndexPart } from './ddl.ts';
import { readExpression } from './expression.ts';
import { attempt, type Parsed } from './tokens.ts';

/** Reads the `sql` of an index in sqlite_schema. What cannot be read gives a result that says so. */
export function parseCreateIndex(sql: string): Parsed<CreateIndex> {
  return attempt(() => readIndex(new Cursor(sql)));
}

function readIndex(cursor: Cursor): CreateIndex {
  cursor.expectWords('CREATE');
  const unique = cursor.acceptWords('UNIQUE');
  cursor.expectWords('INDEX');
  const name = readQualifiedName(cursor);
  cursor.expectWords('ON');
  const table = cursor.expectName();
  const parts = cursor.list(() => readPart(cursor));
  const where = cursor.acceptWords('WHERE') ? readWhere(cursor) : null;
  cursor.acceptOp(';');
  if (cursor.token.kind !== 'end') cursor.fail('the statement ends before the text does');
  return { name, table, unique, parts, where };
}

function readPart(cursor: Cursor): CreateIndexPart {
  const whole = readExpression(cursor);
  const descending = readDirection(cursor);
  const collation = whole.kind === 'collate' ? whole.collation : null;
  const inner = whole.kind === 'collate' ? whole.operand : whole;
  // A lone string is a column's name here, as everywhere in SQLite where only a name makes sense.
  if (inner.kind === 'column' && inner.table === null)
    return { column: inner.name, expression: null, collation, descending };
  if (inner.kind === 'literal' && inner.type === 'text')
    return { column: inner.value, expression: null, collation, descending };
  return { column: null, expression: cursor.sql.slice(inner.start, inner.end), collation, descending };
}

function readWhere(cursor: Cursor): string {
  const { start, end } = readExpression(cursor);
  return cursor.sql.slice(start, end);
}
