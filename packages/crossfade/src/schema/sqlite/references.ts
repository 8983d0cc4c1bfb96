import type { ForeignKeyAction } from '../model.ts';
import type { Cursor } from './cursor.ts';
import type { CreateForeignKey } from './ddl.ts';

type Reference = Pick<CreateForeignKey, 'parent' | 'parentColumns' | 'onDelete' | 'onUpdate'>;

const actions: readonly (readonly [ForeignKeyAction, ...string[]])[] = [
  ['SET NULL', 'SET', 'NULL'],
  ['SET DEFAULT', 'SET', 'DEFAULT'],
  ['CASCADE', 'CASCADE'],
  ['RESTRICT', 'RESTRICT'],
  ['NO ACTION', 'NO', 'ACTION'],
];

/** What follows the word REFERENCES, up to the clause about deferring. MATCH and ON INSERT mean nothing to SQLite. */
export function readReferences(cursor: Cursor): Reference {
  const parent = cursor.expectName();
  const parentColumns = cursor.isOp('(') ? cursor.list(() => cursor.expectName()) : [];
  let onDelete: ForeignKeyAction = 'NO ACTION';
  let onUpdate: ForeignKeyAction = 'NO ACTION';
  for (;;) {
    if (cursor.acceptWords('MATCH')) cursor.expectName();
    else if (cursor.acceptWords('ON', 'DELETE')) onDelete = readAction(cursor);
    else if (cursor.acceptWords('ON', 'UPDATE')) onUpdate = readAction(cursor);
    else if (cursor.acceptWords('ON', 'INSERT')) readAction(cursor);
    else return { parent, parentColumns, onDelete, onUpdate };
  }
}

function readAction(cursor: Cursor): ForeignKeyAction {
  const found = actions.find(([, ...words]) => cursor.acceptWords(...words));
  return found ? found[0] : cursor.fail('an action is missing');
}

/** `[NOT] DEFERRABLE [INITIALLY DEFERRED|IMMEDIATE]`; null where no such clause stands. */
export function readDeferral(cursor: Cursor): boolean | null {
  const not = cursor.acceptWords('NOT', 'DEFERRABLE');
  if (!not && !cursor.acceptWords('DEFERRABLE')) return null;
  const deferred = cursor.acceptWords('INITIALLY', 'DEFERRED');
  if (!deferred) cursor.acceptWords('INITIALLY', 'IMMEDIATE');
  return deferred && !not;
}
