import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';

const runner = fileURLToPath(new URL('run.mjs', import.meta.url));

/** Runs a script by way of run.mjs; `ready` resolves with its first output. */
function start(script: string, args: string[] = []) {
  const file = join(tempFolder(), 'script.mjs');
  writeFileSync(file, script);
  const child = spawn(process.execPath, [runner, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  return { child, ready: once(child.stdout, 'data').then(([text]) => text as string), end: once(child, 'exit') };
}

test('arguments arrive as they are, and the exit status is the one of the file', async () => {
  const args = ['a b', '', '--flag=#?', '$HOME'];
  const { ready, end } = start('console.log(JSON.stringify(process.argv.slice(2))); process.exit(7)', args);
  expect(JSON.parse(await ready)).toEqual(args);
  expect(await end).toEqual([7, null]);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s reaches the file, which may end as it likes',
  async (signal) => {
    const { child, ready, end } = start(
      `process.on('${signal}', () => process.exit(42)); setInterval(() => {}, 1000); console.log('ready')`,
    );
    await ready;
    child.kill(signal);
    expect(await end).toEqual([42, null]);
  },
);

test('a file that dies of a signal makes the runner die of the same', async () => {
  const { ready, end } = start(
    `console.log('ready'); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50); setInterval(() => {}, 1000)`,
  );
  await ready;
  expect(await end).toEqual([null, 'SIGTERM']);
});
