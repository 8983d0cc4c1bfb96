import { describe, expect, test } from 'vitest';
import { codesOf, filesOf, folderOf, lintSql } from '../../../test/lint/lint-sql.ts';
import { readMigrations } from '../files.ts';
import { lint } from './lint.ts';
import { ruleOf, rules } from './rules.ts';
import { silenceRules } from './silence.ts';

/** Rules that only a pair of files can break have tests of their own below. */
const ofPairs = new Set(['missing-down', 'down-incomplete', 'missing-up']);
const ofOneFile = rules.filter(({ code }) => !ofPairs.has(code));

test('every code is of small words, and there once', () => {
  const codes = rules.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

describe.each(ofOneFile)('$code', ({ code, severity, bad, history = [] }) => {
  test('finds the fault, with its severity, a reason and a safe form without gaps', async () => {
    const { findings, exitCode } = await lintSql([...history, bad]);
    const found = findings.find((each) => each.code === code);
    expect(found).toMatchObject({ severity, path: expect.stringContaining(`${history.length + 1}_step.up.sql`) });
    expect(`${found?.reason} ${found?.safe}`).not.toMatch(/\{\w+\}|undefined/);
    expect(exitCode).toBe(1);
  });

  test('has nothing to say of the safe form that it prints', async () => {
    const { findings } = await lintSql([...history, bad]);
    const safe = findings.find((each) => each.code === code)?.safe ?? '';
    const own = rulesAbout(code);
    expect((await codesOf([...history, ...filesOf(safe)])).filter((each) => own(each))).toEqual([]);
  });

  test('is silenced by a reason above the statement, and at the head of the file', async () => {
    if (silenceRules.some((rule) => rule.code === code) || code === 'syntax-error') return;
    const silence = `-- crossfade: allow ${code} because this test says so\n`;
    const { findings } = await lintSql([...history, bad]);
    const places = new Set(findings.filter((each) => each.code === code).map(({ line }) => line));
    const lines = bad.split('\n').map((line, index) => (places.has(index + 1) ? silence + line : line));
    const above = lines.join('\n');
    for (const sql of [above, `${silence}\n${bad}`]) {
      const codes = await codesOf([...history, sql]);
      expect(codes).not.toContain(code);
      expect(codes).not.toContain('silence-unused');
    }
  });
});

/** A safe form is clean of its own fault and of every error; only drops are still what they are, and say so. */
function rulesAbout(code: string): (other: string) => boolean {
  return (other) => other === code || ruleOf.get(other)?.severity === 'error' || other === 'not-repeatable';
}

describe('pairs', () => {
  const made = 'CREATE TABLE visits (id bigint PRIMARY KEY);\nCREATE INDEX visits_id_idx ON visits (id);';

  test('an up file without its down file is named, and what would undo it printed', async () => {
    const { findings } = await lintSql([made]);
    expect(findings).toMatchObject([
      { code: 'missing-down', line: 1, safe: expect.stringContaining('DROP TABLE visits;') },
    ]);
  });

  test('a down file without its up file is an error', async () => {
    const report = await lint(readMigrations(folderOf([], { 1: 'DROP TABLE visits;' })));
    expect(report.findings.map(({ code }) => code)).toContain('missing-up');
  });

  test.each([
    ['SELECT 1;', ['TABLE visits']],
    ['DROP TABLE visits;', []],
    ['DROP TABLE other;', ['TABLE visits']],
  ])('after going down by %s there is still %j', async (down, left) => {
    const report = await lint(readMigrations(folderOf([made], { 1: down })));
    const found = report.findings.filter(({ code }) => code === 'down-incomplete');
    expect(found).toHaveLength(left.length === 0 ? 0 : 1);
    for (const each of left) expect(found[0]?.reason).toContain(each);
  });

  test.each([
    ['ALTER TABLE users ADD COLUMN fax text;', 'ALTER TABLE users DROP COLUMN fax;'],
    ["CREATE TYPE state AS ENUM ('a');", 'DROP TYPE state;'],
    ['CREATE VIEW v AS SELECT 1;', 'DROP VIEW v;'],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';", 'DROP FUNCTION f();'],
    ['ALTER TABLE users ADD CONSTRAINT c CHECK (true) NOT VALID;', 'ALTER TABLE users DROP CONSTRAINT c;'],
    ['CREATE POLICY p ON users USING (true);', 'DROP POLICY p ON users;'],
    ['CREATE EXTENSION citext;', 'DROP EXTENSION citext;'],
    ['CREATE SCHEMA audit; CREATE TABLE audit.t (id bigint PRIMARY KEY);', 'DROP SCHEMA audit;'],
  ])('%s is undone by %s, which is no finding, and not by nothing', async (up, down) => {
    const codes = async (sql: string): Promise<string[]> => {
      const { findings } = await lint(readMigrations(folderOf([up], { 1: sql })));
      return findings.map(({ code }) => code);
    };
    expect(await codes(down)).toEqual([]);
    expect(await codes('SELECT 1;')).toContain('down-incomplete');
  });

  test('a renaming is undone by the renaming back', async () => {
    const up = '-- crossfade: allow rename-column because nothing reads it\nALTER TABLE users RENAME COLUMN a TO b;';
    const codes = async (sql: string): Promise<string[]> => {
      const { findings } = await lint(readMigrations(folderOf([up], { 1: sql })));
      return findings.map(({ code }) => code);
    };
    expect(await codes('ALTER TABLE users RENAME COLUMN b TO a;')).toEqual([]);
    expect(await codes('SELECT 1;')).toEqual(['down-incomplete']);
  });

  test('a missing down file and a down file that leaves something are silenced like any other finding', async () => {
    const said = '-- crossfade: allow missing-down because it cannot be undone\n';
    expect((await lintSql([said + made])).findings).toEqual([]);
    const left = '-- crossfade: allow down-incomplete because the table stays\n\nSELECT 1;';
    expect((await lint(readMigrations(folderOf([made], { 1: left })))).findings).toEqual([]);
  });
});
