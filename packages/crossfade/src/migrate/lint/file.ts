import type { Script } from '../model.ts';
import { apply } from './apply.ts';
import type { Catalog } from './catalog.ts';
import type { FileScene, Hit, LintFinding, Rule, Scene } from './model.ts';
import type { Piece, Unparsed } from './parse.ts';
import { ruleOf, rules } from './rules.ts';
import { readSilences, type Silence } from './silence.ts';
import { as } from './tree.ts';

/** A file and all that is known before it. */
export interface FileInput {
  readonly script: Script;
  readonly parsed: readonly Piece[] | Unparsed;
  readonly scene: FileScene;
  readonly catalog: Catalog;
  readonly final: Catalog;
}

interface Placed {
  readonly finding: LintFinding;
  /** The statement that it stands at; null for the file. */
  readonly index: number | null;
}

const codes: ReadonlySet<string> = new Set(rules.map(({ code }) => code));

/** Holds one file to every rule, and its silences to what they silence. */
export function lintFile({ script, parsed, scene, catalog, final }: FileInput): LintFinding[] {
  const applicable = rules.filter((rule) => scene.direction === 'up' || rule.downs);
  const placed: Placed[] = applicable.flatMap((rule) =>
    (rule.checkFile?.(scene) ?? []).map((hit) => ({ finding: findingOf(rule, scene.path, hit), index: null })),
  );
  if ('message' in parsed) {
    const { message, ...place } = parsed;
    const finding = findingOf(known('syntax-error'), scene.path, { words: { message } });
    return [...placed.map((each) => each.finding), { ...finding, ...place }];
  }
  placed.push(...statementFindings(scene, catalog.copy(), final, applicable));
  const { silences, odd } = readSilences(script.sql, parsed, codes);
  const heard = placed.filter((each) => !silenced(each, silences, parsed)).map(({ finding }) => finding);
  const unused = silences
    .filter(({ used }) => !used)
    .map(({ code, line }) => ({ code: 'silence-unused', line, words: { code } }));
  const lines = script.sql.split('\n');
  const comments = [...odd, ...unused].map(({ code, line, words }) => {
    const statement = firstLine((lines[line - 1] ?? '').trim());
    return { ...findingOf(known(code), scene.path, { words }), line, column: 1, statement };
  });
  return [...heard, ...comments].sort((a, b) => a.line - b.line || a.column - b.column);
}

function statementFindings(file: FileScene, catalog: Catalog, final: Catalog, applicable: readonly Rule[]): Placed[] {
  const placed: Placed[] = [];
  let begun = false;
  for (const [index, piece] of file.pieces.entries()) {
    const kind = as(piece.node, 'TransactionStmt')?.kind ?? '';
    if (/_(COMMIT|ROLLBACK|PREPARE)$/.test(kind)) begun = false;
    const inTransaction = file.transactional || begun || piece.nested;
    const scene: Scene = { piece, index, file, catalog, final, inTransaction };
    for (const rule of applicable)
      for (const hit of rule.check?.(scene) ?? [])
        placed.push({ finding: findingOf(rule, file.path, hit, piece), index });
    if (/_(BEGIN|START)$/.test(kind)) begun = true;
    apply(catalog, piece.node, file.ordinal);
  }
  return placed;
}

/** Marks the silences that are used: all that fit, so that none of two is called unused. */
function silenced({ finding, index }: Placed, silences: readonly Silence[], pieces: readonly Piece[]): boolean {
  // What a DO block runs is silenced above the block; what is said of a file, above its first statement too.
  let statement = index ?? 0;
  while (pieces[statement]?.nested) statement--;
  const fitting = silences.filter(({ code, over }) => code === finding.code && (over === null || over === statement));
  for (const silence of fitting) silence.used = true;
  return fitting.length > 0;
}

function findingOf(rule: Rule, path: string, hit: Hit, piece?: Piece): LintFinding {
  const words: Record<string, string> = { said: piece?.statement.sql ?? '', ...hit.words };
  return {
    code: rule.code,
    severity: rule.severity,
    path,
    ...placeOf(hit, piece),
    statement: piece === undefined ? '' : firstLine(piece.statement.sql),
    reason: filled(rule.reason, words),
    safe: hit.safe ?? filled(rule.safe, words),
  };
}

function placeOf({ at }: Hit, piece: Piece | undefined): { line: number; column: number } {
  if (piece === undefined) return { line: 1, column: 1 };
  const { line, column, sql } = piece.statement;
  if (at === undefined || at <= 0) return { line, column };
  const before = Buffer.from(sql).toString('utf8', 0, at);
  const breaks = before.split('\n').length - 1;
  const rest = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length;
  return { line: line + breaks, column: breaks === 0 ? column + rest : rest + 1 };
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (all, word: string) => words[word] ?? all);
}

function firstLine(sql: string): string {
  const line = sql.split('\n', 1)[0] ?? '';
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

function known(code: string): Rule {
  const rule = ruleOf.get(code);
  if (rule === undefined) throw new TypeError(`There is no rule ${code}.`);
  return rule;
}
