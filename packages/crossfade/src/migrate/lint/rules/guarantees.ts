import { fresh, freshObject } from '../fresh.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { numbersSet } from '../setval.ts';
import { keyOf, type QName, relationName, shown } from '../names.ts';
import { objectKey, objectsMade } from '../objects.ts';
import { alterations, alterationsOf, as, definedColumns, dropped, hasConstraint, option } from '../tree.ts';
import { dropsInUse } from './drops.ts';

const kinds: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: 'primary key',
  CONSTR_UNIQUE: 'unique constraint',
  CONSTR_FOREIGN: 'foreign key',
  CONSTR_EXCLUSION: 'exclusion constraint',
};

/** Constraints that go for good. One that the files know as a CHECK keeps nobody from writing when it is gone. */
function constraintsDropped(scene: Scene): Hit[] {
  return dropsInUse(scene, 'CONSTRAINT').flatMap(({ table, name }) => {
    if (table === null) return [];
    const all = scene.catalog.table(table)?.constraints ?? [];
    const known = all.find((each) => each.name === name.name);
    if (known?.kind === 'CONSTR_CHECK') return [];
    const same = (columns: readonly string[]): boolean => columns.join() === known?.columns.join();
    if (all.some((each) => each !== known && each.kind === known?.kind && same(each.columns))) return [];
    const kind = kinds[known?.kind ?? ''] ?? 'constraint';
    return [{ words: { kind, table: shown(table), name: shown(name) } }];
  });
}

/** Unique indexes that go for good, as far as the files know them. */
function uniqueIndexesDropped(scene: Scene): Hit[] {
  const gone = dropped(scene.piece.node, 'OBJECT_INDEX');
  // Few statements drop an index, and a seed has thousands behind this one.
  if (gone.length === 0) return [];
  const later = new Set(
    scene.file.pieces
      .slice(scene.index + 1)
      .flatMap(({ node }) => objectsMade(node))
      .map(({ name }) => name.name),
  );
  return gone.flatMap((index) => {
    const table = scene.catalog.tableOfIndex(index);
    const unique = table?.indexes.some(({ name, unique: only }) => name === index.name && only) === true;
    if (table === null || !unique || later.has(index.name) || fresh(scene, table.name)) return [];
    if (scene.file.direction === 'down' && madeByUp(scene, table.name, index.name)) return [];
    return [{ words: { kind: 'unique index', table: shown(table.name), name: shown(index) } }];
  });
}

function madeByUp({ file }: Scene, table: QName, name: string): boolean {
  const index = { kind: 'INDEX', table, name: { schema: null, name }, columns: [], replaced: false };
  return (file.partner?.pieces ?? []).some(({ node }) =>
    objectsMade(node).some((each) => objectKey(each) === objectKey(index)),
  );
}

/** A down file may take back what its up file has put under the parent. */
function inheritedByUp({ file }: Scene, table: QName): boolean {
  if (file.direction === 'up') return false;
  return (file.partner?.pieces ?? []).some(({ node }) =>
    alterationsOf(node, 'AT_AddInherit').some((each) => keyOf(each.table) === keyOf(table)),
  );
}

/** Whether the file has added the column itself, so that no program can count on it, and lets it be null. */
function ownNullable(scene: Scene, table: QName, name: string): boolean {
  return scene.file.pieces
    .slice(0, scene.index + 1)
    .some(({ node }) =>
      definedColumns(node).some(
        ({ column, ...each }) =>
          keyOf(each.table) === keyOf(table) &&
          column.colname === name &&
          !hasConstraint(column, 'CONSTR_NOTNULL', 'CONSTR_PRIMARY'),
      ),
    );
}

/** Whether nobody has drawn from the sequence yet: made by this file, itself or with a table that has it for a column. */
function freshSequence(scene: Scene, name: QName): boolean {
  if (freshObject(scene, name)) return true;
  const owner = [...scene.catalog.tables()].find(
    (table) =>
      keyOf({ ...name, name: '' }) === keyOf({ ...table.name, name: '' }) &&
      [...table.columns.keys()].some((column) => `${table.name.name}_${column}_seq` === name.name),
  );
  return owner !== undefined && fresh(scene, owner.name);
}

