import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { memoryDriver } from '../packages/crossfade/src/drivers/memory/memory.ts';
import { postgresDriver } from '../packages/crossfade/src/drivers/postgres/postgres.ts';
import { sqliteDriver } from '../packages/crossfade/src/drivers/sqlite/store/driver.ts';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { collections } from '../packages/crossfade/src/schema/collection.ts';
import type { Driver } from '../packages/crossfade/src/store/contract.ts';
import { openStore } from '../packages/crossfade/src/store/store.ts';
import { pageSize, type Person, plainMemory, plainPostgres, plainSqlite, type Side } from './store-plain.ts';

/** How many calls are under way at a time. */
export const callersMax = 16;

/** What a thread is made for: one side of one comparison, and where its records lie. */
export interface SideSeed {
  readonly store: 'memory' | 'sqlite' | 'postgres';
  readonly side: 'store' | 'plain';
  /** For sqlite. */
  readonly path?: string;
  /** For postgres. */
  readonly target?: Target;
}

/** What a thread is asked: so many calls of a verb, sixteen at a time. It answers with the milliseconds they took. */
export interface Calls {
  readonly verb: keyof Side;
  readonly count: number;
}

const records = 10_000;

const schema = collections({
  people: {
    fields: { id: { type: 'text' }, name: { type: 'text' }, age: { type: 'integer' }, at: { type: 'timestamptz' } },
    key: ['id'],
  },
});

const makers: Readonly<Record<SideSeed['store'], Readonly<Record<SideSeed['side'], (seed: SideSeed) => Side>>>> = {
  memory: { store: () => sideOf(memoryDriver()), plain: plainMemory },
  sqlite: {
    store: ({ path = '' }) => sideOf(sqliteDriver({ path, tables: 'create' })),
    plain: ({ path = '' }) => plainSqlite(path),
  },
  postgres: {
    store: ({ target }) => {
      const pool = { minimum: callersMax, maximum: callersMax, overflow: 0 };
      return sideOf(postgresDriver({ target: target as Target, schema: 'bench', tables: 'create', pool }));
    },
    plain: ({ target }) => {
      const { host, port, user, database, password } = target as Target;
      return plainPostgres(new pg.Pool({ host, port, user, database, password, ssl: false, max: callersMax }));
    },
  },
};

const verbs: Readonly<Record<keyof Side, (side: Side, n: number) => Promise<unknown>>> = {
  get: (side, n) => side.get(idOf(n)),
  put: (side, n) => side.put(personOf(n)),
  page: (side, n) => side.page(idOf(n)),
};

const port = parentPort;
if (port !== null) {
  const seed = workerData as SideSeed;
  const side = makers[seed.store][seed.side](seed);
  await inTurns(records, (n) => side.put(personOf(n)));
  port.postMessage('ready');
  for (;;) {
    const [{ verb, count }] = (await once(port, 'message')) as [Calls];
    const call = verbs[verb];
    const started = performance.now();
    await inTurns(count, (n) => call(side, (n * 7919) % records));
    port.postMessage(performance.now() - started);
  }
}

/** Makes so many calls, sixteen at a time. */
async function inTurns(count: number, call: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: callersMax }, caller));
}

function sideOf(driver: Driver): Side {
  const store = openStore(schema, driver);
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
