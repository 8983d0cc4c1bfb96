import type { Tree } from '../../statements.ts';
import { controlsTransaction, withoutOwnTransaction } from '../../unfit.ts';
import type { FileScene, Hit, Rule, Scene } from '../model.ts';
import type { Piece } from '../parse.ts';
import { indexName } from '../apply.ts';
import { listName, shown } from '../names.ts';
import { objectKey, objectsDropped, objectsMade } from '../objects.ts';
import { alterations, as, nodesBelow, option } from '../tree.ts';

/** What PostgreSQL runs outside a transaction only; the server says it when it is too late. */
function needsNone({ piece }: Scene): string | null {
  const { node } = piece;
  const detach = alterations(node).some(({ command }) => command.def && as(command.def, 'PartitionCmd')?.concurrent);
  if (detach) return 'DETACH PARTITION CONCURRENTLY';
  if (as(node, 'IndexStmt')?.concurrent) return 'CREATE INDEX CONCURRENTLY';
  if (as(node, 'DropStmt')?.concurrent) return 'DROP INDEX CONCURRENTLY';
  const reindex = as(node, 'ReindexStmt');
  if (reindex !== null && option(reindex.params, 'concurrently')) return 'REINDEX CONCURRENTLY';
  if (reindex !== null && /SYSTEM|DATABASE|SCHEMA/.test(reindex.kind ?? '')) return 'REINDEX of many tables';
  if (as(node, 'VacuumStmt')?.is_vacuumcmd) return 'VACUUM';
  if (as(node, 'ClusterStmt') !== null && as(node, 'ClusterStmt')?.relation === undefined) return 'CLUSTER';
  const others = /^(CreatedbStmt|DropdbStmt|CreateTableSpaceStmt|DropTableSpaceStmt|AlterSystemStmt)$/;
  return others.test(piece.kind) ? (piece.statement.sql.split(/\s+/, 2).join(' ') ?? '') : null;
}

/** Whether a second run of the statement does no harm. */
function repeatable({ file, piece, index }: Scene): boolean {
  const { node } = piece;
  const made = objectsMade(node);
  if (made.length > 0) {
    const before = new Set(
      file.pieces
        .slice(0, index)
        .flatMap((each) => objectsDropped(each.node))
        .map(looseKey),
    );
    if (made.every((each) => each.replaced || before.has(looseKey(each)))) return true;
  }
  const fields = Object.values(node)[0] as { if_not_exists?: boolean; missing_ok?: boolean };
  if (made.length > 0) {
    const added = alterations(node).filter(({ command }) => /Add(Column|Constraint)/.test(command.subtype ?? ''));
    return added.length > 0
      ? added.every(({ command }) => command.missing_ok === true)
      : fields.if_not_exists === true || ('CreateSeqStmt' in node && node.CreateSeqStmt.if_not_exists === true);
  }
  const parts = alterations(node).filter(({ command }) =>
    /^AT_(Drop(Column|Constraint)|AddConstraint)$/.test(command.subtype ?? ''),
  );
  if (parts.length > 0) return parts.every(({ command }) => command.missing_ok === true);
  if ('DropStmt' in node || 'DropdbStmt' in node) return fields.missing_ok === true;
  if ('AlterEnumStmt' in node) return node.AlterEnumStmt.skipIfNewValExists === true;
  return !/^(RenameStmt|InsertStmt|CopyStmt|CreatedbStmt|AlterObjectSchemaStmt)$/.test(piece.kind);
}

/** An index is dropped by its name alone. */
function looseKey(object: Parameters<typeof objectKey>[0]): string {
  return object.kind === 'INDEX' ? `INDEX ${object.name.name}` : objectKey(object);
}

function transactions(scene: Pick<Scene, 'file'>, kinds: RegExp): number {
  return scene.file.pieces.filter(({ node }) => kinds.test(as(node, 'TransactionStmt')?.kind ?? '')).length;
}

function treeOf({ node }: Piece): Tree {
  return node;
}

/** Whether the runner leaves the statement out: the BEGIN or COMMIT of a file that stands between the two. */
function staysOut({ pieces }: FileScene, piece: Piece): boolean {
  const outer = pieces.filter(({ nested }) => !nested).map((each) => ({ piece: each, tree: treeOf(each) }));
  return !piece.nested && !withoutOwnTransaction(outer).some((each) => each.piece === piece);
}

