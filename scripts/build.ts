import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSbom } from './sbom.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const published = join(root, 'packages', 'crossfade');

/** Afresh each time: a file that was renamed must not live on in the package. */
rmSync(join(published, 'dist'), { recursive: true, force: true });
const compiler = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(published, 'tsconfig.build.json')];
process.exitCode = spawnSync(process.execPath, compiler, { cwd: root, stdio: 'inherit' }).status ?? 1;

if (process.exitCode === 0) {
  // SQL is nothing to compile, and is read from beside the code.
  const migrations = join('ledger', 'migrations');
  cpSync(join(published, 'src', migrations), join(published, 'dist', migrations), { recursive: true });
  // npm publishes what lies in the package's own folder.
  for (const name of ['LICENSE', 'README.md']) copyFileSync(join(root, name), join(published, name));
  writeSbom(join(published, 'dist', 'sbom.json'));
}
