import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import type { CrossfadeError } from '../core/errors.ts';
import { readInSteps, readMigrations } from './files.ts';

function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = tempFolder('migrations-');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function refused(folder: string): CrossfadeError {
  try {
    readMigrations(folder);
  } catch (error) {
    return error as CrossfadeError;
  }
  throw new Error('nothing was refused');
}

test('files come in the order of their numbers, whatever their zeros; other files do not count', () => {
  const folder = folderOf({
    '10_ten.up.sql': 'ten',
    '000002_two.up.sql': 'two',
    '000002_two.down.sql': 'back',
    '01_über-uns.v2.up.sql': 'one',
    'README.md': '',
    '.hidden.sql': '',
  });
  mkdirSync(join(folder, 'old'));
  const { all } = readMigrations(folder);
  expect(all.map(({ version, name, up, down }) => [version, name, up?.sql, down?.sql])).toEqual([
    [1n, 'über-uns.v2', 'one', undefined],
    [2n, 'two', 'two', 'back'],
    [10n, 'ten', 'ten', undefined],
  ]);
});

test('gaps, missing halves and empty files are findings', () => {
  const folder = folderOf({
    '2_a.up.sql': 'x',
    '2_a.down.sql': '',
    '5_b.down.sql': 'x',
    '20260131120000_c.up.sql': 'x',
  });
  expect(
    readMigrations(folder).findings.map(
      ({ code, message }) => `${code} ${message.split(' ').at(code === 'gap' ? 4 : 0)}`,
    ),
  ).toEqual([
    'gap 1',
    'gap 3',
    `empty ${join(folder, '2_a.down.sql')}`,
    'missing-up 5_b',
    'missing-down 20260131120000_c',
  ]);
});

test('every file with a bad name, twice there, or not to be read is named at once', () => {
  const folder = folderOf({
    '1_a.up.sql': '',
    '01_a.up.sql': '',
    '2_a.up.sql': '',
    '2_b.down.sql': '',
    'init.sql': '',
    '3_a.sql': '',
    '3 a.up.sql': '',
    '4_A.UP.SQL': '',
    '9999999999999999999_big.up.sql': '',
    '5_latin.up.sql': Buffer.from("SELECT 1;\nSELECT 'caf\xe9';", 'latin1'),
    '6_nul.up.sql': 'SELECT 1\n\0',
  });
  mkdirSync(join(folder, '7_folder.up.sql'));
  symlinkSync('nowhere', join(folder, '8_link.up.sql'));
  const { code, facts, message } = refused(folder);
  expect(code).toBe('E_MIGRATION_FILES');
  expect(facts.faults).toHaveLength(11);
  for (const file of [
    '01_a',
    '2_a',
    '2_b',
    'init',
    '3_a',
    '3 a',
    '4_A',
    '99999',
    '7_folder',
    '8_link.up.sql: it cannot be read (ENOENT)',
  ])
    expect(message).toContain(file);
  expect(message).toContain('5_latin.up.sql: it is not UTF-8 (line 2)');
  expect(message).toContain('6_nul.up.sql: it holds a NUL (line 2)');
});

test('a folder that is not there is refused with the command that makes it', () => {
  expect(refused(join(tempFolder(), 'nowhere'))).toMatchObject({
    code: 'E_MIGRATION_FILES',
    message: expect.stringContaining('crossfade migrate new'),
  });
});

test('links are followed, as Kubernetes mounts a ConfigMap', () => {
  const folder = folderOf({ '1_a.up.sql': 'x' });
  mkdirSync(join(folder, '..data'));
  renameSync(join(folder, '1_a.up.sql'), join(folder, '..data', '1_a.up.sql'));
  symlinkSync('..data/1_a.up.sql', join(folder, '1_a.up.sql'));
  expect(readMigrations(folder).all[0]?.up?.sql).toBe('x');
});

test('a file that cannot be read is refused by name', () => {
  const folder = folderOf({ '1_a.up.sql': 'x' });
  symlinkSync('2_loop.up.sql', join(folder, '2_loop.up.sql'));
  expect(refused(folder).message).toContain('2_loop.up.sql: it cannot be read (ELOOP)');
});

test('for a start a down file is read on the first look, and refused then; its name and whether it is there count at once', () => {
  const folder = folderOf({
    '1_a.up.sql': 'x',
    '1_a.down.sql': 'y',
    '2_b.up.sql': 'x',
    '2_b.down.sql': 'SELECT 1\n\0',
    '3_c.up.sql': 'x',
  });
  const steps = readInSteps(folder, false);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const { all, findings } = step.value;
  expect(findings.map(({ code, message }) => `${code} ${message.split(' ')[0]}`)).toEqual(['missing-down 3_c']);
  writeFileSync(join(folder, '1_a.down.sql'), 'z');
  expect([all[0]?.down?.sql, all[0]?.down?.sha256]).toEqual([
    'z',
    readMigrations(folderOf({ '1_a.up.sql': 'z' })).all[0]?.up?.sha256,
  ]);
  for (let look = 0; look < 2; look++)
    expect(() => all[1]?.down?.sql).toThrow(
      expect.objectContaining({
        code: 'E_MIGRATION_FILES',
        message: expect.stringContaining('2_b.down.sql: it holds a NUL (line 2)'),
      }),
    );
});

test('a byte-order mark and the form of line ends change neither SQL nor checksum', () => {
  const folder = folderOf({ '1_a.up.sql': '\ufeffSELECT 1;\r\nSELECT 2;\r\n', '2_a.up.sql': 'SELECT 1;\nSELECT 2;\n' });
  const [first, second] = readMigrations(folder).all;
  expect(first?.up?.sql).toBe('SELECT 1;\r\nSELECT 2;\r\n');
  expect(first?.up?.sha256).toBe(second?.up?.sha256);
});

test('the directive counts on a line of its own among the leading comments, and nowhere else', () => {
  const mark = '-- crossfade: no-transaction';
  const cases: [string, boolean][] = [
    [`${mark}\nSELECT 1;`, false],
    [`-- first\n/* a\n block */\n\n  ${mark}  \r\nSELECT 1;`, false],
    [`\ufeff--crossfade:no-transaction`, false],
    [`SELECT 1;\n${mark}`, true],
    [`/*\n${mark}\n*/ SELECT 1;`, true],
    [`SELECT '\n${mark}\n';`, true],
    [`${mark} please`, true],
  ];
  const folder = folderOf(Object.fromEntries(cases.map(([sql], i) => [`${i + 1}_a.up.sql`, sql])));
  expect(readMigrations(folder).all.map(({ up }) => up?.transactional)).toEqual(
    cases.map(([, transactional]) => transactional),
  );
});
