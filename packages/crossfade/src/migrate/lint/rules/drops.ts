import type { Hit, Rule, Scene } from '../model.ts';
import { shown } from '../names.ts';
import { type MadeObject, objectKey, objectsDropped, objectsMade } from '../objects.ts';
import { fresh } from '../fresh.ts';
import { alterations, as } from '../tree.ts';
import { shownType } from '../types.ts';

/** Gone for good: not one that this file made, nor remakes, nor one whose undoing is what a down file is for. */
function dropsInUse(scene: Scene, ...kinds: readonly string[]): MadeObject[] {
  const { file, piece, index } = scene;
  const gone = objectsDropped(piece.node).filter(({ kind }) => kinds.includes(kind));
  if (gone.length === 0) return [];
  const ours = file.direction === 'down' ? (file.partner?.pieces ?? []) : file.pieces.slice(0, index);
  const after = file.transactional ? file.pieces.slice(index + 1) : [];
  const made = new Set([...ours, ...after].flatMap(({ node }) => objectsMade(node)).map(objectKey));
  return gone.filter((each) => !made.has(objectKey(each)) && (each.table === null || !fresh(scene, each.table)));
}

function hitOf(object: MadeObject): Hit {
  const words = {
    kind: object.kind,
    name: shown(object.name),
    table: object.table === null ? '' : shown(object.table),
  };
  return { words };
}

function cascades({ node }: Scene['piece']): boolean {
  const part = alterations(node).some(
    ({ command }) => command.subtype?.startsWith('AT_Drop') && command.behavior === 'DROP_CASCADE',
  );
  return part || as(node, 'DropStmt')?.behavior === 'DROP_CASCADE';
}

