import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { serverEnv, startCli } from '../support/cli.ts';
import { jsonFile } from '../support/documents.ts';
import { expectOneMessage } from '../support/moves.ts';

/** What lies in the folder of private copies below a working directory; its .gitignore is nobody's data. */
function copies(cwd: string): string[] {
  const folder = join(cwd, '.crossfade', 'staging');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.gitignore') : [];
}

test.each([
  ['plan', 'SIGINT'],
  ['verify', 'SIGTERM'],
  ['move', 'SIGINT'],
] as const)('%s that is interrupted by %s while documents are laid leaves no copy of them', async (command, signal) => {
  const records = Array.from({ length: 150_000 }, (_, id) => `{"id":${id},"note":"${'n'.repeat(20)}"}`);
  const [source, cwd] = [`json:${jsonFile(`[${records.join()}]`)}`, tempFolder()];
  const env = command === 'plan' ? {} : serverEnv(await freshDatabase());
  const running = startCli([command, source], { cwd, env });
  let isOver = false;
  void running.ended.then(() => (isOver = true));
  while (!isOver && copies(cwd).length === 0) await sleep(5);
  expect(copies(cwd)).toHaveLength(1);
  running.kill(signal);
  expectOneMessage(await running.ended, 'E_INTERRUPTED', 1);
  expect(copies(cwd)).toEqual([]);
});
