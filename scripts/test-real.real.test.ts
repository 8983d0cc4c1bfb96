import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program of the checkout where a file seems not to be there, and nothing can install it. */
function without(part: string, program: string): { status: number | null; said: string } {
  const hide = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    const { existsSync } = fs; fs.existsSync = (path) => !String(path).includes('${part}') && existsSync(path);
    syncBuiltinESMExports(); ${program}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', hide], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: tempFolder() },
  });
  return { status, said: stdout + stderr };
}

test.each(['postgresql/15/bin/postgres', 'psql', 'pgbouncer', 'pgloader'])(
  'where %s is missing, test:real fails with a sentence that names it, and tests nothing',
  (part) => {
    const { status, said } = without(part, `await import('./scripts/test-real.ts');`);
    expect(status).toBe(1);
    expect(said).toMatch(/apt-get could not be run/);
    expect(said).toMatch(/Missing: .+\. Run this once as root on Debian 12.+ Nothing was tested\.\n/);
    expect(said).not.toMatch(/passed|RUN/);
  },
);

test('so does its second half when it is begun by hand, rather than skip what it is there for', () => {
  const setup = `const { default: setup } = await import('./packages/crossfade/test/harness/debian-setup.ts'); await setup();`;
  const { status, said } = without('/usr/lib/postgresql', setup);
  expect(status).toBe(1);
  expect(said).toMatch(/\/usr\/lib\/postgresql\/15\/bin is missing: npm run test:real installs it/);
});
