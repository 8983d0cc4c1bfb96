import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { withCluster } from './cluster.ts';
import { median } from './process.ts';
import { type Calls, callersMax, type SideSeed } from './store-side.ts';

const usage = `npm run bench -- store [--calls 4000] [--rounds 9] [--only memory,sqlite,postgres]
get, put and page by ${callersMax} callers, beside hand-written code that does the same; in memory a hundred times the calls. Exit 1: a store below 0.9 of it.`;

/** Of hand-written calls in the same time. */
const ratioMin = 0.9;

/** Runs the bench and resolves to the exit status. */
export async function benchStore(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '9' },
      only: { type: 'string', default: 'memory,sqlite,postgres' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return 0;
  }
  const size = { calls: Number(values.calls), rounds: Number(values.rounds) };
  const names = values.only.split(',');
  const unknown = names.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) {
    say(`There is no store ${JSON.stringify(unknown)} here. Nothing was run.\n${usage}`);
    return 2;
  }
  const ratios: number[] = [];
  for (const name of names) ratios.push(...(await benches[name](size)));
  return ratios.every((ratio) => ratio >= ratioMin) ? 0 : 1;
}

interface Size {
  readonly calls: number;
  readonly rounds: number;
}

const benches: Readonly<Record<string, (size: Size) => Promise<number[]>>> = {
  // A round of microseconds a call is to last beyond one turn of the scheduler and one pause of the collector.
  memory: ({ calls, rounds }) => compare('memory', () => ({}), { calls: calls * 100, rounds }),
  sqlite: async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'crossfade-bench-'));
    try {
      return await compare('sqlite', (side) => ({ path: join(folder, `${side}.db`) }), size);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  postgres: (size) => withCluster(({ target }) => compare('postgres', () => ({ target }), size)),
};

type Place = Pick<SideSeed, 'path' | 'target'>;

/** Prints how many calls a second each side makes, and resolves to the ratios. */
async function compare(
  store: SideSeed['store'],
  placeOf: (side: SideSeed['side']) => Place,
  { calls, rounds }: Size,
): Promise<number[]> {
  // The store is there first: its tables are what hand-written code works on too.
  const sides = [await start({ store, side: 'store', ...placeOf('store') })];
  sides.push(await start({ store, side: 'plain', ...placeOf('plain') }));
  const ratios: number[] = [];
  for (const verb of ['get', 'put', 'page'] as const) {
    const times: [number[], number[]] = [[], []];
    const count = verb === 'page' ? Math.ceil(calls / 10) : calls;
    // The first round warms up. Sides take turns, and so does who begins, so that a busy moment falls on both.
    for (let round = 0; round <= rounds; round++)
      for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const tookMs = await ask(sides[i], { verb, count });
        if (round > 0) times[i].push(tookMs);
      }
    const rates = times.map((each) => Math.round((count / median(each)) * 1_000));
    const ratio = median(times[1].map((time, round) => time / times[0][round]));
    ratios.push(ratio);
    say(
      `${store} ${verb}: ${rates[0]} calls/s, plain ${rates[1]}, ratio ${ratio.toFixed(3)} (median of ${rounds} rounds; gate ${ratioMin} ${ratio >= ratioMin ? 'met' : 'missed'})`,
    );
  }
  for (const side of sides) await side.terminate();
  return ratios;
}

/** A thread for each side: in one, what the compiler has learned of one side's calls would slow down the other's. */
async function start(seed: SideSeed): Promise<Worker> {
  const worker = new Worker(new URL('store-side.ts', import.meta.url), { workerData: seed });
  await once(worker, 'message');
  return worker;
}

async function ask(side: Worker, calls: Calls): Promise<number> {
  side.postMessage(calls);
  const [tookMs] = (await once(side, 'message')) as [number];
  return tookMs;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
