import { scriptOf, type Direction, type Migration, type Script } from '../model.ts';
import type { Migrations } from '../files.ts';
import { unknownVersion } from '../goal.ts';
import { apply } from './apply.ts';
import { Catalog } from './catalog.ts';
import { lintFile } from './file.ts';
import type { FileScene, LintFinding, Severity } from './model.ts';
import { parsePieces, type Piece, type Unparsed } from './parse.ts';

/** How a folder is looked at. */
export interface LintOptions {
  /**
   * The version that the database is at. Files up to it are only read, not judged, and what the later ones make
   * counts as empty and unused, since they run in one go. Left out, each file is judged as if it ran alone.
   */
  readonly since?: bigint;
}

/** What the linter says of a folder. */
export interface LintReport {
  readonly folder: string;
  readonly files: number;
  readonly statements: number;
  readonly counts: Readonly<Record<Severity, number>>;
  /** By version, up before down, then by line. */
  readonly findings: readonly LintFinding[];
  /** 1 with an error or a warning, else 0: a note alone fails nothing. */
  readonly exitCode: 0 | 1;
}

interface Half {
  readonly script: Script;
  readonly parsed: readonly Piece[] | Unparsed;
  readonly scene: FileScene;
}

/**
 * Lints a folder. No database is asked: what is known of one is what the files say.
 *
 * @throws CrossfadeError E_MIGRATION_MISSING when no file has the version of `since`
 */
export async function lint(migrations: Migrations, options: LintOptions = {}): Promise<LintReport> {
  const pairs: Half[][] = [];
  for (const [ordinal, migration] of migrations.all.entries()) pairs.push(await halves(migration, ordinal));
  const from = options.since ?? null;
  // A mistyped version would judge nothing and find nothing. 0 is the beginning.
  if (from !== null && from !== 0n && !migrations.all.some(({ version }) => version === from))
    throw unknownVersion(from);
  const runFrom = from === null ? Infinity : migrations.all.filter(({ version }) => version <= from).length;
  const final = new Catalog(runFrom);
  for (const [ordinal, pair] of pairs.entries()) run(final, pair, ordinal);

  const catalog = new Catalog(runFrom);
  const findings: LintFinding[] = [];
  for (const [ordinal, pair] of pairs.entries()) {
    const judged = from === null || ordinal >= runFrom;
    const before = catalog.copy();
    run(catalog, pair, ordinal);
    for (const half of judged ? pair : [])
      findings.push(...lintFile({ ...half, catalog: half.scene.direction === 'up' ? before : catalog, final }));
  }
  return reportOf(migrations.folder, pairs.flat(), findings);
}

async function halves(migration: Migration, ordinal: number): Promise<Half[]> {
  const found: Half[] = [];
  for (const direction of ['up', 'down'] as const) {
    const script = scriptOf(migration, direction);
    if (script === null) continue;
    const parsed = await parsePieces(script);
    found.push({ script, parsed, scene: sceneOf(migration, script, direction, parsed, ordinal) });
  }
  const [one, other] = found;
  if (one === undefined || other === undefined) return found;
  return [partnered(one, other), partnered(other, one)];
}

function partnered(half: Half, other: Half): Half {
  return { ...half, scene: { ...half.scene, partner: Array.isArray(other.parsed) ? other.scene : null } };
}

function sceneOf(
  migration: Migration,
  script: Script,
  direction: Direction,
  parsed: Half['parsed'],
  ordinal: number,
): FileScene {
  const opposite = direction === 'up' ? 'down' : 'up';
  return {
    path: script.path,
    direction,
    transactional: script.transactional,
    pieces: isParsed(parsed) ? parsed : [],
    partner: null,
    hasPartner: scriptOf(migration, opposite) !== null,
    partnerPath: script.path.replace(/\.(up|down)\.sql$/, `.${opposite}.sql`),
    // What a down file makes is its own, and nothing that its up file has made and programs use by then.
    ordinal: direction === 'up' ? ordinal : ordinal + 0.5,
  };
}

function isParsed(parsed: Half['parsed']): parsed is readonly Piece[] {
  return Array.isArray(parsed);
}

function run(catalog: Catalog, pair: readonly Half[], ordinal: number): void {
  const up = pair.find(({ scene }) => scene.direction === 'up');
  for (const { node } of up?.scene.pieces ?? []) apply(catalog, node, ordinal);
}

function reportOf(folder: string, files: readonly Half[], findings: readonly LintFinding[]): LintReport {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const counts = { error: count('error'), warning: count('warning'), note: count('note') };
  const statements = files.reduce((sum, { scene }) => sum + scene.pieces.filter(({ nested }) => !nested).length, 0);
  const exitCode = counts.error + counts.warning > 0 ? 1 : 0;
  return { folder, files: files.length, statements, counts, findings, exitCode };
}
