import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Of Debian: an account that owns nothing. */
const nobody = { user: '65534', group: '65534' };

/** What depends on who runs it: servers, their accounts and folders, and rights of files. */
const files = ['src/pg/sql.test.ts', 'src/pg/embedded/embedded.test.ts', 'test/cli/failures.test.ts'];

/** The checkout as a clone has it, with what npm has brought and this Node, in a folder of that user alone. */
function cloneOf(folder: string): string {
  const git = [
    '-c',
    `safe.directory=${root.replace(/\/$/, '')}`,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ];
  const names = execFileSync('git', git, { cwd: root, encoding: 'utf8' }).split('\0');
  for (const name of names.filter((each) => each !== '' && existsSync(join(root, each)))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(root, name), join(folder, name));
  }
  execFileSync('cp', ['-a', '--reflink=auto', join(root, 'node_modules'), folder]);
  cpSync(process.execPath, join(folder, 'node'));
  return join(folder, 'node');
}

test('npm test passes as an ordinary user too, in a clone of its own', () => {
  const folder = tempFolder();
  const node = cloneOf(folder);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chown', ['-R', `${nobody.user}:${nobody.group}`, folder]);
  const leave = ['--reuid', nobody.user, '--regid', nobody.group, '--clear-groups', '--inh-caps=-all', node];
  const [command = '', ...before] = isRoot ? ['setpriv', ...leave] : [node];
  const run = (...args: string[]) =>
    spawnSync(command, [...before, ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH ?? ''}`, HOME: folder },
    });
  expect(run('-p', 'process.getuid()').stdout.trim()).not.toBe('0');
  const paths = files.map((file) => `packages/crossfade/${file}`);
  const { status, stdout, stderr } = run('node_modules/vitest/vitest.mjs', 'run', ...paths);
  expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  expect(stdout).toMatch(/\n[1-9]\d* passed, 0 failed, 0 skipped\s*$/);
}, 600_000);
