import type { Node } from './parser.ts';
import { listName } from './lint/names.ts';
import { as, nodesBelow } from './lint/tree.ts';
import type { ParsedStatement } from './statements.ts';

/** What a statement does to the settings of its session. */
interface Change {
  /** In lower case; null for all of them. */
  readonly setting: string | null;
  /** Whether it sets a value, or gives the setting back to its default. */
  readonly sets: boolean;
  /** Until the end of the transaction, rather than of the session. */
  readonly isLocal: boolean;
}

type Parsed = Pick<ParsedStatement, 'tree'>;

/** Whether a statement leaves a setting behind that outlives its transaction: by SET, or by SELECT set_config. */
export function setsSession(statement: Parsed): boolean {
  return changesOf(statement).some(({ isLocal }) => !isLocal);
}

/**
 * How long a statement queues for locks: `ours` stands, `own` is what the file has set, and `again` is ours after the
 * file has given its own back, which is the server's default until somebody sets it.
 */
export type LockLimit = 'ours' | 'own' | 'again';

/** For each statement of a file, by its SET, RESET and transactions. @param within the file runs in one transaction */
export function lockLimits(statements: readonly Parsed[], within: boolean): LockLimit[] {
  let isOpen = within;
  let [session, local, before] = [false, false, false];
  let isBack = false;
  return statements.map((statement): LockLimit => {
    const limit = session || local ? 'own' : isBack ? 'again' : 'ours';
    isBack = false;
    const ends = transactionOf(statement);
    if (ends === 'ROLLBACK') session = before;
    if (ends !== null) {
      [isOpen, local] = [ends === 'BEGIN', false];
      before = session;
    }
    for (const { setting, sets, isLocal } of changesOf(statement)) {
      if (setting !== null && setting !== 'lock_timeout') continue;
      if (!isLocal) session = sets;
      local = isLocal && sets && isOpen;
      isBack = !sets;
    }
    return limit;
  });
}

function transactionOf({ tree }: Parsed): 'BEGIN' | 'COMMIT' | 'ROLLBACK' | null {
  const node = as(tree as unknown as Node, 'TransactionStmt');
  const [, , kind = ''] = (node?.kind ?? '').split('_');
  if (node === null || /SAVEPOINT|RELEASE|_TO$/.test(node.kind ?? '')) return null;
  // A transaction that is chained to the one before it is open again, with what the first has left.
  if (kind === 'BEGIN' || kind === 'START' || node.chain === true) return 'BEGIN';
  return kind === 'ROLLBACK' ? 'ROLLBACK' : 'COMMIT';
}

function changesOf({ tree }: Parsed): Change[] {
  const node = tree as unknown as Node;
  const set = as(node, 'VariableSetStmt');
  if (set !== null) {
    if (set.name === 'TRANSACTION') return [];
    const sets = set.kind !== 'VAR_RESET' && set.kind !== 'VAR_SET_DEFAULT' && set.kind !== 'VAR_RESET_ALL';
    return [{ setting: set.name ?? null, sets, isLocal: set.is_local === true }];
  }
  if (as(node, 'DiscardStmt')?.target === 'DISCARD_ALL') return [{ setting: null, sets: false, isLocal: false }];
  return configured(as(node, 'SelectStmt')?.targetList);
}

interface Constant {
  readonly A_Const?: { readonly sval?: { sval?: string }; readonly boolval?: { boolval?: boolean } };
}

/** The calls of set_config among what a SELECT asks for, as far as their arguments are said. */
function configured(targets: unknown): Change[] {
  return [...nodesBelow(targets)]
    .filter(([kind, { funcname }]) => kind === 'FuncCall' && listName(funcname as []).name === 'set_config')
    .map(([, { args }]) => {
      const [name, , local] = args as readonly (Constant | undefined)[];
      const setting = name?.A_Const?.sval?.sval?.toLowerCase() ?? '';
      return { setting, sets: true, isLocal: local?.A_Const?.boolval?.boolval === true };
    });
}
