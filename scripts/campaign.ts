import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `npm run campaign -- stores [--runs 1000]
Repeats what npm test does a few times: kills the server or the process under each store, and looks for what was lost.
npm run campaign -- nodes
What depends on Node, under the oldest one that is promised and the newest.
npm run campaign -- documents
Every nasty input that moves is moved, exported as documents and as JSON, and moved again.`;

const inReal = ['--config', 'vitest.real.config.ts', '--project', 'real'];

/** What vitest is told, by the name of the campaign. Kill tests take the number of their kills from CROSSFADE_TEST_KILLS. */
const campaigns: Readonly<Record<string, readonly string[]>> = {
  stores: [
    'packages/crossfade/src/drivers/postgres/kills.test.ts',
    'packages/crossfade/src/drivers/files/kill.test.ts',
    'packages/crossfade/test/store/sqlite-processes.test.ts',
  ],
  nodes: [...inReal, 'scripts/nodes.real.test.ts'],
  documents: [...inReal, 'packages/crossfade/test/nasty/round-trip-documents.real.test.ts'],
};

/** Runs a campaign and answers its exit status: 2 for wrong use, 1 for anything lost. */
function campaign(args: string[]): number {
  const asked = read(args);
  if (asked === null) {
    console.error(usage);
    return 2;
  }
  const { files, runs } = asked;
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose', ...files];
  const { status, error } = spawnSync(process.execPath, vitest, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, CROSSFADE_TEST_KILLS: runs, CROSSFADE_TEST_CAMPAIGN: '1' },
  });
  if (error) console.error(`The campaign could not be run: ${error.message}`);
  return status ?? 1;
}

/** Null for wrong use. */
function read(args: string[]): { files: readonly string[]; runs: string } | null {
  try {
    const options = { runs: { type: 'string', default: '1000' } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [name = '', ...others] = positionals;
    const isRight = Object.hasOwn(campaigns, name) && others.length === 0 && /^[1-9]\d*$/.test(values.runs);
    return isRight ? { files: campaigns[name], runs: values.runs } : null;
  } catch {
    return null;
  }
}

process.exitCode = campaign(process.argv.slice(2));
