import type { Hit, Rule, Scene } from '../model.ts';
import { keyOf, relationName, shown, shownAll } from '../names.ts';
import { clauseAt } from '../clause.ts';
import { fresh } from '../fresh.ts';
import { proven } from '../proven.ts';
import { alterationsOf, as, type DefinedConstraint, definedConstraints } from '../tree.ts';

/** Constraints of these kinds that are put on tables that others use. */
function added(scene: Scene, ...kinds: readonly string[]): DefinedConstraint[] {
  return definedConstraints(scene.piece.node).filter(
    ({ constraint, added: late, table }) =>
      late && kinds.includes(constraint.contype ?? '') && constraint.skip_validation !== true && !fresh(scene, table),
  );
}

function hitOf({ table, constraint, columns }: DefinedConstraint, ending: string, more = {}): Hit {
  const fallback = [table.name, ...columns, ending].join('_');
  const words = {
    table: shown(table),
    columns: shownAll(columns),
    name: shown(constraint.conname ?? fallback),
    index: shown(constraint.conname ?? fallback),
    ...more,
  };
  return { at: constraint.location, words };
}

/** The constraint as it stands in the file, without its name: ON DELETE and the rest are kept. */
function definitionOf({ piece }: Scene, { constraint, columns, inline }: DefinedConstraint): string {
  const text = clauseAt(piece.statement.sql, constraint.location ?? 0).replace(/^CONSTRAINT\s+("[^"]+"|\S+)\s+/i, '');
  return inline && constraint.contype === 'CONSTR_FOREIGN' ? `FOREIGN KEY (${shownAll(columns)}) ${text}` : text;
}

/** The names of the constraints that this file has put on the table without looking at its rows. */
function notValidBefore(scene: Scene, table: string): Set<string> {
  const until = scene.file.pieces.slice(0, scene.index + 1);
  const constraints = until.flatMap(({ node }) => definedConstraints(node));
  const late = constraints.filter(
    ({ constraint, ...each }) => constraint.skip_validation && keyOf(each.table) === table,
  );
  return new Set(late.map(({ constraint }) => constraint.conname ?? ''));
}

/** The columns of an index that becomes the primary key, as far as the files know that they may be NULL. */
function nullableOf(scene: Scene, { table, constraint: { indexname } }: DefinedConstraint): string[] {
  const known = scene.catalog.table(table);
  const index = known?.indexes.find(({ name }) => name === indexname && indexname !== undefined);
  return (index?.columns ?? []).flatMap((column) =>
    column !== null && known?.columns.has(column) === true && !proven(scene, table, column) ? [column] : [],
  );
}

/** Constraints put on tables that others use. */
export const constraintRules: readonly Rule[] = [
  {
    code: 'foreign-key-scans',
    severity: 'error',
    title: 'ADD FOREIGN KEY without NOT VALID',
    reason:
      'All of {table} is compared with {target} while nothing can be written to either. NOT VALID checks only new rows; VALIDATE reads the old ones later and blocks nobody.',
    safe: `ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {name};
-- next migration
-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {name}_idx;
CREATE INDEX CONCURRENTLY {name}_idx ON {table} ({columns});`,
    bad: 'ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id);',
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_FOREIGN').map((each) =>
        hitOf(each, 'fkey', {
          target: shown(relationName(each.constraint.pktable)),
          definition: definitionOf(scene, each),
        }),
      ),
  },
  {
    code: 'check-scans',
    severity: 'error',
    title: 'ADD CHECK without NOT VALID',
    reason:
      'All of {table} is read while nobody can use it. NOT VALID checks only new rows; VALIDATE reads the old ones later and blocks nobody.',
    safe: `ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID;
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {name};`,
    bad: 'ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);',
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_CHECK').map((each) => hitOf(each, 'check', { definition: definitionOf(scene, each) })),
  },
  {
    code: 'validate-in-same-transaction',
    severity: 'error',
    title: 'VALIDATE CONSTRAINT in the transaction that added it NOT VALID',
    reason:
      'The lock that adding {name} took is held until the end of the transaction, so {table} is read while it is blocked: NOT VALID has gained nothing.',
    safe: `-- the statement with NOT VALID alone in its file
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {name};`,
    bad: `ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;`,
    downs: true,
    check: (scene) =>
      scene.inTransaction
        ? alterationsOf(scene.piece.node, 'AT_ValidateConstraint')
            .filter(({ table }) => !fresh(scene, table))
            .filter(({ table, command }) => notValidBefore(scene, keyOf(table)).has(command.name ?? ''))
            .map(({ table, command }) => ({ words: { table: shown(table), name: shown(command.name ?? '') } }))
        : [],
  },
  {
    code: 'unique-builds-index',
    severity: 'error',
    title: 'ADD UNIQUE without USING INDEX',
    reason: 'The index is built while nobody can read or write {table}.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};
CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns});
-- next migration
ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {index};`,
    bad: 'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);',
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_UNIQUE')
        .filter(({ constraint }) => constraint.indexname === undefined)
        .map((each) => hitOf(each, 'key')),
  },
  {
    code: 'primary-key-builds-index',
    severity: 'error',
    title: 'ADD PRIMARY KEY without USING INDEX',
    reason: 'The index is built, and NOT NULL checked, while nobody can read or write {table}.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};
CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} ({columns});
-- next migration, when the columns are NOT NULL
ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {index};`,
    bad: 'ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id);',
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_PRIMARY')
        .filter(({ constraint }) => constraint.indexname === undefined)
        .map((each) => hitOf(each, 'pkey')),
  },
  {
    code: 'primary-key-scans',
    severity: 'error',
    title: 'ADD PRIMARY KEY USING INDEX over columns that may be NULL',
    reason:
      'The index is there already, but {columns} may be NULL: all of {table} is read for that while nobody can use it. With a validated CHECK PostgreSQL knows already.',
    safe: `ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({proof}) NOT VALID;
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {check};
-- next migration
{said};
ALTER TABLE {table} DROP CONSTRAINT {check};`,
    bad: 'ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id_idx;',
    history: [
      'CREATE TABLE users (id bigint);',
      '-- crossfade: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS users_id_idx;\nCREATE UNIQUE INDEX CONCURRENTLY users_id_idx ON users (id);',
    ],
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_PRIMARY').flatMap((each) => {
        const columns = nullableOf(scene, each);
        if (columns.length === 0) return [];
        const proof = columns.map((column) => `${shown(column)} IS NOT NULL`).join(' AND ');
        const check = shown(`${each.table.name}_${columns.join('_')}_not_null`);
        return [hitOf(each, 'pkey', { columns: shownAll(columns), check, proof })];
      }),
  },
  {
    code: 'exclude-builds-index',
    severity: 'error',
    title: 'ADD EXCLUDE',
    reason:
      'The index is built while nobody can read or write {table}, and PostgreSQL knows no other way to add this constraint.',
    safe: `-- choose a quiet hour, or begin with a new table that has the constraint; then
-- crossfade: allow exclude-builds-index because the table is small
ALTER TABLE {table} ADD CONSTRAINT {name} {definition};`,
    bad: 'ALTER TABLE bookings ADD CONSTRAINT bookings_once EXCLUDE USING gist (room WITH =, during WITH &&);',
    downs: true,
    check: (scene) =>
      added(scene, 'CONSTR_EXCLUSION').map((each) => hitOf(each, 'excl', { definition: definitionOf(scene, each) })),
  },
  {
    code: 'attach-partition-scans',
    severity: 'warning',
    title: 'ATTACH PARTITION without a CHECK that proves its bounds',
    reason:
      'All of {partition} is read while it is blocked, to see that its rows belong there. A valid CHECK of the same bounds spares that.',
    safe: `-- give {partition} a CHECK of its bounds first (NOT VALID, then VALIDATE); then
-- crossfade: allow attach-partition-scans because a valid CHECK proves the bounds
{said};`,
    bad: "ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
    downs: true,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_AttachPartition').flatMap(({ table, command }) => {
        const attached = command.def === undefined ? null : as(command.def, 'PartitionCmd');
        const partition = relationName(attached?.name);
        if (fresh(scene, partition)) return [];
        return [{ words: { table: shown(table), partition: shown(partition) } }];
      }),
  },
  {
    code: 'foreign-key-unindexed',
    severity: 'warning',
    title: 'A foreign key without an index',
    reason:
      'Each DELETE and each change of a key in {target} reads all of {table}. No file of the folder makes an index that begins with {columns}.',
    safe: `-- crossfade: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS {index};
CREATE INDEX CONCURRENTLY {index} ON {table} ({columns});`,
    bad: 'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));',
    downs: false,
    check: (scene) =>
      definedConstraints(scene.piece.node)
        .filter(({ constraint }) => constraint.contype === 'CONSTR_FOREIGN')
        .filter((each) => unindexed(scene, each))
        .map((each) =>
          hitOf(each, 'idx', {
            target: shown(relationName(each.constraint.pktable)),
            index: shown([each.table.name, ...each.columns, 'idx'].join('_')),
          }),
        ),
  },
];

/** After the last file: an index that comes later counts, and a column that is gone needs none. */
function unindexed(scene: Scene, { table: name, columns }: DefinedConstraint): boolean {
  const table = scene.final.table(name);
  if (
    table === null ||
    columns.some((column) => table.columns.size > 0 && table.createdIn !== null && !table.columns.has(column))
  )
    return false;
  return !table.indexes.some((index) => {
    const head = index.columns.slice(0, columns.length);
    return index.whole && columns.every((column) => head.includes(column));
  });
}
