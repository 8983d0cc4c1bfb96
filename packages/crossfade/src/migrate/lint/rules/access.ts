import type { GrantStmt, Node } from '../../parser.ts';
import { fresh, freshObject } from '../fresh.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { keyOf, type QName, relationName, shown } from '../names.ts';
import { alterationsOfAny, as, droppedName } from '../tree.ts';
import { dropsInUse } from './drops.ts';

function tableHit(table: QName): Hit {
  return { words: { table: shown(table) } };
}

const switchesOff = /^AT_(DisableRowSecurity|NoForceRowSecurity)$/;
const switchesOn = /^AT_(Enable|Force)RowSecurity$/;

/** The tables whose row security a statement switches. */
function switched(node: Node, how: RegExp): QName[] {
  return alterationsOfAny(node)
    .filter(({ command }) => how.test(command.subtype ?? ''))
    .map(({ table }) => table);
}

function upOf({ file }: Scene): readonly Node[] {
  return file.direction === 'up' ? [] : (file.partner?.pieces ?? []).map(({ node }) => node);
}

/** The objects of a GRANT or REVOKE. */
function named(statement: GrantStmt): QName[] {
  return (statement.objects ?? []).map((each) => {
    const relation = as(each, 'RangeVar');
    return relation === null ? droppedName(each) : relationName(relation);
  });
}

/** What loses a right: not what the file has made itself, nor what its up file has granted. */
function revoked(scene: Scene): QName[] {
  const statement = as(scene.piece.node, 'GrantStmt');
  if (statement === null || statement.is_grant === true || statement.targtype === 'ACL_TARGET_DEFAULTS') return [];
  const granted = upOf(scene).flatMap((node) => {
    const grant = as(node, 'GrantStmt');
    return grant?.is_grant === true && grant.objtype === statement.objtype ? named(grant).map(keyOf) : [];
  });
  return named(statement).filter((name) => !granted.includes(keyOf(name)) && !freshObject(scene, name));
}

/** What gets another owner. */
function handedOver(scene: Scene): QName[] {
  const { object } = as(scene.piece.node, 'AlterOwnerStmt') ?? {};
  const altered = alterationsOfAny(scene.piece.node)
    .filter(({ command }) => command.subtype === 'AT_ChangeOwner')
    .map(({ table }) => table);
  return [...altered, ...(object === undefined ? [] : [droppedName(object)])].filter(
    (name) => !freshObject(scene, name),
  );
}

