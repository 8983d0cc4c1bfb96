import { CrossfadeError } from '../../src/core/errors.ts';
import type { Report } from '../../src/move/report.ts';

/** What came of one file. */
export interface Line {
  readonly name: string;
  readonly exit: number;
  readonly verdict: string;
  readonly rows: number;
  readonly tables: number;
  readonly notCreated: readonly string[];
  readonly notMoved: readonly string[];
  readonly badValues: readonly string[];
  readonly seconds: number;
  /** Of the refusal or the failure. */
  readonly code: string | null;
  readonly message: string | null;
  /** What makes a line unbelievable: sums that do not add up, something published by a run that says that nothing was. */
  readonly wrong: readonly string[];
}

export function lineOf(name: string, came: Report | Error, seconds: number, published: number): Line {
  if (came instanceof Error) {
    const known = came instanceof CrossfadeError;
    return {
      name,
      seconds,
      exit: known ? came.exitCode : 1,
      verdict: 'refused',
      rows: 0,
      tables: 0,
      notCreated: [],
      notMoved: [],
      badValues: [],
      code: known ? came.code : 'NOT A CROSSFADE ERROR',
      message: came.message,
      wrong: published > 0 ? [`${published} tables published`] : [],
    };
  }
  return {
    name,
    seconds,
    exit: came.exitCode,
    verdict: came.verdict,
    rows: came.rows,
    tables: came.tables.length,
    notCreated: came.constraints.notCreated.map(({ what, why }) => `${what}: ${why}`),
    notMoved: came.notMoved.map((thing) => `${thing.kind} ${thing.name}: ${thing.why}`),
    badValues: came.badValues.map((value) => `${value.code} ${value.table}.${value.column} x ${value.count}`),
    code: came.error?.code ?? null,
    message: came.error?.message ?? null,
    wrong: wrongIn(came, published),
  };
}

function wrongIn(report: Report, published: number): string[] {
  const finished = report.exitCode === 0 || report.exitCode === 4;
  return [
    ...(!finished && published > 0 ? [`${published} tables published by a run that did not finish`] : []),
    ...(finished && published !== report.tables.length
      ? [`${published} tables in the target, ${report.tables.length} in the report`]
      : []),
    ...report.tables
      .filter((table) => finished && (table.rows !== table.loaded + table.rejected || table.loaded !== table.verified))
      .map((table) => `${table.source} does not add up`),
    ...(report.exitCode === 3 && report.badValues.length === 0 ? ['stopped without naming a value'] : []),
    ...(report.exitCode === 4 && report.tables.every((table) => table.rejected + table.altered === 0)
      ? ['an account of nothing']
      : []),
  ];
}

/** Refusals that name the file's own state. Any other failure is a defect, of the run or of the product. */
const refusals = new Set(['E_SOURCE_CORRUPT', 'E_SOURCE_NOT_SQLITE', 'E_SOURCE_FORBIDDEN', 'E_SOURCE_UNREADABLE']);

/** 0, or an account by name: 3 and 4 with the values listed, or a damaged file refused as such. */
export function acceptable(line: Line): boolean {
  const accounted =
    line.exit === 0 || line.exit === 3 || line.exit === 4 || (line.code !== null && refusals.has(line.code));
  return accounted && line.wrong.length === 0;
}

export function render(line: Line, verbose: boolean): string {
  const facts = [
    `${line.rows} rows`,
    `${line.tables} tables`,
    `${line.notCreated.length} not created`,
    `${line.notMoved.length} not moved`,
    `${line.badValues.length} bad columns`,
  ];
  const head = `${acceptable(line) ? ' ' : '!'} exit ${line.exit} ${line.verdict.padEnd(9)} ${line.name}: ${facts.join(', ')}, ${line.seconds.toFixed(2)} s${line.code === null ? '' : `, ${line.code}`}\n`;
  const always = [
    ...line.wrong.map((what) => `WRONG: ${what}`),
    ...line.badValues,
    ...(line.message === null ? [] : [line.message]),
  ];
  const details =
    verbose || !acceptable(line)
      ? [...line.notCreated.map((what) => `not created: ${what}`), ...line.notMoved.map((what) => `not moved: ${what}`)]
      : [];
  return head + [...always, ...details].map((text) => `      ${text}\n`).join('');
}

export function totals(lines: readonly Line[], notSqlite: number): string {
  const byVerdict = Map.groupBy(
    lines,
    (line) => `exit ${line.exit} ${line.verdict}${line.code === null ? '' : ` ${line.code}`}`,
  );
  const counts = [...byVerdict].map(([verdict, group]) => `${group.length} x ${verdict}`).toSorted();
  const refused = lines.filter((line) => line.verdict === 'refused').map((line) => line.name);
  const wrong = lines.filter((line) => !acceptable(line)).map((line) => line.name);
  return [
    '',
    `${lines.length} SQLite files, ${notSqlite} others: ${counts.join('; ') || 'nothing to move'}`,
    `${lines.reduce((sum, line) => sum + line.rows, 0)} rows in ${lines.reduce((sum, line) => sum + line.tables, 0)} tables; ${lines.reduce((sum, line) => sum + line.notCreated.length, 0)} things not created, each named`,
    ...(refused.length > 0 ? [`refused: ${refused.join(', ')}`] : []),
    ...(wrong.length > 0 ? [`WITHOUT AN ACCOUNT: ${wrong.join(', ')}`] : []),
    '',
  ].join('\n');
}
