import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { serverEnv } from '../support/cli.ts';
import { numbers, sourceFile } from '../support/sources.ts';

const bin = fileURLToPath(new URL('../../bin/crossfade.mjs', import.meta.url));
/** A bar is drawn over itself, from the first column on. */
const toFirstColumn = '\x1b[1G';
const phases = ['profile', 'load', 'index', 'verify', 'publish'];

/** Runs the command on a terminal of its own, 120 columns wide; resolves to everything that was drawn there, in order. */
async function onTerminal(source: string): Promise<{ status: number | null; sent: string; drawn: string[] }> {
  const database = await freshDatabase();
  const quoted = [process.execPath, bin, 'move', source].map((word) => `'${word}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', `stty cols 120 rows 30; ${quoted}`, '/dev/null'], {
    encoding: 'utf8',
    cwd: tempFolder('home-'),
    env: { PATH: process.env.PATH, TERM: 'xterm', ...serverEnv(database) },
  });
  return {
    status,
    sent: stdout,
    drawn: stdout
      .replaceAll(toFirstColumn, '\n')
      .split(/[\r\n]+/)
      .map(stripVTControlCharacters),
  };
}

test('on a terminal each table has a bar with rows, rate and time left, which goes through the phases and never back', async () => {
  const source = sourceFile(
    'CREATE TABLE large (id INTEGER PRIMARY KEY, pad TEXT)',
    'CREATE TABLE small (id INTEGER PRIMARY KEY)',
    `${numbers(120_000)} INSERT INTO large SELECT i, printf('%0400d', i) FROM n`,
    'INSERT INTO small VALUES (1)',
  );
  const { status, drawn } = await onTerminal(source);
  expect(status).toBe(0);
  for (const [table, rows] of [
    ['large', 120_000],
    ['small', 1],
  ] as const) {
    const bars = drawn.flatMap((line) => {
      const found = new RegExp(`(\\w+) +${table} +\\S+ +\\d+% \\| (\\d+)/(\\d+) rows \\| \\S+ rows/s \\| (.*)`).exec(
        line,
      );
      return found === null ? [] : [{ phase: phases.indexOf(found[1]), rows: Number(found[2]), left: found[4] }];
    });
    expect(bars.length).toBeGreaterThan(0);
    expect(bars.map(({ phase }) => phase)).toEqual(bars.map(({ phase }) => phase).toSorted((a, b) => a - b));
    const last = bars.at(-1);
    expect(last?.rows).toBe(rows);
    expect(last?.left).toMatch(/^0 s left/);
  }
});

test('the name of a table moves nothing on a terminal, in its bar or in the report', async () => {
  const name = 'a\x1b]0;title\x07\b\u202e\u009b2J\nb';
  const { status, sent } = await onTerminal(
    sourceFile(`CREATE TABLE "${name}" (id INTEGER)`, `INSERT INTO "${name}" VALUES (1)`),
  );
  expect(status).toBe(0);
  // Both the bar, which cuts it short, and the report.
  expect(sent.split('a\\u{1b}]0;title\\u{7}').length).toBeGreaterThan(2);
  for (const part of ['\x1b]0;', '\x07', '\b', '\u202e', '\u009b', '\nb']) expect(sent).not.toContain(part);
});
