import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { runCli } from '../support/cli.ts';
import { expectOneMessage } from '../support/moves.ts';
import { smallSource } from '../support/sources.ts';

test('plan --migrations writes the first migration and prints its files; no file is ever replaced', async () => {
  const [source, folder] = [smallSource(), join(tempFolder(), 'db', 'migrations')];
  const first = await runCli([
    'plan',
    source,
    '--migrations',
    folder,
    '--names',
    'snake',
    '--rule',
    'person.note=empty:null',
  ]);
  const [up, down] = ['000001_app.up.sql', '000001_app.down.sql'].map((file) => join(folder, file));
  expect({ status: first.status, stdout: first.stdout }).toEqual({ status: 0, stdout: `${up}\n${down}\n` });
  expect(first.stderr).toContain('crossfade move app.db --names snake --rule person.note=empty:null');
  writeFileSync(up, 'select 1;');

  const again = await runCli(['plan', source, '--migrations', folder]);
  expectOneMessage(again, 'E_USAGE', 2);
  expect(again.stderr).toContain('--next');
  expect(readFileSync(up, 'utf8')).toBe('select 1;');

  const asked = await runCli(['plan', source, '--migrations', folder, '--next', '--name', 'more']);
  expect(asked.status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual([
    '000001_app.down.sql',
    '000001_app.up.sql',
    '000002_more.down.sql',
    '000002_more.up.sql',
  ]);
});

test('names of migrations that are none, and migration options without a folder, are wrong use', async () => {
  const [source, folder] = [smallSource(), join(tempFolder(), 'm')];
  expectOneMessage(await runCli(['plan', source, '--migrations', folder, '--name', '../x']), 'E_USAGE', 2);
  expectOneMessage(await runCli(['plan', source, '--next']), 'E_USAGE', 2);
  expect(existsSync(folder)).toBe(false);
});
