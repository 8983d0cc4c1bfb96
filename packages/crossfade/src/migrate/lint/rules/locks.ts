import type { Hit, Rule, Scene } from '../model.ts';
import { keyOf, type QName, relationName, shown } from '../names.ts';
import { fresh } from '../fresh.ts';
import { objectsDropped, objectsMade } from '../objects.ts';
import { alterations, alterationsOfAny, as, dropped, option, renamed } from '../tree.ts';

/** Commands of ALTER TABLE that take less than ACCESS EXCLUSIVE. */
const gentle =
  /^AT_(ValidateConstraint|SetStatistics|AttachPartition|SetOptions|ResetOptions|ClusterOn|DropCluster|EnableTrig|DisableTrig|EnableAlwaysTrig|EnableReplicaTrig|SetRelOptions|ResetRelOptions|ReplicaIdentity)/;

/** PostgreSQL's numbers of lock modes: SHARE is the weakest that writers wait for. */
const shareMode = 5;
const accessExclusiveMode = 8;

/** The tables that nobody else can even read from this statement to the end of its transaction. */
export function exclusive({ node }: Scene['piece']): QName[] {
  const altered = alterations(node)
    .filter(({ command }) => !gentle.test(command.subtype ?? ''))
    .filter(({ command }) => !(command.def && as(command.def, 'Constraint')?.contype === 'CONSTR_FOREIGN'))
    .map(({ table }) => table);
  const rename = renamed(node, 'OBJECT_TABLE', 'OBJECT_COLUMN');
  const truncated = as(node, 'TruncateStmt')?.relations ?? [];
  const lock = as(node, 'LockStmt');
  const locked = lock?.mode === accessExclusiveMode ? (lock.relations ?? []) : [];
  const named = [...truncated, ...locked].map((each) => relationName(as(each, 'RangeVar') ?? undefined));
  const attached = [
    as(node, 'RuleStmt')?.relation,
    as(node, 'CreatePolicyStmt')?.table,
    as(node, 'AlterPolicyStmt')?.table,
  ];
  return [
    ...altered,
    ...(rename === null ? [] : [relationName(rename.relation)]),
    ...attached.filter((each) => each !== undefined).map(relationName),
    ...partsDropped(node),
    ...parentsOf(node),
    ...named,
    ...dropped(node, 'OBJECT_TABLE'),
  ];
}

/** The tables that lose a trigger, a rule or a policy. */
function partsDropped(node: Scene['piece']['node']): QName[] {
  return objectsDropped(node).flatMap(({ kind, table }) =>
    table !== null && /^(TRIGGER|RULE|POLICY)$/.test(kind) ? [table] : [],
  );
}

/** The table that CREATE TABLE ... PARTITION OF makes a partition of. */
function parentsOf(node: Scene['piece']['node']): QName[] {
  const created = as(node, 'CreateStmt');
  if (created?.partbound === undefined) return [];
  return (created.inhRelations ?? []).map((each) => relationName(as(each, 'RangeVar') ?? undefined));
}

function tableHit(table: QName): Hit {
  return { words: { table: shown(table) } };
}

