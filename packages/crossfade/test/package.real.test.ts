import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from './harness/folders.ts';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };

/** What npm says on stderr is of use only where a command fails, and then it is part of the error. */
function npm(args: string[], cwd: string): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('the packed package installs into an empty folder, without install scripts, and its command and its import work there', () => {
  const folder = tempFolder();
  npm(['pack', '--pack-destination', folder], packageFolder);
  const tarball = `pg-crossfade-${manifest.version}.tgz`;
  const names = execFileSync('tar', ['-tf', join(folder, tarball)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(names).toEqual(
    expect.arrayContaining([
      'package/LICENSE',
      'package/README.md',
      'package/bin/crossfade.mjs',
      'package/dist/index.js',
      'package/dist/ledger/migrations/000001_control.up.sql',
    ]),
  );
  expect(names.filter((name) => /\.test\.|\/src\/|\/test\//.test(name))).toEqual([]);

  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  npm(['install', '--ignore-scripts', join(folder, tarball)], folder);
  expect(npm(['exec', '--no', '--', 'crossfade', '--version'], folder).trim()).toBe(manifest.version);
  const imported = execFileSync(
    process.execPath,
    ['-e', `import('pg-crossfade').then((all) => console.log(Object.keys(all).length > 0))`],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  expect(imported.trim()).toBe('true');
  expect(existsSync(join(folder, 'node_modules', 'pg-crossfade', 'dist', 'index.d.ts'))).toBe(true);
});
