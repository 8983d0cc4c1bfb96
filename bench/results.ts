import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Gate, Medians } from './gates.ts';

/** One bench, as it is kept: figures, and all that is needed to judge or repeat them. */
export interface Result {
  readonly command: string;
  readonly rows: number;
  readonly bytes: number;
  readonly repeats: number;
  readonly medians: Medians;
  /** Whole seconds of each repeat, in order, so that noise can be seen. */
  readonly wholeSeconds: Readonly<Record<string, readonly number[]>>;
  /** Crossfade's own phases, medians. */
  readonly phases: Readonly<Record<string, number>>;
  readonly does: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
  readonly gates: readonly Gate[];
  readonly machine: Readonly<Record<string, string>>;
}

const folder = new URL('results/', import.meta.url);
const jsonFile = new URL('move.json', folder);

/** Keeps one result for each number of rows; a newer one takes the older one's place. Returns all, fewest rows first. */
export function keep(result: Result): Result[] {
  mkdirSync(folder, { recursive: true });
  const old = existsSync(jsonFile) ? (JSON.parse(readFileSync(jsonFile, 'utf8')) as Result[]) : [];
  const all = [...old.filter(({ rows }) => rows !== result.rows), result].toSorted((a, b) => a.rows - b.rows);
  writeFileSync(jsonFile, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(new URL('move.md', folder), markdown(all));
  return all;
}

/** The result as a table for the terminal and for Markdown, which are the same. */
export function table(result: Result): string {
  const own = result.medians.crossfade;
  const rows = Object.entries(result.medians).map(([name, run]) => {
    const ratio = (of: 'loadSeconds' | 'wholeSeconds') => (own === undefined ? '' : (own[of] / run[of]).toFixed(2));
    return [
      name,
      run.loadSeconds.toFixed(1),
      ratio('loadSeconds'),
      run.wholeSeconds.toFixed(1),
      ratio('wholeSeconds'),
      run.peakMb.toFixed(0),
      result.does[name] ?? '',
    ];
  });
  return grid([['tool', 'load s', 'ratio', 'whole s', 'ratio', 'peak MB', 'what it does'], ...rows]);
}

export function gateTable({ gates }: Pick<Result, 'gates'>): string {
  return grid([
    ['gate', 'value', 'at most', ''],
    ...gates.map((gate) => [
      gate.what,
      gate.value.toFixed(2),
      gate.limit.toFixed(2),
      gate.passed ? 'passed' : 'FAILED',
    ]),
  ]);
}

function markdown(all: readonly Result[]): string {
  const parts = all.flatMap((result) => [
    `## ${result.rows.toLocaleString('en')} rows, ${(result.bytes / 1e6).toFixed(0)} MB`,
    '',
    `\`${result.command}\`, medians of ${result.repeats}. ${Object.entries(result.machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ')}.`,
    '',
    ...(result.missing.length > 0 ? [`Not installed, so not compared: ${result.missing.join(', ')}.`, ''] : []),
    table(result),
    '',
    `Crossfade's phases, in seconds: ${Object.entries(result.phases)
      .map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`)
      .join(', ')}.`,
    '',
    gateTable(result),
    '',
  ]);
  const linear = all.map(
    (result) =>
      `| ${result.rows.toLocaleString('en')} | ${perMillion(result)} | ${result.medians.crossfade?.peakMb.toFixed(0) ?? ''} |`,
  );
  return [
    '# Move',
    '',
    "A ratio is Crossfade's time divided by the tool's: below 1, Crossfade is faster.",
    '',
    ...parts,
    '## By rows',
    '',
    '| rows | whole s a million rows | peak MB |',
    '|---|---|---|',
    ...linear,
    '',
  ].join('\n');
}

export function perMillion(result: Result): string {
  return (((result.medians.crossfade?.wholeSeconds ?? Number.NaN) * 1e6) / result.rows).toFixed(2);
}

function grid(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)].join('\n');
}
