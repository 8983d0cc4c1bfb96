import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { memoryDriver } from '../packages/crossfade/src/drivers/memory/memory.ts';
import { postgresDriver } from '../packages/crossfade/src/drivers/postgres/postgres.ts';
import { sqliteDriver } from '../packages/crossfade/src/drivers/sqlite/store/driver.ts';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { collections } from '../packages/crossfade/src/schema/collection.ts';
import type { Store } from '../packages/crossfade/src/store/contract.ts';
import { openStore } from '../packages/crossfade/src/store/store.ts';
import { withCluster } from './cluster.ts';
import { median } from './process.ts';
import { pageSize, type Person, plainMemory, plainPostgres, plainSqlite, type Side } from './store-plain.ts';

const usage = `npm run bench -- store [--calls 4000] [--rounds 9] [--only memory,sqlite,postgres]
get, put and page by 16 callers, beside hand-written code that does the same; in memory ten times the calls. Exit 1: a store below 0.9 of it.`;

/** How many calls are under way at a time. */
const callers = 16;
const records = 10_000;
/** Of hand-written calls in the same time. */
const ratioMin = 0.9;

const schema = collections({
  people: {
    fields: { id: { type: 'text' }, name: { type: 'text' }, age: { type: 'integer' }, at: { type: 'timestamptz' } },
    key: ['id'],
  },
});

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
  memory: async ({ calls, rounds }) => {
    const store = openStore(schema, memoryDriver());
    // A round of microseconds a call is to last beyond one turn of the scheduler and one pause of the collector.
    const ratios = await compare('memory', [sideOf(store), plainMemory()], { calls: calls * 10, rounds });
    await store.close();
    return ratios;
  },
  sqlite: async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'crossfade-bench-'));
    const store = openStore(schema, sqliteDriver({ path: join(folder, 'store.db'), tables: 'create' }));
    const plain = plainSqlite(join(folder, 'plain.db'));
    try {
      return await compare('sqlite', [sideOf(store), plain], size);
    } finally {
      plain.close();
      await store.close();
      rmSync(folder, { recursive: true });
    }
  },
  postgres: (size) => withCluster(({ target }) => postgres(target, size)),
};

async function postgres(target: Target, size: Size): Promise<number[]> {
  const pool = { minimum: callers, maximum: callers, overflow: 0 };
  const store = openStore(schema, postgresDriver({ target, schema: 'bench', tables: 'create', pool }));
  await store.open();
  const { host, port, user, database, password } = target;
  const plain = new pg.Pool({ host, port, user, database, password, ssl: false, max: callers });
  try {
    return await compare('postgres', [sideOf(store), plainPostgres(plain)], size);
  } finally {
    await plain.end();
    await store.close();
  }
}

/** Prints how many calls a second each side makes, and resolves to the ratios. */
async function compare(name: string, sides: readonly [Side, Side], { calls, rounds }: Size): Promise<number[]> {
  await inTurns(records, (n) => sides[0].put(personOf(n)));
  await inTurns(records, (n) => sides[1].put(personOf(n)));
  const verbs: Readonly<Record<keyof Side, (side: Side, n: number) => Promise<unknown>>> = {
    get: (side, n) => side.get(idOf(n)),
    put: (side, n) => side.put(personOf(n)),
    page: (side, n) => side.page(idOf(n)),
  };
  const ratios: number[] = [];
  for (const [verb, call] of Object.entries(verbs)) {
    const times: [number[], number[]] = [[], []];
    const count = verb === 'page' ? Math.ceil(calls / 10) : calls;
    // The first round warms up. Sides take turns, and so does who begins, so that a busy moment falls on both.
    for (let round = 0; round <= rounds; round++)
      for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const started = performance.now();
        await inTurns(count, (n) => call(sides[i], (n * 7919) % records));
        if (round > 0) times[i].push(performance.now() - started);
      }
    const rates = times.map((each) => Math.round((count / median(each)) * 1_000));
    const ratio = median(times[1].map((time, round) => time / times[0][round]));
    ratios.push(ratio);
    say(
      `${name} ${verb}: ${rates[0]} calls/s, plain ${rates[1]}, ratio ${ratio.toFixed(2)} (median of ${rounds} rounds; gate ${ratioMin} ${ratio >= ratioMin ? 'met' : 'missed'})`,
    );
  }
  return ratios;
}

/** Makes so many calls, sixteen at a time. */
async function inTurns(count: number, call: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

function sideOf(store: Store<typeof schema>): Side {
  return {
    get: (id) => store.read('people', [id]),
    put: (row) => store.write([{ kind: 'put', collection: 'people', row }]),
    page: (after) => store.scan('people', { after: [after], limit: pageSize }),
  };
}

function idOf(n: number): string {
  return `person-${String(n).padStart(8, '0')}`;
}

function personOf(n: number): Person {
  return { id: idOf(n), name: `name of ${n}`, age: n % 100, at: '2026-03-01T09:30:00.123456Z' };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
