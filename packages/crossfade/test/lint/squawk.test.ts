import { spawnSync } from 'node:child_process';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { ruleOf } from '../../src/migrate/lint/rules.ts';
import { readScript } from '../../src/migrate/script.ts';
import { lint } from '../../src/migrate/lint/lint.ts';
import type { Script } from '../../src/migrate/model.ts';
import { splitStatements } from '../../src/migrate/statements.ts';
import { counterparts } from './squawk-table.ts';

const folder = fileURLToPath(new URL('sql/', import.meta.url));
const entries = new Map(
  readdirSync(folder, { withFileTypes: true }).map((entry) => [basename(entry.name, '.sql'), entry] as const),
);
const names = [...entries.keys()];
const { getBinaryPath } = createRequire(import.meta.url)('squawk-cli/js/index.js') as { getBinaryPath(): string };
const binary = getBinaryPath();

/** A finding of either, at the number of its statement. */
interface At {
  readonly code: string;
  readonly statement: number;
}

function scriptNamed(name: string): Script {
  const script = readScript(folder, entries.get(name) as Dirent);
  if (typeof script === 'string') throw new Error(script);
  return script;
}

interface SquawkFinding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule_name: string;
}

/** With every rule switched on, and told of the runner's transaction where there is one. */
function squawk(scripts: readonly Script[], ...options: readonly string[]): SquawkFinding[] {
  const optIn = ['require-table-schema', 'require-enum-value-ordering', 'prefer-repack'].map(
    (rule) => `--include=${rule}`,
  );
  const paths = scripts.map(({ path }) => path);
  const { stdout, status } = spawnSync(
    binary,
    ['--reporter', 'Json', '--pg-version=19', ...optIn, ...options, ...paths],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(1);
  return JSON.parse(stdout) as SquawkFinding[];
}

/** The last statement that begins at or before a place; lines and columns from 1. */
async function starts(script: Script): Promise<(line: number, column: number) => number> {
  const statements = script.path.endsWith('syntax.sql') ? [] : await splitStatements(script.sql, script.path);
  return (line, column) =>
    statements.findLastIndex((each) => each.line < line || (each.line === line && each.column <= column));
}

const ours = new Map<string, At[]>();
const theirs = new Map<string, At[]>();

beforeAll(async () => {
  const scripts = names.map(scriptNamed);
  const inside = scripts.filter(({ transactional }) => transactional);
  const outside = scripts.filter(({ transactional }) => !transactional);
  const found = [...squawk(inside, '--assume-in-transaction'), ...squawk(outside)];
  for (const [index, script] of scripts.entries()) {
    const name = names[index] ?? '';
    const statementAt = await starts(script);
    const migration = { version: 1n, name, up: script, down: null };
    const report = await lint({ folder, all: [migration], findings: [] });
    ours.set(
      name,
      report.findings.map(({ code, line, column }) => ({ code, statement: statementAt(line, column) })),
    );
    theirs.set(
      name,
      found
        .filter(({ file }) => basename(file, '.sql') === name)
        .map(({ rule_name: code, line, column }) => ({ code, statement: statementAt(line + 1, column + 1) })),
    );
  }
});

describe('the table of counterparts', () => {
  test('names every rule that the binary of squawk holds', () => {
    const text = readFileSync(binary, 'latin1');
    const start = text.indexOf('require-concurrent-index-creationrequire-concurrent-index-deletion');
    expect(start).toBeGreaterThan(0);
    let list = /^[a-z-]+/.exec(text.slice(start, start + 4000))?.[0] ?? '';
    const seen: string[] = [];
    const known = [...Object.keys(counterparts), 'require-timeout-settings'].sort((a, b) => b.length - a.length);
    for (let next: string | undefined; (next = known.find((name) => list.startsWith(name))) !== undefined; ) {
      seen.push(next);
      list = list.slice(next.length);
    }
    // The list runs into the text that happens to lie behind it; what matters is that no rule is left in it.
    expect(list).not.toMatch(/^(require|ban|prefer|adding|renaming|changing|disallowed|transaction|constraint)-/);
    const elsewhere = ['syntax-error'];
    expect(Object.keys(counterparts).filter((name) => !seen.includes(name) && !elsewhere.includes(name))).toEqual([]);
    expect(seen.length).toBeGreaterThan(35);
  });

  test('names only codes of ours that exist, and gives a reason wherever we do not follow', () => {
    for (const [name, { codes, unless, except }] of Object.entries(counterparts)) {
      for (const code of codes) expect([...ruleOf.keys()], name).toContain(code);
      if (codes.length === 0 || except !== undefined) expect(unless, name).toMatch(/^[A-Z].+\.$/);
    }
    expect(Object.values(counterparts).filter(({ codes }) => codes.length === 0)).toHaveLength(3);
  });

  test('is met by the files: every rule but that of squawk’s own comments is broken by one of them', () => {
    const met = new Set([...theirs.values()].flat().map(({ code }) => code));
    const missing = Object.keys(counterparts).filter((name) => !met.has(name));
    expect(missing).toEqual(['unused-ignore']);
    expect(names.length).toBeGreaterThan(60);
  });
});

test.each(names)('%s.sql: whatever squawk finds is found on the same statement', (name) => {
  const missed = (theirs.get(name) ?? []).filter(({ code, statement }) => {
    const { codes, unless, except } = counterparts[code] ?? { codes: [] };
    if (unless !== undefined && (codes.length === 0 || except?.includes(name) === true)) return false;
    return !(ours.get(name) ?? []).some((each) => each.statement === statement && codes.includes(each.code));
  });
  expect(missed.map(({ code, statement }) => `${code} ${statement + 1}`)).toEqual([]);
});
