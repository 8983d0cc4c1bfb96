import { loadModule, type Node, parsePlPgSQLSync, parseSync } from '../parser.ts';
import { CrossfadeError } from '../../core/errors.ts';
import type { Script, Statement } from '../model.ts';
import { parseStatements } from '../statements.ts';
import { textOf } from './names.ts';
import { as, nodesBelow, option } from './tree.ts';

/** A statement with its tree. */
export interface Piece {
  readonly statement: Statement;
  readonly node: Node;
  /** What the tree calls it, such as `AlterTableStmt`. */
  readonly kind: string;
  /** Found in the body of a DO block: it runs where the block stands. */
  readonly nested: boolean;
}

/** A file that PostgreSQL's grammar does not take, and where. */
export interface Unparsed {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** The statements of a file, those of its DO blocks behind the block; or where it stops being SQL. */
export async function parsePieces(script: Script): Promise<readonly Piece[] | Unparsed> {
  await loadModule();
  try {
    const statements = await parseStatements(script.sql, script.path);
    return statements.flatMap(({ tree, ...statement }) => {
      // Rows of a seed have nothing to point at; all else is parsed by itself, so that its places count from its start.
      if ('InsertStmt' in tree)
        return [{ statement, node: tree as unknown as Node, kind: 'InsertStmt', nested: false }];
      return piecesOf(statement);
    });
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error;
    return { message: error.message, line: Number(error.facts.line ?? 1), column: Number(error.facts.column ?? 1) };
  }
}

function piecesOf(statement: Statement, nested = false): Piece[] {
  const node = parseSync(statement.sql).stmts?.[0]?.stmt;
  if (node === undefined) return [];
  const piece = { statement, node, kind: Object.keys(node)[0] ?? '', nested };
  return [piece, ...blockPieces(statement, node)];
}

/** What a DO block runs, as far as its text shows it: SQL that is put together at run time stays unseen. */
function blockPieces(statement: Statement, node: Node): Piece[] {
  const block = as(node, 'DoStmt');
  if (block === null) return [];
  const language = textOf(option(block.args, 'language')?.arg) || 'plpgsql';
  if (language !== 'plpgsql') return [];
  const offset = (option(block.args, 'as')?.location ?? 0) + 1;
  const bodyLine = statement.line + lines(Buffer.from(statement.sql).subarray(0, offset).toString('utf8'));
  const found: Piece[] = [];
  for (const [kind, fields] of nodesBelow(bodyOf(statement.sql))) {
    const sql = kind === 'PLpgSQL_stmt_execsql' ? query(fields.sqlstmt) : constant(query(fields.query), kind);
    if (sql === null) continue;
    const line = bodyLine + Number(fields.lineno ?? 1) - 1;
    found.push(...tryPieces({ sql, line, column: 1, offset: statement.offset, copyData: null }));
  }
  return found;
}

/** A body that only looks like PL/pgSQL, or says what only a server can know, hides nothing but itself. */
function bodyOf(sql: string): unknown {
  try {
    return parsePlPgSQLSync(sql);
  } catch {
    return null;
  }
}

function tryPieces(statement: Statement): Piece[] {
  try {
    return piecesOf(statement, true);
  } catch {
    return [];
  }
}

function query(expression: unknown): string | null {
  const { PLpgSQL_expr: inner } = (expression ?? {}) as { PLpgSQL_expr?: { query?: unknown } };
  return typeof inner?.query === 'string' ? inner.query : null;
}

/** `EXECUTE 'DROP TABLE t'` is as plain as the statement itself. */
function constant(expression: string | null, kind: string): string | null {
  if (kind !== 'PLpgSQL_stmt_dynexecute' || expression === null) return null;
  try {
    for (const [inner, fields] of nodesBelow(parseSync(`SELECT ${expression}`))) {
      if (inner === 'FuncCall' || inner === 'A_Expr' || inner === 'ColumnRef') return null;
      const { sval } = (inner === 'A_Const' ? fields : {}) as { sval?: { sval?: string } };
      if (sval?.sval !== undefined) return sval.sval;
    }
  } catch {
    return null;
  }
  return null;
}

function lines(text: string): number {
  return text.split('\n').length - 1;
}
