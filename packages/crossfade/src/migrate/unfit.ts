import { CrossfadeError } from '../core/errors.ts';
import type { Script } from './model.ts';
import { noTransactionMark } from './script.ts';
import { setsSession } from './settings.ts';
import type { ParsedStatement, Tree } from './statements.ts';

type Node = Readonly<Record<string, unknown>>;

const opens = ['TRANS_STMT_BEGIN', 'TRANS_STMT_START'];
const savepoints = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO'];

/** Statements that PostgreSQL runs outside a transaction block only, by the kind of their tree: PreventInTransactionBlock. */
const alone: Readonly<Record<string, (node: Node) => boolean>> = {
  IndexStmt: (node) => node.concurrent === true,
  DropStmt: (node) => node.concurrent === true,
  ReindexStmt: (node) =>
    hasOption(node, 'concurrently') ||
    ['REINDEX_OBJECT_SCHEMA', 'REINDEX_OBJECT_SYSTEM', 'REINDEX_OBJECT_DATABASE'].includes(String(node.kind)),
  VacuumStmt: (node) => node.is_vacuumcmd === true,
  ClusterStmt: (node) => node.relation === undefined,
  AlterTableStmt: (node) => detaches(node).some(({ concurrent }) => concurrent === true),
  CreatedbStmt: () => true,
  DropdbStmt: () => true,
  AlterDatabaseStmt: (node) => hasOption(node, 'tablespace'),
  CreateTableSpaceStmt: () => true,
  DropTableSpaceStmt: () => true,
  AlterSystemStmt: () => true,
  CreateSubscriptionStmt: () => true,
  DropSubscriptionStmt: () => true,
  AlterSubscriptionStmt: () => true,
  DiscardStmt: (node) => node.target === 'DISCARD_ALL',
};

/** Whether a statement cannot stand in a transaction block. */
export function runsAlone({ tree }: { readonly tree: Tree }): boolean {
  return Object.entries(tree).some(([kind, node]) => Object.hasOwn(alone, kind) && alone[kind](node as Node));
}

/** BEGIN, COMMIT and their like, but for savepoints, which stay within. */
export function controlsTransaction({ tree }: { readonly tree: Tree }): boolean {
  const node = tree.TransactionStmt as Node | undefined;
  return node !== undefined && !savepoints.includes(String(node.kind));
}

/**
 * A file that stands between its own BEGIN and COMMIT, without the two: ours take their place. golang-migrate opens no
 * transaction, so its files are often written like this. A BEGIN with an isolation level of its own stays, and is refused.
 */
export function withoutOwnTransaction<Parsed extends { readonly tree: Tree }>(
  statements: readonly Parsed[],
): readonly Parsed[] {
  const is = (statement: Parsed | undefined, kinds: readonly string[]): boolean => {
    const node = statement?.tree.TransactionStmt as Node | undefined;
    return kinds.includes(String(node?.kind)) && node?.options === undefined && node?.chain !== true;
  };
  const isWhole = is(statements[0], opens) && is(statements.at(-1), ['TRANS_STMT_COMMIT']);
  return isWhole ? statements.slice(1, -1) : statements;
}

/** How the statements get to the server. */
export interface Way {
  readonly pooled: boolean;
  readonly schema: string;
}

/**
 * Refuses what would fail in the middle or break a promise, before anything runs.
 *
 * @throws CrossfadeError E_MIGRATION_UNFIT
 */
export function refuseUnfit(script: Script, statements: readonly ParsedStatement[], way: Way): void {
  for (const statement of statements) {
    const why = script.transactional ? unfitWithin(statement) : null;
    if (why !== null)
      throw unfit(
        script,
        statement,
        `${why}. Put this line at the top of the file, which then runs without one: ${noTransactionMark}`,
      );
    if (changesEncoding(statement))
      throw unfit(
        script,
        statement,
        'the file is read as UTF-8 and sent as UTF-8, so another client_encoding would make other characters of its texts. Take the statement out',
      );
    if (writesOut(statement))
      throw unfit(script, statement, 'COPY ... TO STDOUT has nowhere to go in a migration. Take it out');
  }
  if (script.transactional) return;
  refuseOpenEnd(script, statements);
  if (way.pooled) refusePooled(script, statements, way.schema);
}

