import type { VariableSetStmt } from '../../parser.ts';
import type { Rule, Scene } from '../model.ts';
import { listName, shown } from '../names.ts';
import { as, nodesBelow, option } from '../tree.ts';

/** Settings that change who runs what, where, or unguarded. */
const leaking =
  /^(role|session_authorization|search_path|session_replication_role|row_security|default_transaction_\w+)$/;

/** The setting that a statement leaves behind on the connection, if any. */
function leaks({ piece }: Scene): string | null {
  const set = as(piece.node, 'VariableSetStmt');
  if (set !== null) return set.kind === 'VAR_SET_VALUE' && set.is_local !== true ? (set.name ?? '') : null;
  // pg_dump writes SELECT pg_catalog.set_config('search_path', '', false).
  for (const [kind, fields] of nodesBelow(as(piece.node, 'SelectStmt')?.targetList)) {
    if (kind !== 'FuncCall' || listName(fields.funcname as []).name !== 'set_config') continue;
    const [name, , local] = fields.args as {
      A_Const?: { sval?: { sval?: string }; boolval?: { boolval?: boolean } };
    }[];
    if (local?.A_Const?.boolval?.boolval !== true) return name?.A_Const?.sval?.sval ?? '';
  }
  return null;
}

function setsPath(options: Parameters<typeof option>[0]): boolean {
  return (options ?? []).some((each) => {
    const { defname, arg } = as(each, 'DefElem') ?? {};
    const set: VariableSetStmt | null = defname === 'set' && arg !== undefined ? as(arg, 'VariableSetStmt') : null;
    return set?.name === 'search_path';
  });
}

/** Names that are cut, functions that trust their caller, and settings that outlive the file. */
export const sessionRules: readonly Rule[] = [
  {
    code: 'security-definer-path',
    severity: 'error',
    title: 'SECURITY DEFINER without search_path',
    reason:
      '{name} runs with the rights of its owner but looks names up where its caller says: whoever can make a table or function can have it run with those rights.',
    safe: `CREATE FUNCTION {name}() RETURNS bigint LANGUAGE sql SECURITY DEFINER
-- this line, behind SECURITY DEFINER, and the schema before each name in the body:
SET search_path = pg_catalog, pg_temp
AS 'SELECT count(*) FROM public.users';`,
    bad: "CREATE FUNCTION count_users() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM users';",
    downs: true,
    check: ({ piece }) => {
      const made = as(piece.node, 'CreateFunctionStmt');
      const altered = as(piece.node, 'AlterFunctionStmt');
      const options = made?.options ?? altered?.actions;
      const security = option(options, 'security')?.arg;
      const definer = security !== undefined && as(security, 'Boolean')?.boolval === true;
      if (!definer || setsPath(options)) return [];
      return [{ words: { name: shown(listName(made?.funcname ?? altered?.func?.objname)) } }];
    },
  },
  {
    code: 'session-leak',
    severity: 'warning',
    title: 'SET ROLE, search_path and the like without LOCAL',
    reason: '{name} stays as it is set when the file has ended: what runs next on the connection runs under it.',
    safe: `SET LOCAL {name} = DEFAULT;
-- or name the schema: CREATE TABLE audit.entries (...)`,
    bad: 'SET search_path = audit;',
    downs: true,
    check: (scene) => {
      const name = leaks(scene);
      if (name === null || !leaking.test(name)) return [];
      const reset = scene.file.pieces.slice(scene.index + 1).some(({ node }) => {
        const set = as(node, 'VariableSetStmt');
        return (
          set !== null && /RESET|DEFAULT/.test(set.kind ?? '') && (set.name === name || set.kind === 'VAR_RESET_ALL')
        );
      });
      return reset ? [] : [{ words: { name } }];
    },
  },
  {
    code: 'set-local-ignored',
    severity: 'warning',
    title: 'SET LOCAL outside a transaction',
    reason: 'Without a transaction SET LOCAL {name} does nothing but warn: what follows runs under the old setting.',
    safe: `-- crossfade: no-transaction
-- behind a pooler in transaction mode the runner refuses SET here: name the server itself
SET {name} = '...';
-- what runs under it
RESET {name};`,
    bad: `-- crossfade: no-transaction
SET LOCAL lock_timeout = '2s';
DROP INDEX CONCURRENTLY IF EXISTS users_email_idx;`,
    downs: true,
    check: ({ piece, inTransaction }) => {
      const set = as(piece.node, 'VariableSetStmt');
      return set?.is_local === true && !inTransaction ? [{ words: { name: set.name ?? '' } }] : [];
    },
  },
];
