import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const notCloned = new Set(['node_modules', '.nodes', '.git', '.crossfade', 'dist']);

/** A checkout as git leaves it: nothing installed. */
function freshClone(): string {
  const clone = join(tempFolder(), 'clone');
  cpSync(root, clone, { recursive: true, filter: (path) => !notCloned.has(basename(path)) });
  return clone;
}

test('a fresh clone under Node 20 brings what is missing, for two terminals at once, and keeps its standard output clean', async () => {
  const old = tempFolder();
  const oldNode = `node-${process.platform}-${process.arch}@20`;
  await run('npm', ['install', '--prefix', old, '--no-audit', '--no-fund', '--ignore-scripts', `node@npm:${oldNode}`]);
  const env = { ...process.env, PATH: `${join(old, 'node_modules', 'node', 'bin')}${delimiter}${process.env.PATH}` };
  expect((await run('node', ['--version'], { env })).stdout).toMatch(/^v20\./);

  const clone = freshClone();
  const command = () => run('npx', ['crossfade', '--version'], { cwd: clone, env });
  const script = () =>
    run('npm', ['run', '--silent', 'corpus', '--', '--help'], { cwd: clone, env }).catch((error: Error) => error);
  const [one, two] = await Promise.all([command(), command(), script()]);
  const { version } = JSON.parse(readFileSync(join(root, 'packages', 'crossfade', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(one.stdout).toBe(`${version}\n`);
  expect(two.stdout).toBe(`${version}\n`);
  expect(readdirSync(join(clone, '.nodes')).filter((name) => name.startsWith('new-'))).toEqual([]);

  // The second time there is nothing to bring, so nothing is said.
  const { stdout, stderr } = await run(join(clone, 'packages', 'crossfade', 'bin', 'crossfade.mjs'), ['--version'], {
    env,
  });
  expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
});
