import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { CrossfadeError, errorCodes } from '../src/core/errors.ts';
import { limits } from '../src/core/limits.ts';
import { failedReport } from '../src/move/build-report.ts';
import type { RejectCode } from '../src/move/rejects.ts';
import { pgTypes } from '../src/schema/model.ts';
import { ruleWords } from '../src/schema/rules.ts';
import { tempFolder } from './harness/folders.ts';
import { freshDatabase } from './harness/postgres.ts';
import { serverEnv } from './support/cli.ts';

const root = new URL('../../../', import.meta.url);
const page = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const reference = (name: string): string => page(`docs/reference/${name}.md`);

/** The cells of every table row whose first cell begins with a word in backticks, by that word. */
function rowsOf(markdown: string): Map<string, string[]> {
  const rows = markdown.split('\n').flatMap((line): [string, string[]][] => {
    const cells = line.replaceAll('\\|', '\\').split('|').slice(1, -1);
    const word = /^ `([^`\s]+)/.exec(cells[0] ?? '')?.[1];
    return word === undefined ? [] : [[word, cells.map((cell) => cell.trim())]];
  });
  return new Map(rows);
}

/** `move --json`, `postgres status --json`: every option that the commands themselves know. */
function optionsOf(command: Command, path: string[] = []): string[] {
  const own = command.options.map((option) => `${path.join(' ')} ${option.long}`);
  return [...own, ...command.commands.flatMap((child) => optionsOf(child, [...path, child.name()]))];
}

describe('docs/reference/cli.md', () => {
  const program = new Command();
  beforeAll(async () => {
    for (const read of Object.values(commands)) (await read())(program, () => undefined);
  });

  test('lists every option of every command, and none besides', () => {
    const listed = [...rowsOf(reference('cli'))]
      .filter(([word]) => word.startsWith('--'))
      .flatMap(([option, [, users = '']]) => users.split(', ').map((user) => `${user} ${option}`));
    expect(listed.sort()).toEqual(optionsOf(program).sort());
  });

  test('names every command', () => {
    const names = program.commands.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((child) => `${command.name()} ${child.name()}`),
    );
    expect(names).toHaveLength(25);
    for (const name of names) expect(reference('cli')).toContain(`crossfade ${name} `);
  });
});

test('docs/reference/errors.md has every code with its exit status, and every code of a value', () => {
  const rows = rowsOf(reference('errors'));
  const values = {
    E_TEXT_NUL: true,
    E_TEXT_ENCODING: true,
    E_BLOB_IN_TEXT: true,
    E_VALUE_TOO_LARGE: true,
    E_TYPE_UNFIT: true,
    E_DOCUMENT_UNREADABLE: true,
    E_ROW_GONE: true,
    E_KEY_TAKEN: true,
    E_ROW_REFUSED: true,
  } satisfies Record<RejectCode, true>;
  expect([...rows.keys()].sort()).toEqual([...Object.keys(errorCodes), ...Object.keys(values)].sort());
  for (const [code, { exit }] of Object.entries(errorCodes)) expect(rows.get(code)?.[1], code).toBe(String(exit));
  const guide = rowsOf(page('docs/guides/bad-values.md'));
  for (const code of Object.keys(values)) expect([...guide.keys()]).toContain(code);
});

test('docs/reference/rules.md has every rule', () => {
  for (const word of ruleWords) expect(reference('rules')).toContain(`\`${word}\``);
});

test('docs/reference/types.md has an example of every type', () => {
  const rows = rowsOf(reference('types').replaceAll('`double precision`', '`double`'));
  expect([...rows.keys()].sort()).toEqual([...pgTypes].map((type) => type.replace(' precision', '')).sort());
});

test('docs/reference/limits.md has every limit with its value', () => {
  const rows = rowsOf(reference('limits'));
  for (const [name, value] of Object.entries(limits))
    expect(rows.get(name)?.[1], name).toBe(value.toLocaleString('en-US'));
});

test('docs/reference/report.md has every field of the report', () => {
  const report = failedReport({ source: '', target: '', schema: '' }, new CrossfadeError('E_INTERNAL', ''));
  const rows = rowsOf(reference('report'));
  for (const field of Object.keys(report)) expect([...rows.keys()]).toContain(field);
  for (const phase of Object.keys(report.seconds)) expect(rows.get('seconds')?.[1]).toContain(`\`${phase}\``);
});

test('docs/reference/library.md speaks of everything that the package exports', () => {
  const index = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8');
  const lists = [...index.matchAll(/export (?:type )?\{([^}]+)\}/g)].map((match) => match[1] ?? '');
  const names = lists
    .flatMap((list) => list.split(',').map((name) => name.replace('type ', '').trim()))
    .filter(Boolean);
  expect(names.length).toBeGreaterThan(20);
  const library = reference('library');
  for (const name of names) expect(library).toMatch(new RegExp(`\\b${name}\\b`));
});

/** The first block of code in a language. */
function block(markdown: string, language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(markdown)?.[1];
  if (found === undefined) throw new Error(`no block of ${language}`);
  return found;
}

test('the examples of the tutorial and of the library run as they are printed', async () => {
  const folder = tempFolder('docs-');
  const library = new URL('../src/index.ts', import.meta.url).href;
  const run = (name: string, code: string, env: NodeJS.ProcessEnv) => {
    writeFileSync(join(folder, name), code.replace("'pg-crossfade'", JSON.stringify(library)));
    return spawnSync(process.execPath, [join(folder, name)], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', ...env },
    });
  };
  expect(run('make-clinic.mjs', block(page('docs/start.md'), 'js'), {}).status).toBe(0);
  copyFileSync(join(folder, 'clinic.db'), join(folder, 'app.db'));

  const database = await freshDatabase();
  const example = run('library.ts', block(reference('library'), 'ts'), serverEnv(database));
  expect([example.stdout, example.status]).toEqual([block(reference('library'), 'text'), 4]);

  const readme = run('readme.ts', block(page('README.md'), 'ts'), serverEnv(database));
  expect([readme.stdout, readme.status]).toEqual(['equal 6\n', 0]);
});
