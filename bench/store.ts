import { parseArgs } from 'node:util';
import pg from 'pg';
import { memoryDriver } from '../packages/crossfade/src/drivers/memory/memory.ts';
import { postgresDriver } from '../packages/crossfade/src/drivers/postgres/postgres.ts';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { collections, type RowOf } from '../packages/crossfade/src/schema/collection.ts';
import type { Store } from '../packages/crossfade/src/store/contract.ts';
import { openStore } from '../packages/crossfade/src/store/store.ts';
import { withCluster } from './cluster.ts';
import { median } from './process.ts';

const usage = `npm run bench -- store [--calls 4000] [--rounds 9]
get, put and page by 16 callers, beside hand-written code that does the same. Exit 1: PostgreSQL below 0.9 of it.`;

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
type Person = RowOf<typeof schema.people>;

/** What is measured, of a store and of plain code. */
interface Side {
  get(id: string): Promise<unknown>;
  put(row: Person): Promise<unknown>;
  page(after: string): Promise<unknown>;
}

/** Runs the bench and resolves to the exit status. */
export async function benchStore(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: 'string', default: '4000' },
      rounds: { type: 'string', default: '9' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return 0;
  }
  const [calls, rounds] = [Number(values.calls), Number(values.rounds)];
  const memory = openStore(schema, memoryDriver());
  await compare('memory', [sideOf(memory), mapSide()], calls, rounds);
  await memory.close();
  const ratios = await withCluster(({ target }) => postgres(target, calls, rounds));
  return ratios.every((ratio) => ratio >= ratioMin) ? 0 : 1;
}

async function postgres(target: Target, calls: number, rounds: number): Promise<number[]> {
  const pool = { minimum: callers, maximum: callers, overflow: 0 };
  const store = openStore(schema, postgresDriver({ target, schema: 'bench', tables: 'create', pool }));
  await store.open();
  const { host, port, user, database, password } = target;
  const plain = new pg.Pool({ host, port, user, database, password, ssl: false, max: callers });
  try {
    return await compare('postgres', [sideOf(store), plainSide(plain)], calls, rounds);
  } finally {
    await plain.end();
    await store.close();
  }
}

/** Prints how many calls a second each side makes, and resolves to the ratios. */
async function compare(name: string, sides: readonly [Side, Side], calls: number, rounds: number): Promise<number[]> {
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
      `${name} ${verb}: ${rates[0]} calls/s, plain ${rates[1]}, ratio ${ratio.toFixed(2)} (median of ${rounds} rounds)`,
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
    page: (after) => store.scan('people', { after: [after], limit: 100 }),
  };
}

/** The same statements as one writes them by hand, with the defaults of node-postgres. */
function plainSide(pool: pg.Pool): Side {
  const columns = 'id, name, age, at';
  const run = (name: string, text: string, values: unknown[]) => pool.query({ name, text, values });
  return {
    get: async (id) => (await run('get', `SELECT ${columns} FROM bench.people WHERE id = $1`, [id])).rows[0] as unknown,
    put: ({ id, name, age, at }) =>
      run(
        'put',
        `INSERT INTO bench.people (${columns}) VALUES ($1, $2, $3, $4)
          ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, age = EXCLUDED.age, at = EXCLUDED.at`,
        [id, name, age, at],
      ),
    page: async (after) =>
      (await run('page', `SELECT ${columns} FROM bench.people WHERE id > $1 ORDER BY id LIMIT 100`, [after])).rows,
  };
}

/** A Map, whose records are copied in and out; a page is looked for in keys that are sorted when they have changed. */
function mapSide(): Side {
  const rows = new Map<string, Person>();
  let keys: string[] = [];
  return {
    get: async (id) => ({ ...rows.get(id) }),
    put: async (row) => void rows.set(row.id, { ...row }),
    page: async (after) => {
      if (keys.length !== rows.size) keys = [...rows.keys()].sort();
      const at = keys.findIndex((key) => key > after);
      return at < 0 ? [] : keys.slice(at, at + 100).map((key) => ({ ...rows.get(key) }));
    },
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