/** What a file without a transaction cannot do where each of its statements may run in another session. */
function refusePooled(script: Script, statements: readonly ParsedStatement[], schema: string): void {
  const direct = 'Name the server itself instead of the pooler for this migration';
  for (const statement of statements) {
    if (controlsTransaction(statement) || setsSession(statement))
      throw unfit(
        script,
        statement,
        `behind a pooler in transaction mode a file without a transaction has no session of its own: what this statement sets or opens could be met by somebody else, and not by the next statement. ${direct}`,
      );
    if (runsAlone(statement) && schema !== 'public')
      throw unfit(
        script,
        statement,
        `behind a pooler in transaction mode the schema "${schema}" cannot be made the default of this statement. ${direct}`,
      );
  }
}

function unfitWithin(statement: ParsedStatement): string | null {
  if (controlsTransaction(statement))
    return 'the file runs in one transaction, and this statement would begin or end one';
  return runsAlone(statement) ? 'PostgreSQL does not run this statement inside a transaction' : null;
}

/** The end of a file that leaves its own transaction open would roll everything back without a word. */
function refuseOpenEnd(script: Script, statements: readonly ParsedStatement[]): void {
  let open: ParsedStatement | null = null;
  for (const statement of statements.filter(controlsTransaction)) {
    const { kind, chain } = statement.tree.TransactionStmt as Node;
    // COMMIT AND CHAIN ends one transaction and begins the next.
    open = opens.includes(String(kind)) || chain === true ? statement : null;
  }
  if (open !== null)
    throw unfit(script, open, 'the transaction that begins here does not end in this file. Write its COMMIT');
}

/** Also SET NAMES. pg_dump writes it at the top of every dump, with the encoding of the dump. */
function changesEncoding({ tree }: ParsedStatement): boolean {
  const node = tree.VariableSetStmt as Node | undefined;
  if (node?.name !== 'client_encoding' || node.args === undefined) return false;
  const [encoding] = node.args as readonly { A_Const?: { sval?: { sval?: string } } }[];
  return !/^(utf-?8|unicode)$/i.test(encoding?.A_Const?.sval?.sval ?? '');
}

/** Whether the statement may commit in its middle: what it has committed must not be done again. */
export function mayCommitWithin({ tree }: { readonly tree: Tree }): boolean {
  return tree.DoStmt !== undefined || tree.CallStmt !== undefined;
}

function writesOut({ tree }: ParsedStatement): boolean {
  const copy = tree.CopyStmt as Node | undefined;
  return copy !== undefined && copy.is_from !== true && copy.filename === undefined;
}

/** The partitions that an ALTER TABLE detaches. */
function detaches({ cmds }: Node): Node[] {
  const commands = (cmds ?? []) as readonly { AlterTableCmd?: { subtype?: string; def?: { PartitionCmd?: Node } } }[];
  return commands.flatMap(({ AlterTableCmd: command }) =>
    command?.subtype === 'AT_DetachPartition' && command.def?.PartitionCmd !== undefined
      ? [command.def.PartitionCmd]
      : [],
  );
}

function hasOption(node: Node, name: string): boolean {
  const list = (node.params ?? node.options ?? []) as readonly { DefElem?: { defname?: string } }[];
  return list.some(({ DefElem }) => DefElem?.defname?.toLowerCase() === name);
}

/** The refusal of one statement. @param why completes the sentence, without the full stop */
export function unfit(script: Script, { line, column }: ParsedStatement, why: string): CrossfadeError {
  return new CrossfadeError('E_MIGRATION_UNFIT', `${script.path}:${line}:${column}: ${why}. Nothing was run.`, {
    path: script.path,
    line,
    column,
  });
}
