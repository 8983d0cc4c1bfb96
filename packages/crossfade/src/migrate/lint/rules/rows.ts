import { fresh, undoesTable } from '../fresh.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { keyOf, type QName, relationName, shown } from '../names.ts';
import { as } from '../tree.ts';
import { type Write, writesOf } from '../writes.ts';
import { exclusive } from './locks.ts';

function tableHit(table: QName): Hit {
  return { words: { table: shown(table) } };
}

/** Writes to tables that others use. */
function writesInUse(scene: Scene, ...does: readonly Write['does'][]): Write[] {
  return writesOf(scene).filter(({ table, does: each }) => does.includes(each) && !fresh(scene, table));
}

/** Tables that this transaction has locked against readers already. */
function lockedBefore(scene: Scene): Set<string> {
  const before = scene.file.pieces.slice(0, scene.index);
  return new Set(before.flatMap((piece) => exclusive(piece)).map(keyOf));
}

function isSystem({ schema, name }: QName): boolean {
  return schema === null ? name.startsWith('pg_') : schema === 'pg_catalog' || schema === 'information_schema';
}

/** What destroys rows, and what writes so many that others wait. */
export const rowRules: readonly Rule[] = [
  {
    code: 'truncate',
    severity: 'error',
    title: 'TRUNCATE',
    reason:
      'The rows of {table} are gone, and nobody can read it until the transaction ends. CASCADE empties every table that refers to it.',
    safe: `-- name the rows, in batches:
DELETE FROM {table} WHERE id BETWEEN 1 AND 10000;`,
    bad: 'TRUNCATE visits CASCADE;',
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'TruncateStmt');
      const cascades = statement?.behavior === 'DROP_CASCADE';
      return (statement?.relations ?? [])
        .map((each) => relationName(as(each, 'RangeVar') ?? undefined))
        .filter((table) => cascades || !(fresh(scene, table) || undoesTable(scene, table)))
        .map(tableHit);
    },
  },
  {
    code: 'delete-all-rows',
    severity: 'error',
    title: 'DELETE or MERGE that deletes every row',
    reason:
      'No condition spares a row of {table}: all are gone, or all that the source of a MERGE lacks, and no down file brings them back.',
    safe: `-- name the rows, in batches:
DELETE FROM {table} WHERE id BETWEEN 1 AND 10000;`,
    bad: 'DELETE FROM visits WHERE true;',
    downs: true,
    check: (scene) =>
      writesInUse(scene, 'delete')
        .filter(({ whole, table }) => whole && !undoesTable(scene, table))
        .map(({ table }) => tableHit(table)),
  },
  {
    code: 'write-without-where',
    severity: 'warning',
    title: 'UPDATE or MERGE of a whole table',
    reason:
      'Every row of {table} is locked until the migration ends, and each one leaves a dead copy behind: writers wait, replicas lag.',
    safe: `-- in batches, outside the migration, each committed by itself, such as
UPDATE {table} SET state = 'new' WHERE id BETWEEN 1 AND 10000;`,
    bad: "UPDATE users SET state = 'new' WHERE 1 = 1;",
    downs: true,
    check: (scene) =>
      writesInUse(scene, 'update')
        .filter(({ whole }) => whole)
        .map(({ table }) => tableHit(table)),
  },
  {
    code: 'write-under-lock',
    severity: 'warning',
    title: 'UPDATE or DELETE of a table that the same transaction has altered',
    reason:
      'An earlier statement of the file has locked {table} against readers too, and holds the lock until the transaction ends: everybody waits while the rows are written.',
    safe: `-- the statement that alters {table}, alone in its file
-- next migration
{said};`,
    bad: `ALTER TABLE users ADD COLUMN state text;
UPDATE users SET state = 'new' WHERE seen IS NULL;`,
    downs: true,
    check: (scene) => {
      if (!scene.inTransaction) return [];
      const writes = writesInUse(scene, 'update', 'delete').filter(({ whole }) => !whole);
      if (writes.length === 0) return [];
      const locked = lockedBefore(scene);
      return writes.filter(({ table }) => locked.has(keyOf(table))).map(({ table }) => tableHit(table));
    },
  },
  {
    code: 'catalog-written',
    severity: 'error',
    title: 'A write to a system catalogue',
    reason:
      '{table} belongs to PostgreSQL: nothing checks what is written there, and what depends on it is not told. A mistake can leave a database that does not start or cannot be dumped.',
    safe: '-- the statement that PostgreSQL has for it, such as ALTER TABLE ... ADD CONSTRAINT ... NOT VALID',
    bad: "UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'users'::regclass AND attname = 'name';",
    downs: true,
    check: (scene) =>
      writesOf(scene)
        .filter(({ table }) => isSystem(table))
        .map(({ table }) => tableHit(table)),
  },
];
