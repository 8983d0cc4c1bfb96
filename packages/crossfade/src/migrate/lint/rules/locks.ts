import type { Hit, Rule, Scene } from '../model.ts';
import { keyOf, type QName, relationName, shown } from '../names.ts';
import { fresh } from '../fresh.ts';
import { alterations, as, dropped, nodesBelow, option, renamed } from '../tree.ts';

/** Commands of ALTER TABLE that take less than ACCESS EXCLUSIVE. */
const gentle =
  /^AT_(ValidateConstraint|SetStatistics|AttachPartition|SetOptions|ResetOptions|ClusterOn|DropCluster|EnableTrig|DisableTrig|EnableAlwaysTrig|EnableReplicaTrig|SetRelOptions|ResetRelOptions|ReplicaIdentity)/;

/** The tables that nobody else can even read from this statement to the end of its transaction. */
function exclusive({ node }: Scene['piece']): QName[] {
  const altered = alterations(node)
    .filter(({ command }) => !gentle.test(command.subtype ?? ''))
    .filter(({ command }) => !(command.def && as(command.def, 'Constraint')?.contype === 'CONSTR_FOREIGN'))
    .map(({ table }) => table);
  const rename = renamed(node, 'OBJECT_TABLE', 'OBJECT_COLUMN');
  const truncated = as(node, 'TruncateStmt')?.relations ?? [];
  const lock = as(node, 'LockStmt');
  const locked = lock?.mode === 8 ? (lock.relations ?? []) : [];
  const named = [...truncated, ...locked].map((each) => relationName(as(each, 'RangeVar') ?? undefined));
  const rule = as(node, 'RuleStmt');
  return [
    ...altered,
    ...(rename === null ? [] : [relationName(rename.relation)]),
    ...(rule === null ? [] : [relationName(rule.relation)]),
    ...named,
    ...dropped(node, 'OBJECT_TABLE'),
  ];
}

function tableHit(table: QName): Hit {
  return { words: { table: shown(table) } };
}

