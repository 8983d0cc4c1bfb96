import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the demo ends well, and says how long its moves took and where to look', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'demo'], { cwd: root, encoding: 'utf8' });
  expect({ status, stderr: stderr.includes('E_') }).toEqual({ status: 0, stderr: false });
  expect(stdout).toMatch(/Exit 0: every value arrived and was compared/);
  expect(stdout).toMatch(/Exit 4: finished, with an account/);
  expect(stdout).toMatch(/npx crossfade postgres stop/);
});
