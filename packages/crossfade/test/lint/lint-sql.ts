import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { readMigrations } from '../../src/migrate/files.ts';
import { lint, type LintOptions, type LintReport } from '../../src/migrate/lint/lint.ts';
import { tempFolder } from '../harness/folders.ts';

/** A folder of migrations: up files, and down files where they are given. */
export function folderOf(ups: readonly string[], downs: Readonly<Record<number, string>> = {}): string {
  const folder = tempFolder('lint-');
  for (const [index, sql] of ups.entries()) writeFileSync(join(folder, `${index + 1}_step.up.sql`), sql);
  for (const [version, sql] of Object.entries(downs)) writeFileSync(join(folder, `${version}_step.down.sql`), sql);
  return folder;
}

/** Lints these up files, each with a down file that is left out of the result unless it is given. */
export async function lintSql(ups: readonly string[], options: LintOptions = {}): Promise<LintReport> {
  return lint(readMigrations(folderOf(ups)), options);
}

/** The codes of these up files, without those of the down files that are not there. */
export async function codesOf(ups: readonly string[], options: LintOptions = {}): Promise<string[]> {
  const { findings } = await lintSql(ups, options);
  return findings.map(({ code }) => code).filter((code) => code !== 'missing-down');
}

/** The files of a safe form. */
export function filesOf(sql: string): string[] {
  return sql.split(/^-- next migration.*\n/m);
}
