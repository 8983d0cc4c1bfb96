import type { Node } from '../../parser.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { listName, type QName, relationName, shown } from '../names.ts';
import { type MadeObject, objectKey, objectsDropped, objectsMade } from '../objects.ts';
import { fresh, freshObject } from '../fresh.ts';
import type { Piece } from '../parse.ts';
import { alterations, as, droppedName } from '../tree.ts';
import { shownType } from '../types.ts';

/** What holds values: made again under its name, it is there without them. */
const holdsValues = /^(TABLE|COLUMN|ATTRIBUTE|SEQUENCE|SCHEMA)$/;

/** Gone for good: not one that this file made, nor remakes, nor one whose undoing is what a down file is for. */
export function dropsInUse(scene: Scene, ...kinds: readonly string[]): MadeObject[] {
  const { file, piece, index } = scene;
  const gone = objectsDropped(piece.node).filter(({ kind }) => kinds.includes(kind));
  if (gone.length === 0) return [];
  const undone = file.direction === 'down' ? (file.partner?.pieces ?? []) : [];
  const ours = keysOfMade([...undone, ...file.pieces.slice(0, index)]);
  const again = keysOfMade(file.transactional ? file.pieces.slice(index) : []);
  const remade = (each: MadeObject): boolean => !holdsValues.test(each.kind) && again.has(objectKey(each));
  return gone.filter(
    (each) => !ours.has(objectKey(each)) && !remade(each) && (each.table === null || !fresh(scene, each.table)),
  );
}

function keysOfMade(pieces: readonly Piece[]): Set<string> {
  return new Set(pieces.flatMap(({ node }) => objectsMade(node)).map(objectKey));
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
    code: 'drop-attribute',
    severity: 'error',
    title: 'ALTER TYPE ... DROP ATTRIBUTE',
    reason:
      'Programs and functions that read {name} of {table} fail, and its values are gone from every column of that type: no down file brings them back.',
    safe: `-- when no program names it any more, and a backup has been read back:
-- crossfade: allow drop-attribute because nothing has read it since release 12
ALTER TYPE {table} DROP ATTRIBUTE {name};`,
    bad: 'ALTER TYPE place DROP ATTRIBUTE zip;',
    downs: true,
    check: (scene) => dropsInUse(scene, 'ATTRIBUTE').map(hitOf),
  },
  {
    code: 'drop-object',
    severity: 'warning',
    title: 'DROP of a view, schema, type, function, sequence, extension, role, server, publication and the like',
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
        ...'ROLE,SERVER,COLLATION,PUBLICATION,SUBSCRIPTION,EVENT TRIGGER'.split(','),
      )
        .filter(({ name }) => !(scene.file.direction === 'up' && fresh(scene, name)))
        .map(hitOf),
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
      cascades(scene.piece)
        ? [{ words: { alone: scene.piece.statement.sql.replace(/(?<!\s)\s+CASCADE\b/gi, '') } }]
        : [],
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
      const { oldVal, typeName } = as(scene.piece.node, 'AlterEnumStmt') ?? {};
      const value = oldVal !== undefined;
      const named = moved?.relation === undefined ? moved?.object : { RangeVar: moved.relation };
      const name = value ? listName(typeName) : named === undefined ? null : nameOf(named);
      if (name !== null && freshObject(scene, name)) return [];
      const kinds = /^OBJECT_(SCHEMA|TYPE|DOMAIN|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|SEQUENCE|DATABASE|ROLE)$/;
      return moved !== null || value ? [{}] : renames(scene, kinds);
    },
  },
];

function renames(scene: Scene, kinds: RegExp): Hit[] {
  const statement = as(scene.piece.node, 'RenameStmt');
  if (statement === null || !kinds.test(statement.renameType ?? '') || undoes(scene)) return [];
  const table = { schema: statement.relation?.schemaname ?? null, name: statement.relation?.relname ?? '' };
  // A type or function is an object, a schema a bare name.
  const bare = statement.relation === undefined ? { schema: null, name: statement.subname ?? '' } : table;
  if (freshObject(scene, statement.object === undefined ? bare : nameOf(statement.object))) return [];
  const name = statement.subname === undefined ? table : statement.subname;
  const type = scene.catalog.table(table)?.columns.get(statement.subname ?? '')?.type;
  const words = { table: shown(table), name: shown(name), to: shown(statement.newname ?? '') };
  return [{ words: { ...words, type: type === undefined || type.name === '' ? 'text' : shownType(type) } }];
}

function nameOf(node: Node): QName {
  const relation = as(node, 'RangeVar');
  return relation === null ? droppedName(node) : relationName(relation);
}

/** A down file renames back what its up file renamed: that is what it is for, and the finding stands there. */
function undoes({ file, piece }: Scene): boolean {
  if (file.direction === 'up') return false;
  const type = as(piece.node, 'RenameStmt')?.renameType;
  return (file.partner?.pieces ?? []).some(({ node }) => as(node, 'RenameStmt')?.renameType === type);
}