/** The bounds of a new partition as the file writes them, without what may follow. */
function boundsOf({ statement: { sql }, node }: Scene['piece']): string {
  const bound = as(node, 'CreateStmt')?.partbound;
  const from = Buffer.from(sql).toString('utf8', bound?.location ?? 0);
  const bounds = from.split(/\s(?:PARTITION\s+BY|USING|TABLESPACE|WITH\s*\()/i, 1)[0]?.trim() ?? '';
  return bound?.is_default === true ? 'DEFAULT' : `FOR VALUES ${bounds}`;
}

/** What keeps others waiting. */
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
    check: (scene) => {
      const lock = as(scene.piece.node, 'LockStmt');
      // Below SHARE no reader and no writer waits.
      if (lock === null || (lock.mode ?? 0) < shareMode) return [];
      return (lock.relations ?? [])
        .map((each) => relationName(as(each, 'RangeVar') ?? undefined))
        .filter((table) => !fresh(scene, table))
        .map(tableHit);
    },
  },
  {
    code: 'table-moved',
    severity: 'error',
    title: 'SET TABLESPACE, LOGGED, UNLOGGED or ACCESS METHOD of a table, view or index',
    reason: 'All of {table} is written anew while nobody can read it; an UNLOGGED table is empty after a crash.',
    safe: `-- in a quiet hour, or by pg_repack, which copies beside the table:
-- crossfade: allow table-moved because the service is down for it
{said};`,
    bad: 'ALTER TABLE users SET TABLESPACE fast;',
    downs: true,
    check: (scene) => {
      const all = as(scene.piece.node, 'AlterTableMoveAllStmt');
      if (all !== null) return [{ words: { table: `everything in ${shown(all.orig_tablespacename ?? '')}` } }];
      return alterationsOfAny(scene.piece.node)
        .filter(({ command }) => /^AT_Set(TableSpace|Logged|UnLogged|AccessMethod)$/.test(command.subtype ?? ''))
        .map(({ table }) => ({ table, owner: scene.catalog.tableOfIndex(table)?.name ?? table }))
        .filter(({ owner }) => !fresh(scene, owner))
        .map(({ table }) => tableHit(table));
    },
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
    check: (scene) => {
      const vacuum = as(scene.piece.node, 'VacuumStmt');
      const full = vacuum !== null && option(vacuum.options, 'full') !== undefined;
      const first = vacuum?.rels?.[0];
      const relation = first === undefined ? undefined : as(first, 'VacuumRelation')?.relation;
      const cluster = as(scene.piece.node, 'ClusterStmt');
      const table = relationName(cluster?.relation ?? relation);
      return (cluster !== null || full) && !fresh(scene, table) ? [tableHit(table)] : [];
    },
  },
  {
    code: 'trigger-locks',
    severity: 'warning',
    title: 'CREATE, DROP, ENABLE or DISABLE of a TRIGGER or RULE',
    reason:
      'It waits for every writer of {table} (a RULE and a DROP for every reader too), and all who come later wait behind it. While a trigger is disabled or gone, what it guards is not kept: foreign keys are triggers too.',
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
      const gone = objectsDropped(scene.piece.node).flatMap(({ kind, table }) =>
        table !== null && /^(TRIGGER|RULE)$/.test(kind) ? [table] : [],
      );
      const tables = made === null ? [...switched, ...gone] : [relationName(made.relation)];
      return tables.filter((table) => !fresh(scene, table)).map(tableHit);
    },
  },
  {
    code: 'create-partition-locks',
    severity: 'warning',
    title: 'CREATE TABLE ... PARTITION OF a table in use',
    reason:
      'It takes an ACCESS EXCLUSIVE lock on {table}: all who read any partition wait. ATTACH of a table made before takes a lock that they do not feel.',
    safe: `CREATE TABLE {partition} (LIKE {table} INCLUDING ALL);
ALTER TABLE {table} ATTACH PARTITION {partition} {bounds};`,
    bad: "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');",
    downs: true,
    check: (scene) =>
      parentsOf(scene.piece.node)
        .filter((table) => !fresh(scene, table))
        .map((table) => {
          const partition = shown(relationName(as(scene.piece.node, 'CreateStmt')?.relation));
          return { words: { table: shown(table), partition, bounds: boundsOf(scene.piece) } };
        }),
  },
  {
    code: 'lock-timeout-off',
    severity: 'warning',
    title: 'lock_timeout switched off before a statement that locks',
    reason:
      'The runner lets no statement wait long for a lock, and tries again. Without that limit it waits behind the longest reader of {table}, and all who come later wait behind it.',
    safe: `SET LOCAL lock_timeout = '2s';
-- or leave it out: the runner sets one for every file`,
    bad: `SET lock_timeout = 0;
ALTER TABLE users ADD COLUMN note text;`,
    downs: true,
    check: (scene) => {
      if (!waitsForever(scene.piece)) return [];
      const later = scene.file.pieces.slice(scene.index + 1);
      const made = new Set(later.flatMap(({ node }) => objectsMade(node)).map(({ name }) => keyOf(name)));
      const waited = later.flatMap(exclusive).find((table) => !fresh(scene, table) && !made.has(keyOf(table)));
      return waited === undefined ? [] : [tableHit(waited)];
    },
  },
];

/** SET lock_timeout to 0, and the ways back to PostgreSQL's default, which is 0 too. */
function waitsForever({ node }: Scene['piece']): boolean {
  const set = as(node, 'VariableSetStmt');
  if (set?.kind === 'VAR_RESET_ALL') return true;
  if (set?.name !== 'lock_timeout') return false;
  const [value] = set.args ?? [];
  const constant = value === undefined ? null : as(value, 'A_Const');
  return constant === null || /^0*\s*(ms|s|min|h)?$/.test(constant.sval?.sval ?? `${constant.ival?.ival ?? 0}`);
}
