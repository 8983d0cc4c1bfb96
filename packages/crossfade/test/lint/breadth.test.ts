import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { lint } from '../../src/migrate/lint/lint.ts';
import { steadyFunctions } from '../../src/migrate/lint/steady.ts';
import type { Migrations } from '../../src/migrate/files.ts';
import type { Script } from '../../src/migrate/model.ts';
import { parseStatements } from '../../src/migrate/statements.ts';
import { freshDatabase } from '../harness/postgres.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const files = readdirSync(new URL('sql/', import.meta.url)).filter((file) => file !== 'syntax.sql');
const kinds = new Set<string>();
let statements: readonly string[] = [];

beforeAll(async () => {
  const broad = await parseStatements(read('breadth.sql'), 'breadth.sql');
  for (const { tree } of broad) kinds.add(Object.keys(tree)[0] ?? '');
  const shapes = await Promise.all(files.map((file) => parseStatements(read(`sql/${file}`), file)));
  statements = [...broad, ...shapes.flat()].map(({ sql }) => sql);
});

function script(path: string, sql: readonly string[], transactional: boolean): Script {
  return { path, sql: sql.map((each) => `${each};\n`).join(''), sha256: '', transactional };
}

function folder(ups: readonly Script[], down: Script | null): Migrations {
  const all = ups.map((up, index) => ({ version: BigInt(index + 1), name: 'x', up, down: index === 0 ? down : null }));
  return { folder: '', all, findings: [] };
}

test('nearly every kind of statement that PostgreSQL has is among them', () => {
  expect(kinds.size).toBeGreaterThan(110);
});

test('no statement that parses breaks the linter, alone, up or down, inside a transaction or not', async () => {
  for (const sql of statements) {
    for (const transactional of [true, false]) {
      const one = script('1_x.up.sql', [sql], transactional);
      const report = await lint(folder([one], { ...one, path: '1_x.down.sql' }));
      for (const { line, column, reason, safe } of report.findings) {
        expect([line, column].every((each) => each >= 1)).toBe(true);
        expect(`${reason} ${safe}`, sql).not.toMatch(/\{\w+\}|undefined|null\b.*\(null\)/);
      }
    }
  }
});

test('nor does any row of them, over several files', async () => {
  const some = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });
  const pick = (numbers: readonly number[]): string[] =>
    numbers.map((number) => statements[number % statements.length] ?? '');
  await fc.assert(
    fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 4 }), some, fc.boolean(), async (ups, down, inside) => {
      const scripts = ups.map((each, index) => script(`${index + 1}_x.up.sql`, pick(each), inside));
      const report = await lint(folder(scripts, script('1_x.down.sql', pick(down), inside)), { since: 1n });
      const again = await lint(folder(scripts, script('1_x.down.sql', pick(down), inside)), { since: 1n });
      expect(again).toEqual(report);
      expect(report.exitCode).toBe(report.counts.error + report.counts.warning > 0 ? 1 : 0);
    }),
    { numRuns: 150 },
  );
});

test('an expression of a thousand parts is no deeper than it is long', async () => {
  const long = Array.from({ length: 1000 }, (_, index) => `a <> ${index}`).join(' AND ');
  const report = await lint(folder([script('1_x.up.sql', [`ALTER TABLE t ADD CHECK (${long})`], true)], null));
  expect(report.findings.map(({ code }) => code)).toContain('check-scans');
});

test('no function that counts as steady is volatile to PostgreSQL in any of its forms', async () => {
  const database = await freshDatabase();
  const { rows } = await database.query(
    `SELECT proname AS name, bool_or(provolatile = 'v') AS volatile FROM pg_proc WHERE proname = ANY ($1) GROUP BY 1`,
    [[...steadyFunctions]],
  );
  const found = rows as { name: string; volatile: boolean }[];
  expect(found.filter((row) => row.volatile)).toEqual([]);
  expect([...steadyFunctions].filter((name) => !found.some((row) => row.name === name))).toEqual([]);
});
