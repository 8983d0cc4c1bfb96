import { readdirSync, readFileSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { move } from '../../src/move/move.ts';
import type { MoveOptions } from '../../src/move/options.ts';
import type { RetryReport } from '../../src/move/retry-report.ts';
import type { TestDatabase } from '../harness/postgres.ts';
import { type Ended, runCli, serverEnv } from './cli.ts';

/** Moves a source under quarantine into a database, and gives the path of the list of withheld rows. */
export async function quarantined(
  source: string,
  { query: _query, drop: _drop, ...target }: TestDatabase,
  options: Partial<MoveOptions> = {},
): Promise<string> {
  const quarantineFile = join(dirname(source), 'withheld.jsonl');
  const report = await move({ source, target, badValues: 'quarantine', quarantineFile, ...options });
  expect([report.exitCode, report.quarantineFile]).toEqual([4, quarantineFile]);
  return quarantineFile;
}

/** `crossfade retry LIST --json`; the report beside what ended. */
export async function retried(
  list: string,
  database: TestDatabase,
  ...more: readonly string[]
): Promise<Ended & { report: RetryReport }> {
  const ended = await runCli(['retry', list, '--json', ...more], { env: serverEnv(database) });
  const report = JSON.parse(ended.stdout) as RetryReport;
  expect(report.exitCode).toBe(ended.status);
  for (const table of report.tables) {
    expect(table.rows).toBe(table.loaded + table.present + table.rejected);
    expect(table.verified).toBe(table.loaded + table.present);
  }
  return { ...ended, report };
}

/** The rows of a list, which is its owner's alone and has no half-written brother. */
export function listed(list: string): { table: string; key: unknown; column: string | null; code: string }[] {
  expect((statSync(list).mode & 0o777).toString(8)).toBe('600');
  expect(readdirSync(dirname(list)).filter((name) => join(dirname(list), name).startsWith(`${list}.`))).toEqual([]);
  const [head, ...rows] = readFileSync(list, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as never);
  expect(head).toMatchObject({ crossfadeRejects: 1 });
  return rows;
}

/** Changes the source, as its owner does to mend it. */
export function mend(source: string, ...statements: readonly string[]): void {
  const db = new DatabaseSync(source, { enableForeignKeyConstraints: false });
  for (const statement of statements) db.exec(statement);
  db.close();
}
