import type { IndexStmt } from '../../parser.ts';
import { indexName } from '../apply.ts';
import type { Rule, Scene } from '../model.ts';
import { type QName, relationName, shown } from '../names.ts';
import { fresh } from '../fresh.ts';
import { alterationsOf, as, dropped, option } from '../tree.ts';

/** A DROP of the same index earlier in the file: what a failed build has left is gone. */
function droppedBefore(scene: Scene, name: string): boolean {
  return scene.file.pieces
    .slice(0, scene.index)
    .some((piece) => dropped(piece.node, 'OBJECT_INDEX').some((each) => each.name === name));
}

function freshIndex(scene: Scene, index: QName): boolean {
  const table = scene.catalog.tableOfIndex(index);
  return table !== null && fresh(scene, table.name);
}

function wordsOf({ piece }: Scene, statement: IndexStmt): Record<string, string> {
  const index = shown(indexName(statement));
  // The statement as it stands, so that its WHERE, its method and the rest are kept.
  const named = statement.idxname === undefined ? ` ${index}` : '';
  const concurrently = piece.statement.sql.replace(/^(CREATE\s+(?:UNIQUE\s+)?INDEX)\b/i, `$1 CONCURRENTLY${named}`);
  return { table: shown(relationName(statement.relation)), index, concurrently };
}

/** The index of a partitioned table without a lock on its writers: the head alone, then partition by partition. */
function indexByPartition({ piece }: Scene, statement: IndexStmt): string {
  const [index, table] = [indexName(statement), relationName(statement.relation)];
  const rest = piece.statement.sql.replace(/^[\s\S]*?\sON\s+(?:ONLY\s+)?("[^"]+"|[^\s("])+\s*/i, '');
  const create = statement.unique === true ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX';
  const part = shown(`${index}_1`);
  return `${create} ${shown(index)} ON ONLY ${shown(table)} ${rest};
-- next migration, for each partition
-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS ${part};
${create} CONCURRENTLY ${part} ON ${shown({ ...table, name: `${table.name}_1` })} ${rest};
ALTER INDEX ${shown(index)} ATTACH PARTITION ${part};`;
}

/** Indexes: what blocks while they are built, dropped and rebuilt. */
export const indexRules: readonly Rule[] = [
  {
    code: 'create-index-blocks',
    severity: 'error',
    title: 'CREATE INDEX without CONCURRENTLY',
    reason: 'Nothing can be written to {table} until the index is built. CONCURRENTLY lets writers go on.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};
{concurrently};`,
    bad: 'CREATE INDEX users_email_idx ON users (email);',
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'IndexStmt');
      if (statement === null || statement.concurrent === true) return [];
      const table = relationName(statement.relation);
      if (fresh(scene, table)) return [];
      const hit = { words: wordsOf(scene, statement) };
      const whole = scene.catalog.table(table)?.partitioned === true;
      // ON ONLY makes an empty head, to which the indexes of the partitions are attached.
      if (whole && statement.relation?.inh !== true) return [];
      return [whole ? { ...hit, safe: indexByPartition(scene, statement) } : hit];
    },
  },
  {
    code: 'partitioned-index-fails',
    severity: 'error',
    title: 'CREATE INDEX CONCURRENTLY on a partitioned table',
    reason: 'PostgreSQL cannot build the index of a partitioned table concurrently: the migration fails.',
    safe: '-- on the table alone, then on each partition concurrently, and attached',
    bad: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS events_at_idx;
CREATE INDEX CONCURRENTLY events_at_idx ON events (at);`,
    history: ['CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);'],
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'IndexStmt');
      if (statement?.concurrent !== true) return [];
      if (scene.catalog.table(relationName(statement.relation))?.partitioned !== true) return [];
      return [{ safe: indexByPartition(scene, statement) }];
    },
  },
  {
    code: 'drop-index-blocks',
    severity: 'error',
    title: 'DROP INDEX without CONCURRENTLY',
    reason:
      'It takes an ACCESS EXCLUSIVE lock on the table of {index}: readers and writers queue behind it while it waits for its turn.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};`,
    bad: 'DROP INDEX users_email_idx;',
    downs: true,
    check: ({ piece, ...scene }) =>
      as(piece.node, 'DropStmt')?.concurrent === true
        ? []
        : dropped(piece.node, 'OBJECT_INDEX')
            .filter((index) => !freshIndex({ piece, ...scene }, index))
            .map((index) => ({ words: { index: shown(index) } })),
  },
  {
    code: 'reindex-blocks',
    severity: 'error',
    title: 'REINDEX without CONCURRENTLY',
    reason: 'Nothing can be written to the table, nor read through the index, until it is rebuilt.',
    safe: `-- crossfade: no-transaction
REINDEX {what} CONCURRENTLY {name};`,
    bad: 'REINDEX TABLE users;',
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'ReindexStmt');
      if (statement === null || option(statement.params, 'concurrently') !== undefined) return [];
      const named = relationName(statement.relation);
      if (statement.relation !== undefined && (fresh(scene, named) || freshIndex(scene, named))) return [];
      const name =
        statement.relation === undefined ? shown(statement.name ?? '') : shown(relationName(statement.relation));
      return [{ words: { what: (statement.kind ?? '').replace('REINDEX_OBJECT_', ''), name } }];
    },
  },
  {
    code: 'invalid-index-kept',
    severity: 'warning',
    title: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS without a DROP before it',
    reason:
      'A build that fails leaves an INVALID index under the name {index}. The next run finds it, does nothing, and the index never serves.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};
{said};`,
    bad: `-- crossfade: no-transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_email_idx ON users (email);`,
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'IndexStmt');
      if (statement?.concurrent !== true || statement.if_not_exists !== true) return [];
      const index = indexName(statement);
      if (droppedBefore(scene, index)) return [];
      return [{ words: wordsOf(scene, statement) }];
    },
  },
  {
    code: 'detach-partition-blocks',
    severity: 'error',
    title: 'DETACH PARTITION without CONCURRENTLY',
    reason: 'It takes an ACCESS EXCLUSIVE lock on {table} and all who read any partition wait.',
    safe: `-- crossfade: no-transaction
ALTER TABLE {table} DETACH PARTITION {partition} CONCURRENTLY;`,
    bad: 'ALTER TABLE events DETACH PARTITION events_2024;',
    downs: true,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_DetachPartition').flatMap(({ table, command }) => {
        const partition = command.def === undefined ? null : as(command.def, 'PartitionCmd');
        if (partition?.concurrent === true || fresh(scene, table)) return [];
        return [{ words: { table: shown(table), partition: shown(relationName(partition?.name)) } }];
      }),
  },
  {
    code: 'refresh-blocks',
    severity: 'error',
    title: 'REFRESH MATERIALIZED VIEW without CONCURRENTLY',
    reason: 'Nobody can read {view} until the query has run. CONCURRENTLY needs a unique index on the view.',
    safe: 'REFRESH MATERIALIZED VIEW CONCURRENTLY {view};',
    bad: 'REFRESH MATERIALIZED VIEW daily_totals;',
    downs: true,
    check: (scene) => {
      const statement = as(scene.piece.node, 'RefreshMatViewStmt');
      if (statement === null || statement.concurrent === true) return [];
      const view = relationName(statement.relation);
      return scene.catalog.table(view)?.createdIn === scene.file.ordinal ? [] : [{ words: { view: shown(view) } }];
    },
  },
];
