import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../packages/crossfade/test/harness/folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [runner, vitest] = ['scripts/run.mjs', 'node_modules/vitest/vitest.mjs'];
const harness = 'packages/crossfade/test/harness';
const minutes = 60_000;

/**
 * What depends on the Node that runs it: node:sqlite with its SQLite, streams, workers, signals, TypeScript without a
 * build. Everything else says the same on every Node.
 */
const files = [
  'packages/crossfade/src/drivers/sqlite/catalog.test.ts',
  'packages/crossfade/src/drivers/sqlite/open.test.ts',
  'packages/crossfade/src/drivers/sqlite/plain.test.ts',
  'packages/crossfade/src/drivers/sqlite/reader.test.ts',
  'packages/crossfade/src/drivers/sqlite/run.test.ts',
  'packages/crossfade/src/staging/stage.test.ts',
  'packages/crossfade/test/move/values.test.ts',
  'packages/crossfade/test/cli/output.test.ts',
];

/** A Node at one end of what is promised. */
type End = 'oldest' | 'newest';

/** `file > describe > test`, sorted. */
let wanted: readonly string[] = [];

/** Runs a script by way of run.mjs, under the Node of this process or one of the ends; gives what it has printed. */
async function run(end: End | null, ...args: readonly string[]): Promise<string> {
  // The variables by which vitest's workers know what they are would make another vitest believe that it is one.
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|CROSSFADE_TEST|TEST$|NODE_)/.test(name));
  const child = spawn(process.execPath, [runner, ...(end === null ? [] : ['--node', end]), ...args], {
    cwd: root,
    env: Object.fromEntries(own),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => printed.push(chunk));
  await once(child, 'close');
  return Buffer.concat(printed).toString();
}

/** Every test of the files, as this Node lists them. */
beforeAll(async () => {
  const file = join(tempFolder('nodes-'), 'tests.json');
  const printed = await run(null, vitest, 'list', `--json=${file}`, ...files);
  const listed = parse(file, printed) as { readonly file: string; readonly name: string }[];
  wanted = listed.map(({ file: of, name }) => `${relative(of)} > ${name}`).sort();
  const empty = files.filter((each) => !wanted.some((name) => name.startsWith(each)));
  if (empty.length > 0) throw new Error(`No tests in ${empty.join(', ')}:\n${printed}`);
}, 5 * minutes);

test.each([
  ['oldest', '22.18.0'],
  ['newest', '26.12.1'],
] as const)('what depends on Node passes under the %s one, %s', { timeout: 30 * minutes }, async (end, version) => {
  const folder = tempFolder('nodes-');
  writeFileSync(join(folder, 'version.mjs'), 'console.log(process.versions.node)');
  expect((await run(end, join(folder, 'version.mjs'))).trimEnd().split('\n').at(-1)).toBe(version);

  const file = join(folder, 'results.json');
  const reporters = ['json', `./${harness}/closing-line.ts`].map((reporter) => `--reporter=${reporter}`);
  const printed = await run(end, vitest, 'run', ...reporters, `--outputFile=${file}`, ...files);
  const { testResults } = parse(file, printed) as Results;
  const results = testResults.flatMap(({ name: of, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, ...rest }) => ({
      name: [relative(of), ...ancestorTitles, title].join(' > '),
      ...rest,
    })),
  );
  const passed = results.filter(({ status }) => status === 'passed').map(({ name }) => name);
  expect(results.filter(({ status }) => status !== 'passed').map(told), printed).toEqual([]);
  expect(passed.sort()).toEqual(wanted);
  expect(printed).toContain(`${wanted.length} passed, 0 failed, 0 skipped`);
  process.stdout.write(`${passed.length} tests passed under Node ${version}\n`);
});

/** As much of vitest's JSON report as is read here. */
interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function told(result: { readonly name: string; readonly status: string; readonly failureMessages: readonly string[] }) {
  return [result.name, result.status, ...result.failureMessages].join('\n');
}

/** A file of JSON that a run has written; where there is none, what it has printed says why. */
function parse(file: string, printed: string): unknown {
  if (!existsSync(file)) throw new Error(printed);
  return JSON.parse(readFileSync(file, 'utf8'));
}

function relative(path: string): string {
  return path.replace(root, '');
}