/** Drops and renames of what programs use. */
export const dropRules: readonly Rule[] = [
  {
    code: 'drop-table',
    severity: 'error',
    title: 'DROP TABLE',
    reason: 'Programs that still use {name} fail, and its rows are gone: no down file brings them back.',
    safe: `-- when no program uses it any more, and a backup has been read back:
-- crossfade: allow drop-table because nothing has used it since release 12
DROP TABLE {name};`,
    bad: 'DROP TABLE visits;',
    downs: true,
    check: (scene) =>
      dropsInUse(scene, 'TABLE', 'FOREIGN TABLE')
        .filter(({ name }) => !(scene.file.direction === 'up' && fresh(scene, name)))
        .map(hitOf),
  },
  {
    code: 'drop-column',
    severity: 'error',
    title: 'DROP COLUMN',
    reason: 'Programs that still name {name} of {table} fail, and its values are gone: no down file brings them back.',
    safe: `-- when no program names it any more, and a backup has been read back:
-- crossfade: allow drop-column because nothing has read it since release 12
ALTER TABLE {table} DROP COLUMN {name};`,
    bad: 'ALTER TABLE users DROP COLUMN fax;',
    downs: true,
    check: (scene) => dropsInUse(scene, 'COLUMN').map(hitOf),
  },
  {
    code: 'drop-object',
    severity: 'warning',
    title: 'DROP of a view, schema, type, function, sequence or extension',
    reason: 'Programs that still use the {kind} {name} fail.',
    safe: `-- when nothing uses it any more:
-- crossfade: allow drop-object because nothing has used it since release 12
DROP {kind} {name};`,
    bad: 'DROP VIEW active_users;',
    downs: true,
    check: (scene) =>
      dropsInUse(
        scene,
        ...'VIEW,MATERIALIZED VIEW,SCHEMA,TYPE,DOMAIN,FUNCTION,PROCEDURE,AGGREGATE,SEQUENCE,EXTENSION'.split(','),
      ).map(hitOf),
  },
  {
    code: 'drop-cascade',
    severity: 'error',
    title: 'DROP ... CASCADE',
    reason: 'What else goes away is decided by what is in the database at that moment, not by this file.',
    safe: `-- first drop what depends on it, each by its name; then
{alone};`,
    bad: 'DROP TYPE user_state CASCADE;',
    downs: true,
    check: (scene) =>
      cascades(scene.piece) ? [{ words: { alone: scene.piece.statement.sql.replace(/\s+CASCADE\b/gi, '') } }] : [],
  },
  {
    code: 'drop-database',
    severity: 'error',
    title: 'DROP DATABASE',
    reason: 'Everything in {name} is gone at once, and no migration brings it back.',
    safe: `-- by hand, on the database that you mean:
-- dropdb --interactive {name}`,
    bad: `-- crossfade: no-transaction
DROP DATABASE clinic;`,
    downs: true,
    check: ({ piece }) => {
      const statement = as(piece.node, 'DropdbStmt');
      return statement === null ? [] : [{ words: { name: shown(statement.dbname ?? '') } }];
    },
  },
  {
    code: 'rename-column',
    severity: 'error',
    title: 'RENAME COLUMN',
    reason: 'Programs that run now name {name} of {table} and fail the moment the other name stands there.',
    safe: `ALTER TABLE {table} ADD COLUMN {to} {type};
-- then let the programs write both, fill {to} in small batches, read {to}, and drop {name} in a later migration`,
    bad: 'ALTER TABLE users RENAME COLUMN mail TO email;',
    downs: true,
    check: (scene) => renames(scene, /^OBJECT_(COLUMN|ATTRIBUTE)$/),
  },
  {
    code: 'rename-table',
    severity: 'error',
    title: 'RENAME of a table or view',
    reason: 'Programs that run now name {name} and fail the moment the other name stands there.',
    safe: `-- in one transaction with a view under the old name, which stays writable:
-- crossfade: allow rename-table because a view takes the old name
ALTER TABLE {name} RENAME TO {to};
CREATE VIEW {name} AS SELECT * FROM {to};`,
    bad: 'ALTER TABLE users RENAME TO accounts;',
    downs: true,
    check: (scene) => renames(scene, /^OBJECT_(TABLE|FOREIGN_TABLE|VIEW|MATVIEW)$/),
  },
  {
    code: 'rename-object',
    severity: 'warning',
    title: 'RENAME of a schema, type, function or enum value; SET SCHEMA',
    reason: 'Programs that run now use the old name and fail the moment the other one stands there.',
    safe: `-- when nothing names it any more:
-- crossfade: allow rename-object because only migrations name it
{said};`,
    bad: 'ALTER TYPE state RENAME TO user_state;',
    downs: true,
    check: (scene) => {
      const moved = as(scene.piece.node, 'AlterObjectSchemaStmt');
      const value = as(scene.piece.node, 'AlterEnumStmt')?.oldVal !== undefined;
      const kinds = /^OBJECT_(SCHEMA|TYPE|DOMAIN|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|SEQUENCE|DATABASE|ROLE)$/;
      return moved !== null || value ? [{}] : renames(scene, kinds);
    },
  },
];

function renames(scene: Scene, kinds: RegExp): Hit[] {
  const statement = as(scene.piece.node, 'RenameStmt');
  if (statement === null || !kinds.test(statement.renameType ?? '') || undoes(scene)) return [];
  const table = { schema: statement.relation?.schemaname ?? null, name: statement.relation?.relname ?? '' };
  if (fresh(scene, table)) return [];
  const name = statement.subname === undefined ? table : statement.subname;
  const type = scene.catalog.table(table)?.columns.get(statement.subname ?? '')?.type;
  const words = { table: shown(table), name: shown(name), to: shown(statement.newname ?? '') };
  return [{ words: { ...words, type: type === undefined || type.name === '' ? 'text' : shownType(type) } }];
}

/** A down file renames back what its up file renamed: that is what it is for, and the finding stands there. */
function undoes({ file, piece }: Scene): boolean {
  if (file.direction === 'up') return false;
  const type = as(piece.node, 'RenameStmt')?.renameType;
  return (file.partner?.pieces ?? []).some(({ node }) => as(node, 'RenameStmt')?.renameType === type);
}
