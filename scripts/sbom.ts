import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What of package-lock.json is read here. */
interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly link?: boolean }>>;
}

/**
 * Lists what the published package brings along, with version, licence and SHA-512 of each (CycloneDX, JSON). `npm sbom
 * --omit dev` leaves out here what a tool of the checkout needs as well; so npm is asked in a folder that has the
 * published package and what the lock names for it, and no tools.
 */
export function writeSbom(path: string): void {
  const parent = mkdtempSync(join(tmpdir(), 'crossfade-sbom-'));
  try {
    // npm calls the whole after its folder.
    const folder = join(parent, 'pg-crossfade');
    mkdirSync(folder);
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
    const manifest = JSON.parse(readFileSync(join(root, 'packages', 'crossfade', 'package.json'), 'utf8')) as object;
    const published = Object.entries(lock.packages).filter(
      ([place, { dev, link }]) => place.startsWith('node_modules/') && dev !== true && link !== true,
    );
    const packages = { '': manifest, ...Object.fromEntries(published) };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    const ask = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
    writeFileSync(
      path,
      execFileSync('npm', ask, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
    );
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