/** What programs count on without naming it: keys, defaults, numbers that do not come twice. */
export const guaranteeRules: readonly Rule[] = [
  {
    code: 'drop-constraint',
    severity: 'error',
    title: 'DROP of a key, a foreign key or a unique index',
    reason:
      'Without the {kind} {name} rows get into {table} that it would have refused, and it cannot be put back over them. INSERT ... ON CONFLICT of its columns fails at once, as do deletes that count on ON DELETE.',
    safe: `-- first add the one that takes its place; then
-- crossfade: allow drop-constraint because another takes its place
ALTER TABLE {table} DROP CONSTRAINT {name};`,
    bad: 'ALTER TABLE users DROP CONSTRAINT users_email_key;',
    downs: true,
    check: (scene) => [...constraintsDropped(scene), ...uniqueIndexesDropped(scene)],
  },
  {
    code: 'drop-default',
    severity: 'warning',
    title: 'DROP DEFAULT, IDENTITY or EXPRESSION',
    reason:
      'Programs that run now and do not name {column} write a NULL from here on, and fail where the column is NOT NULL.',
    safe: `-- when every program names the column:
-- crossfade: allow drop-default because all programs name it since release 12
{said};`,
    bad: 'ALTER TABLE users ALTER COLUMN state DROP DEFAULT;',
    downs: false,
    check: (scene) =>
      alterations(scene.piece.node)
        // SET DEFAULT with nothing behind it is how the tree says DROP DEFAULT.
        .filter(
          ({ command: { subtype, def } }) =>
            (subtype === 'AT_ColumnDefault' && def === undefined) ||
            /^AT_Drop(Identity|Expression)$/.test(subtype ?? ''),
        )
        .filter(({ table, command }) => !fresh(scene, table) && !ownNullable(scene, table, command.name ?? ''))
        .map(({ command }) => ({ words: { column: shown(command.name ?? '') } })),
  },
  {
    code: 'sequence-restarts',
    severity: 'warning',
    title: 'RESTART of a sequence or identity, or setval to a number',
    reason:
      'Numbers that {name} has given come again: inserts fail on the key that has them already, or rows elsewhere that still hold the old number point to the new one.',
    safe: `-- set it behind the last number that is there:
SELECT setval('{name}', (SELECT max(id) FROM users));`,
    bad: 'ALTER SEQUENCE users_id_seq RESTART;',
    downs: true,
    check: (scene) => {
      const sequence = as(scene.piece.node, 'AlterSeqStmt');
      const restarts = option(sequence?.options, 'restart') !== undefined;
      const name = relationName(sequence?.sequence);
      if (restarts && !freshObject(scene, name)) return [{ words: { name: shown(name) } }];
      const set = numbersSet(scene.piece).filter((each) => !freshSequence(scene, each));
      if (set.length > 0) return set.map((each) => ({ words: { name: shown(each) } }));
      return alterationsOf(scene.piece.node, 'AT_SetIdentity')
        .filter(({ table, command: { def } }) => {
          const options = def === undefined ? undefined : as(def, 'List')?.items;
          return option(options, 'restart') !== undefined && !fresh(scene, table);
        })
        .map(({ table, command }) => ({ words: { name: shown(`${table.name}_${command.name ?? ''}_seq`) } }));
    },
  },
  {
    code: 'no-inherit-hides',
    severity: 'warning',
    title: 'NO INHERIT',
    reason:
      'Every query of {parent} stops seeing the rows of {table} at once, UPDATE and DELETE pass them over, and later changes of {parent} do not reach it.',
    safe: `-- when no program looks for these rows in {parent} any more:
-- crossfade: allow no-inherit-hides because they are read from {table} since release 12
{said};`,
    bad: 'ALTER TABLE events_2024 NO INHERIT events;',
    downs: true,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_DropInherit')
        .filter(({ table }) => !fresh(scene, table) && !inheritedByUp(scene, table))
        .map(({ table, command: { def } }) => ({
          words: { table: shown(table), parent: shown(relationName((def && as(def, 'RangeVar')) ?? undefined)) },
        })),
  },
  {
    code: 'replica-identity-nothing',
    severity: 'warning',
    title: 'REPLICA IDENTITY NOTHING',
    reason: 'UPDATE and DELETE of {table} fail as soon as a publication has the table.',
    safe: 'ALTER TABLE {table} REPLICA IDENTITY DEFAULT;',
    bad: 'ALTER TABLE users REPLICA IDENTITY NOTHING;',
    downs: true,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_ReplicaIdentity')
        .filter(({ command: { def } }) => def !== undefined && as(def, 'ReplicaIdentityStmt')?.identity_type === 'n')
        .filter(({ table }) => !fresh(scene, table))
        .map(({ table }) => ({ words: { table: shown(table) } })),
  },
];
