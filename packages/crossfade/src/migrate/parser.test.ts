import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const source = readFileSync(new URL('./parser.ts', import.meta.url), 'utf8');

/** What V8 says of a process that parses: how it compiles WebAssembly, and what of that it optimises. */
function compiled(script: string): { status: number | null; compiles: boolean; optimises: string[] } {
  const args = ['--trace-wasm-compilation-times', '--input-type=module', '-e', script];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder });
  const lines = stdout.split('\n');
  const optimises = lines.filter((line) => line.includes('using TurboFan'));
  return { status, compiles: lines.some((line) => line.includes('using Liftoff')), optimises };
}

test('a process that reads much SQL spends no time and memory on making the parser faster', () => {
  const body = 'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$';
  // As JavaScript: what takes the types away is WebAssembly as well.
  const script = `${stripTypeScriptTypes(source)}
    await loadModule();
    const sql = "SELECT 1, 'two', now();\\n".repeat(400);
    for (let n = 0; n < 10; n++) { parseSync(sql); scanSync(sql); parsePlPgSQLSync(${JSON.stringify(body)}); }`;
  expect(compiled(script)).toEqual({ status: 0, compiles: true, optimises: [] });
});

test('nobody goes past it to the parser', () => {
  const files = globSync('../**/*.ts', { cwd: folder }).filter((path) => !path.endsWith('.test.ts'));
  const users = files.filter((path) => readFileSync(`${folder}/${path}`, 'utf8').includes("from 'libpg-query'"));
  expect(users.map((path) => path.replace(/.*\//, ''))).toEqual(['parser.ts']);
});