/** What a transaction forbids, hides or leaves open. */
export const transactionRules: readonly Rule[] = [
  {
    code: 'needs-no-transaction',
    severity: 'error',
    title: 'CONCURRENTLY, VACUUM and the like inside a transaction',
    reason: 'PostgreSQL refuses {what} inside a transaction: the migration fails.',
    safe: `-- crossfade: no-transaction
{first}{said};`,
    bad: 'CREATE INDEX CONCURRENTLY users_email_idx ON users (email);',
    downs: true,
    check: (scene) => {
      const what = scene.inTransaction ? needsNone(scene) : null;
      const index = as(scene.piece.node, 'IndexStmt');
      const first = index === null ? '' : `DROP INDEX CONCURRENTLY IF EXISTS ${shown(indexName(index))};\n`;
      return what === null ? [] : [{ words: { what, first } }];
    },
  },
  {
    code: 'not-repeatable',
    severity: 'warning',
    title: 'A statement of a no-transaction file that cannot run twice',
    reason:
      'Nothing rolls back when the file stops half way. Run again, it fails at this statement, which has been done already.',
    safe: `-- crossfade: no-transaction
-- IF EXISTS or IF NOT EXISTS in the statement, or what undoes it before it, such as
DROP INDEX CONCURRENTLY IF EXISTS users_email_idx;
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);`,
    bad: `-- crossfade: no-transaction
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);`,
    downs: true,
    check: (scene) => (scene.inTransaction || scene.piece.nested || repeatable(scene) ? [] : [{}]),
  },
  {
    code: 'transaction-in-file',
    severity: 'error',
    title: 'BEGIN or COMMIT in a file that runs in a transaction',
    reason:
      'The runner has begun a transaction. A COMMIT in the file would end it too early, so the file is refused. Only BEGIN and COMMIT around the whole file are passed over.',
    safe: '-- leave BEGIN and COMMIT out, or let them stand around the whole file alone;\n-- or begin the file with -- crossfade: no-transaction',
    bad: `BEGIN;
ALTER TABLE users ADD COLUMN note text;
COMMIT;
UPDATE users SET note = name WHERE note IS NULL;`,
    downs: true,
    check: ({ file, piece }) => {
      if (!file.transactional || !controlsTransaction({ tree: treeOf(piece) })) return [];
      return staysOut(file, piece) ? [] : [{}];
    },
  },
  {
    code: 'transaction-left-open',
    severity: 'error',
    title: 'BEGIN without COMMIT',
    reason: 'The file ends inside its transaction: everything since BEGIN is rolled back when the connection closes.',
    safe: `-- crossfade: no-transaction
{said};
-- what belongs together
COMMIT;`,
    bad: `-- crossfade: no-transaction
BEGIN;
UPDATE users SET state = 'new' WHERE state IS NULL;`,
    downs: true,
    check: (scene) => {
      const begins = /_(BEGIN|START)$/;
      if (!begins.test(as(scene.piece.node, 'TransactionStmt')?.kind ?? '')) return [];
      const open = transactions(scene, begins) > transactions(scene, /_(COMMIT|ROLLBACK|PREPARE)$/);
      const later = scene.file.pieces.slice(scene.index + 1);
      return open && !later.some(({ node }) => begins.test(as(node, 'TransactionStmt')?.kind ?? '')) ? [{}] : [];
    },
  },
  {
    code: 'enum-value-used',
    severity: 'error',
    title: 'A new enum value used in the transaction that adds it',
    reason: 'PostgreSQL refuses to use {value} before the transaction that added it has ended: the migration fails.',
    safe: `-- the ALTER TYPE that adds {value}, in a file of its own
-- next migration
{said};`,
    bad: `ALTER TYPE user_state ADD VALUE 'paused' BEFORE 'open';
UPDATE users SET state = 'paused' WHERE state IS NULL;`,
    downs: true,
    check: (scene) => (scene.inTransaction ? usedValues(scene) : []),
  },
  {
    code: 'enum-value-order',
    severity: 'note',
    title: 'ALTER TYPE ADD VALUE without BEFORE or AFTER',
    reason: 'The value comes last in every ORDER BY, and its place can never be changed.',
    safe: "{said} BEFORE '...';",
    bad: "ALTER TYPE user_state ADD VALUE 'paused';",
    downs: true,
    check: ({ piece }) => {
      const added = as(piece.node, 'AlterEnumStmt');
      return added !== null && added.oldVal === undefined && added.newValNeighbor === undefined ? [{}] : [];
    },
  },
];

function usedValues({ file, piece, index }: Scene): Hit[] {
  const added = addedValues(file)
    .filter((each) => each.index < index)
    .map(({ value }) => value);
  if (added.length === 0 || piece.kind === 'AlterEnumStmt') return [];
  for (const [kind, fields] of nodesBelow(piece.node)) {
    const { sval } = (kind === 'A_Const' ? fields : {}) as { sval?: { sval?: string } };
    if (sval?.sval !== undefined && added.includes(sval.sval)) return [{ words: { value: `'${sval.sval}'` } }];
  }
  return [];
}

interface AddedValue {
  readonly index: number;
  readonly value: string;
}

const addedBy = new WeakMap<FileScene, readonly AddedValue[]>();

/** The enum values that a file adds, looked for once: every statement asks. */
function addedValues(file: FileScene): readonly AddedValue[] {
  const known = addedBy.get(file);
  if (known !== undefined) return known;
  // The values of a type that the same transaction has made may be used at once.
  const made = new Set(file.pieces.flatMap(({ node }) => objectsMade(node)).map(objectKey));
  const found = file.pieces.flatMap(({ node }, index) => {
    const value = as(node, 'AlterEnumStmt');
    if (value?.newVal === undefined || value.oldVal !== undefined) return [];
    const type = { kind: 'TYPE', name: listName(value.typeName), table: null, columns: [], replaced: false };
    return made.has(objectKey(type)) ? [] : [{ index, value: value.newVal }];
  });
  addedBy.set(file, found);
  return found;
}