/** What keeps others waiting, and what destroys rows at one go. */
export const lockRules: readonly Rule[] = [
  {
    code: 'several-exclusive-locks',
    severity: 'warning',
    title: 'Several tables under ACCESS EXCLUSIVE in one transaction',
    reason:
      'While it waits for {table}, it holds {first}: nobody can read either, and a program that takes them in the other order deadlocks.',
    safe: `-- what is done to {first}, in a file of its own
-- next migration
-- what is done to {table}`,
    bad: `ALTER TABLE users ADD COLUMN note text;
ALTER TABLE orders ADD COLUMN note text;`,
    downs: true,
    check: (scene) => {
      if (!scene.inTransaction) return [];
      const old = (piece: Scene['piece']): QName[] => exclusive(piece).filter((table) => !fresh(scene, table));
      const mine = old(scene.piece);
      // Most statements take no such lock, and a seed has thousands of them.
      if (mine.length === 0) return [];
      const held = new Map<string, QName>();
      for (const piece of scene.file.pieces.slice(0, scene.index))
        for (const table of old(piece)) held.set(keyOf(table), table);
      const here = mine.find((table) => !held.has(keyOf(table)));
      const [first] = held.values();
      // Said once a file, at the second table: the third is no news.
      if (here === undefined || first === undefined || held.size > 1) return [];
      return [{ words: { table: shown(here), first: shown(first) } }];
    },
  },
  {
    code: 'lock-table',
    severity: 'warning',
    title: 'LOCK TABLE',
    reason: 'Everybody else waits until the transaction ends, and everybody behind them.',
    safe: `SET LOCAL lock_timeout = '2s';
-- crossfade: allow lock-table because the lock is held for one short statement
LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE;`,
    bad: 'LOCK TABLE users;',
    downs: true,
    check: ({ piece }) => {
      const tables = as(piece.node, 'LockStmt')?.relations ?? [];
      return tables.slice(0, 1).map((each) => tableHit(relationName(as(each, 'RangeVar') ?? undefined)));
    },
  },
  {
    code: 'table-moved',
    severity: 'error',
    title: 'SET TABLESPACE, LOGGED, UNLOGGED or ACCESS METHOD',
    reason: 'All of {table} is written anew while nobody can read it; an UNLOGGED table is empty after a crash.',
    safe: `-- in a quiet hour, or by pg_repack, which copies beside the table:
-- crossfade: allow table-moved because the service is down for it
{said};`,
    bad: 'ALTER TABLE users SET TABLESPACE fast;',
    downs: true,
    check: (scene) =>
      alterations(scene.piece.node)
        .filter(({ command }) => /^AT_Set(TableSpace|Logged|UnLogged|AccessMethod)$/.test(command.subtype ?? ''))
        .filter(({ table }) => !fresh(scene, table))
        .map(({ table }) => tableHit(table)),
  },
  {
    code: 'table-rewritten',
    severity: 'error',
    title: 'CLUSTER or VACUUM FULL',
    reason: 'The table is written anew while nobody can read it.',
    safe: `-- crossfade: no-transaction
VACUUM (ANALYZE) {table};
-- or pg_repack, which copies beside the table`,
    bad: `-- crossfade: no-transaction
VACUUM FULL users;`,
    downs: true,
    check: ({ piece }) => {
      const vacuum = as(piece.node, 'VacuumStmt');
      const full = vacuum !== null && option(vacuum.options, 'full') !== undefined;
      const first = vacuum?.rels?.[0];
      const relation = first === undefined ? undefined : as(first, 'VacuumRelation')?.relation;
      const cluster = as(piece.node, 'ClusterStmt');
      return cluster !== null || full ? [tableHit(relationName(cluster?.relation ?? relation))] : [];
    },
  },
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
    check: (scene) =>
      (as(scene.piece.node, 'TruncateStmt')?.relations ?? [])
        .map((each) => relationName(as(each, 'RangeVar') ?? undefined))
        .filter((table) => as(scene.piece.node, 'TruncateStmt')?.behavior === 'DROP_CASCADE' || !fresh(scene, table))
        .map(tableHit),
  },
  {
    code: 'write-without-where',
    severity: 'warning',
    title: 'UPDATE or DELETE of a whole table',
    reason:
      'Every row of {table} is locked until the migration ends, and each one leaves a dead copy behind: writers wait, replicas lag.',
    safe: `-- in batches, outside the migration, each committed by itself:
{said} WHERE id BETWEEN 1 AND 10000;`,
    bad: "UPDATE users SET state = 'new';",
    downs: true,
    check: (scene) => {
      const hits: Hit[] = [];
      for (const [kind, fields] of nodesBelow(scene.piece.node)) {
        if (!/^(UpdateStmt|DeleteStmt)$/.test(kind) || fields.whereClause !== undefined) continue;
        // FROM and USING name rows as well as WHERE would.
        if (fields.fromClause !== undefined || fields.usingClause !== undefined) continue;
        const table = relationName(fields.relation as Parameters<typeof relationName>[0]);
        if (!fresh(scene, table)) hits.push(tableHit(table));
      }
      return hits;
    },
  },
  {
    code: 'trigger-locks',
    severity: 'warning',
    title: 'CREATE TRIGGER or RULE; ENABLE or DISABLE TRIGGER',
    reason:
      'It waits for every writer of {table} (a RULE for every reader too), and all who come later wait behind it. While a trigger is disabled, what it guards is not kept: foreign keys are triggers too.',
    safe: `-- alone in its file, and with a short patience:
SET LOCAL lock_timeout = '2s';
-- crossfade: allow trigger-locks because it is alone and gives up after two seconds
{said};`,
    bad: 'CREATE TRIGGER stamp BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();',
    downs: true,
    check: (scene) => {
      const made = as(scene.piece.node, 'CreateTrigStmt') ?? as(scene.piece.node, 'RuleStmt');
      const switched = alterations(scene.piece.node)
        .filter(({ command }) => /^AT_(Enable|Disable)\w*(Trig|Rule)/.test(command.subtype ?? ''))
        .map(({ table }) => table);
      const tables = made === null ? switched : [relationName(made.relation)];
      return tables.filter((table) => !fresh(scene, table)).map(tableHit);
    },
  },
];
