import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the real suites use that npm does not bring: Debian's package, and a file that tells whether it is there. */
const parts = [
  { name: 'postgresql', file: '/usr/lib/postgresql/15/bin/postgres' },
  { name: 'postgresql-client', file: '/usr/lib/postgresql/15/bin/psql' },
  { name: 'pgbouncer', file: '/usr/sbin/pgbouncer' },
  { name: 'pgloader', file: '/usr/bin/pgloader' },
];

const missing = (): string[] => parts.filter(({ file }) => !existsSync(file)).map(({ name }) => name);

function run(command: string, args: string[]): number {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error) console.error(`${command} could not be run: ${error.message}`);
  return status ?? 1;
}

/** Asked as root only: a password prompt in the middle of a test run helps nobody. */
function install(): void {
  const wanted = missing();
  if (wanted.length === 0) return;
  console.log(`Installing ${wanted.join(', ')} from Debian ...`);
  if (run('apt-get', ['update', '-q']) === 0)
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...wanted]);
}

install();
const still = missing();
if (still.length > 0) {
  console.error(
    `Missing: ${still.join(', ')}. Run this once as root on Debian 12, or install them there by hand. Nothing was tested.`,
  );
  process.exitCode = 1;
} else {
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'vitest.real.config.ts',
    ...process.argv.slice(2),
  ];
  process.exitCode = run(process.execPath, vitest);
}
