import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Fetched once, and kept between runs. */
const cache = fileURLToPath(new URL('../../../../.crossfade/projects/', import.meta.url));

/** Somebody's published package that has SQL in it. */
export type Package = { readonly debian: string } | { readonly npm: string };

/** A file of a package: what it is called, and its bytes, without the compression that the packager has put around them. */
export interface ProjectFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The files that the patterns name, pattern by pattern, each in the order of the numbers in its names. */
export function projectFiles(from: Package, patterns: readonly string[]): ProjectFile[] {
  const folder = fetched(from);
  const order = new Intl.Collator('en', { numeric: true });
  return patterns.flatMap((pattern) => {
    const paths = globSync(pattern, { cwd: folder }).sort((a, b) => order.compare(a, b));
    if (paths.length === 0) throw new Error(`${JSON.stringify(from)} has no ${pattern}`);
    return paths.map((path) => {
      const bytes = readFileSync(join(folder, path));
      return { name: nameOf(path), bytes: path.endsWith('.gz') ? gunzipSync(bytes) : bytes };
    });
  });
}

/** With the folder where it tells versions apart, as in `upgrade/80-81/001-auto.sql`. */
function nameOf(path: string): string {
  const parts = path.split('/');
  const folder = /^\d/.test(parts.at(-2) ?? '') ? `${parts.at(-2)}-` : '';
  return `${folder}${basename(path).replace(/(\.sql)?(\.gz)?$/, '')}`.replaceAll(/[^\w.-]/g, '_');
}

/** The folder of an unpacked package: whole or absent, since two runs may fetch it at once. Nothing of it is installed. */
export function fetched(from: Package): string {
  const label = 'debian' in from ? from.debian : from.npm;
  const folder = join(cache, label.replaceAll(/[^\w.@-]/g, '_'));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    const unpacked = join(fresh, 'package');
    mkdirSync(unpacked);
    if ('debian' in from) unpackDebian(from.debian, fresh, unpacked);
    else unpackNpm(from.npm, fresh, unpacked);
    renameSync(unpacked, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

function unpackDebian(name: string, cwd: string, to: string): void {
  const download = (): void => run('apt-get', ['download', '-q', name], cwd);
  try {
    download();
  } catch {
    // Its lists may be missing, or older than the package.
    run('apt-get', ['update', '-q'], cwd);
    download();
  }
  run('dpkg-deb', ['-x', theFile(cwd, '.deb'), to], cwd);
}

function unpackNpm(name: string, cwd: string, to: string): void {
  run('npm', ['pack', '--silent', name], cwd);
  run('tar', ['-xzf', theFile(cwd, '.tgz'), '-C', to, '--strip-components=1'], cwd);
}

function theFile(folder: string, ending: string): string {
  const found = readdirSync(folder).find((name) => name.endsWith(ending));
  if (found === undefined) throw new Error(`no ${ending} was fetched`);
  return join(folder, found);
}

/** What it says on stderr is of use only where it fails, and then it is part of the error. */
function run(command: string, args: string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}