/** Who may see and do what. */
export const accessRules: readonly Rule[] = [
  {
    code: 'row-security-off',
    severity: 'error',
    title: 'DISABLE or NO FORCE ROW LEVEL SECURITY',
    reason:
      'Whoever may read {table}, or owns it with NO FORCE, sees every row of it from here on, whatever its policies say.',
    safe: `-- a policy for the one who needs more, instead of none for all:
CREATE POLICY {policy} ON {table} FOR SELECT TO report USING (true);`,
    bad: 'ALTER TABLE patients DISABLE ROW LEVEL SECURITY;',
    downs: true,
    check: (scene) => {
      const tables = switched(scene.piece.node, switchesOff).filter((table) => !fresh(scene, table));
      if (tables.length === 0) return [];
      const undone = upOf(scene)
        .flatMap((node) => switched(node, switchesOn))
        .map(keyOf);
      return tables
        .filter((table) => !undone.includes(keyOf(table)))
        .map((table) => ({ words: { table: shown(table), policy: shown(`${table.name}_report`) } }));
    },
  },
  {
    code: 'row-security-hides',
    severity: 'warning',
    title: 'ENABLE ROW LEVEL SECURITY without a policy',
    reason:
      'No file has made a policy for {table} so far: programs that do not own it see no row from here on, and cannot write any.',
    safe: `-- before it, in the same file:
CREATE POLICY {policy} ON {table} USING (owner = current_user);
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;`,
    bad: 'ALTER TABLE patients ENABLE ROW LEVEL SECURITY;',
    downs: false,
    check: (scene) => {
      const tables = switched(scene.piece.node, /^AT_EnableRowSecurity$/)
        .filter((table) => !fresh(scene, table))
        .filter((table) => (scene.catalog.table(table)?.policies ?? []).length === 0);
      if (tables.length === 0) return [];
      const later = scene.inTransaction ? scene.file.pieces.slice(scene.index + 1) : [];
      const coming = later.flatMap(({ node }) => as(node, 'CreatePolicyStmt') ?? []).map(({ table }) => table);
      const keys = coming.map((table) => keyOf(relationName(table)));
      return tables
        .filter((table) => !keys.includes(keyOf(table)))
        .map((table) => ({ words: { table: shown(table), policy: shown(`${table.name}_own`) } }));
    },
  },
  {
    code: 'drop-policy',
    severity: 'warning',
    title: 'DROP POLICY',
    reason:
      'Who sees which rows of {table} changes: without a restrictive policy they see more, without their last permissive one none.',
    safe: `-- the one that takes its place, in the same file:
DROP POLICY {name} ON {table};
CREATE POLICY {name} ON {table} USING (owner = current_user);`,
    bad: 'DROP POLICY patients_own ON patients;',
    downs: true,
    check: (scene) =>
      dropsInUse(scene, 'POLICY').flatMap(({ table, name }) =>
        table === null ? [] : [{ words: { table: shown(table), name: shown(name) } }],
      ),
  },
  {
    code: 'rights-taken',
    severity: 'warning',
    title: 'REVOKE, or another owner',
    reason: 'Programs that use {table} by that right, or as its owner, fail from here on.',
    safe: `-- when no program needs it any more:
-- crossfade: allow rights-taken because the programs have a role of their own
{said};`,
    bad: 'REVOKE SELECT ON users FROM app;',
    downs: true,
    check: (scene) => [...revoked(scene), ...handedOver(scene)].slice(0, 1).map(tableHit),
  },
  {
    code: 'drop-owned',
    severity: 'error',
    title: 'DROP OWNED BY',
    reason:
      'All that {role} owns in the database goes, tables with their rows too, and all its rights: what that is, this file does not say.',
    safe: `-- what is to stay gets another owner; the rest is dropped by its name
-- crossfade: allow rights-taken because nothing logs in as {role}
REASSIGN OWNED BY {role} TO CURRENT_USER;`,
    bad: 'DROP OWNED BY app;',
    downs: true,
    check: ({ piece }) =>
      (as(piece.node, 'DropOwnedStmt')?.roles ?? [])
        .slice(0, 1)
        .map((each) => ({ words: { role: shown(as(each, 'RoleSpec')?.rolename ?? 'current_user') } })),
  },
  {
    code: 'triggers-bypassed',
    severity: 'error',
    title: 'SET session_replication_role = replica',
    reason:
      'Foreign keys and triggers do not act from here on. Rows that break them get in, and nobody looks at them again.',
    safe: '-- load parents before children, and leave the setting as it is',
    bad: 'SET LOCAL session_replication_role = replica;',
    downs: true,
    check: ({ piece }) => {
      const set = as(piece.node, 'VariableSetStmt');
      const value = set?.args?.[0];
      const role = value === undefined ? undefined : as(value, 'A_Const')?.sval?.sval;
      return set?.name === 'session_replication_role' && role === 'replica' ? [{}] : [];
    },
  },
  {
    code: 'server-setting',
    severity: 'warning',
    title: 'ALTER SYSTEM, or a setting of a database or role',
    reason:
      'It holds for every program of that server, database or role from its next connection on, outside the schema too, and no down file knows what stood there before.',
    safe: `-- on the function or the transaction that needs it:
SET LOCAL work_mem = '64MB';`,
    bad: "ALTER DATABASE clinic SET work_mem = '64MB';",
    downs: true,
    check: ({ piece }) => (/^Alter(System|DatabaseSet|RoleSet)Stmt$/.test(piece.kind) ? [{}] : []),
  },
];
