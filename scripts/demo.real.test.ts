import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { embeddedStatus, stopEmbedded } from '../packages/crossfade/src/pg/embedded/embedded.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = fileURLToPath(new URL('../.crossfade/postgres', import.meta.url));

test('the demo ends well, and says how long its moves took and where to look', () => {
  // The demo leaves its server for whoever wants to look; somebody else's, which ran before, stays.
  if (!embeddedStatus({ folder }).running) onTestFinished(() => stopEmbedded({ folder }).then(() => undefined));
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'demo'], { cwd: root, encoding: 'utf8' });
  expect({ status, stderr: stderr.includes('E_') }).toEqual({ status: 0, stderr: false });
  expect(stdout).toMatch(/Exit 0: every value arrived and was compared/);
  expect(stdout).toMatch(/Exit 4: finished, with an account/);
  expect(stdout).toMatch(/npx crossfade postgres stop/);
  expect(stdout).toMatch(/The demo took \d+\.\d s, .+; 60 are promised/);
});
