import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { migrationFolder } from '../support/migrations.ts';

const bin = fileURLToPath(new URL('../../bin/crossfade.mjs', import.meta.url));

test('a command that reads SQL ends with its work, and does not wait until the parser is optimised', () => {
  const folder = migrationFolder({ '1_selects': ["SELECT 1, 'two', now();\n".repeat(400), 'SELECT 1;'] });
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--trace-wasm-compilation-times', bin, 'migrate', 'lint', '--dir', folder],
    { encoding: 'utf8' },
  );
  expect([status, stdout]).toEqual([0, expect.stringContaining('using Liftoff')]);
  expect(stdout.split('\n').filter((line) => line.includes('using TurboFan'))).toEqual([]);
});
