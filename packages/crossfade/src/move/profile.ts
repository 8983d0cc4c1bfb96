import type { KeyRange } from '../core/cell.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { ReadRange } from '../drivers/sqlite/reader.ts';
import { type ColumnEvidence, emptyEvidence, mergeEvidence } from '../schema/evidence.ts';
import type { RuleBook } from '../schema/rules.ts';
import type { PgType, SourceTable } from '../schema/model.ts';
import type { Pool } from './pool.ts';
import { type Widest, wider } from './wide-rows.ts';

/** Everything known about the rows of one table. */
export interface TableProfile {
  readonly table: SourceTable;
  readonly rows: number;
  readonly bytes: number;
  readonly evidence: readonly ColumnEvidence[];
  /** The widest row, where some may be too wide. */
  readonly widest: Widest | null;
  /** The table cut into pieces, in key order. */
  readonly pieces: readonly { readonly range: ReadRange; readonly rows: number }[];
}

/** Types that are not inferred, by table and column. */
export type OrderedTypes = ReadonlyMap<string, ReadonlyMap<string, PgType>>;

/** What decides how values are looked at. */
export interface ProfileOptions {
  readonly rules: RuleBook;
  readonly ordered: OrderedTypes;
  readonly onRows: (table: string, rows: number) => void;
}

/** Looks at every value of every table. Throws E_SOURCE_CORRUPT for a file that SQLite's own check finds damaged. */
export async function profileTables(
  pool: Pool,
  path: string,
  tables: readonly SourceTable[],
  options: ProfileOptions,
): Promise<TableProfile[]> {
  // Asked first: it takes longest, and the tables are measured meanwhile.
  const checked = checkFile(pool, path);
  const looked = tables.map(async (table) => {
    const { rows, largestRowBytes } = await pool.run('measure', { table });
    const profile = await profileTable(pool, table, largestRowBytes, options);
    // The ranges of the profile are those of the load and of verification: that they leave out nothing is asked of SQLite.
    if (profile.rows === rows) return profile;
    // Damage is the better news.
    await checked;
    throw new CrossfadeError(
      'E_SOURCE_UNREADABLE',
      `${path}: table ${table.name} has ${rows} rows, of which ${profile.rows} could be read in order. Nothing was moved. Check the file with PRAGMA integrity_check.`,
      { path, table: table.name, rows, read: profile.rows },
    );
  });
  const [profiles] = await Promise.all([Promise.all(looked), checked]);
  return profiles;
}

/** Lets SQLite check the whole file: that two tables share a page is to be seen in neither of them. */
async function checkFile(pool: Pool, path: string): Promise<void> {
  const findings = await pool.run('check', null);
  if (findings.every((finding) => finding === 'ok' || isAboutValues(finding))) return;
  throw new CrossfadeError(
    'E_SOURCE_CORRUPT',
    `${path}: SQLite's quick_check finds the file damaged. Nothing was moved. Restore it from a backup, or recover what can be recovered with SQLite's own .recover.`,
    { path },
  );
}

/** Rows that break a constraint are no damage: every one of them can be read, and is moved and reported. */
function isAboutValues(finding: string): boolean {
  return /^(NULL|NUMERIC|TEXT|non-\w+) value in |^CHECK constraint failed in /.test(finding);
}

async function profileTable(
  pool: Pool,
  table: SourceTable,
  largestRowBytes: number,
  options: ProfileOptions,
): Promise<TableProfile> {
  const columns = table.columns.map((column) => ({
    rules: options.rules.get(table.name)?.get(column.name) ?? [],
    ordered: options.ordered.get(table.name)?.get(column.name) ?? null,
  }));
  const evidence = table.columns.map(emptyEvidence);
  const pieces: { range: ReadRange; rows: number }[] = [];
  let rows = 0;
  let bytes = 0;
  let widest: Widest | null = null;
  await overRanges(pool, async (range) => {
    const piece = await pool.run('profile', { table, columns, largestRowBytes, range });
    piece.evidence.forEach((from, i) => mergeEvidence(evidence[i], from));
    if (piece.rows > 0) pieces.push({ range: piece.range, rows: piece.rows });
    rows += piece.rows;
    bytes += piece.bytes;
    widest = wider(widest, piece.widest);
    options.onRows(table.name, piece.rows);
    return piece.rest;
  });
  return { table, rows, bytes, evidence, widest, pieces: pieces.sort((a, b) => compareStarts(a.range, b.range)) };
}

/**
 * Works through a table from its open range on. Each step takes a piece and returns the rest; where threads are idle,
 * the rest is halved by rowid. Halving finds the rows wherever they lie in the 64 bits, in a few empty steps.
 */
export async function overRanges(pool: Pool, step: (range: KeyRange) => Promise<KeyRange | null>): Promise<void> {
  const work = async (range: KeyRange): Promise<void> => {
    const rest = await step(range);
    if (rest === null) return;
    const halves = pool.idle > 0 ? halve(rest) : [rest];
    await Promise.all(halves.map(work));
  };
  await work({ after: null, upTo: null });
}

/** Above any rowid that is likely, so that the first halving is not wasted on the empty end of 64 bits. */
function halve(range: KeyRange): KeyRange[] {
  const after = range.after?.[0];
  const upTo = range.upTo?.[0] ?? 0x7fffffffffffffffn;
  if (range.after?.length !== 1 || typeof after !== 'bigint' || typeof upTo !== 'bigint' || upTo - after < 2n)
    return [range];
  // An open end is usually near: four times as far as the rows have come is a better guess than half of 2^63.
  const middle = range.upTo === null && after > 0n && after < 1n << 60n ? after * 4n : after + (upTo - after) / 2n;
  return [
    { after: range.after, upTo: [middle] },
    { after: [middle], upTo: range.upTo },
  ];
}

function compareStarts(a: ReadRange, b: ReadRange): number {
  const left = a.after?.[0];
  const right = b.after?.[0];
  if (left === undefined || right === undefined) return left === undefined ? (right === undefined ? 0 : -1) : 1;
  // Pieces of a WITHOUT ROWID table are taken one after the other and stand in order already.
  return typeof left === 'bigint' && typeof right === 'bigint' ? (left < right ? -1 : left > right ? 1 : 0) : 0;
}
