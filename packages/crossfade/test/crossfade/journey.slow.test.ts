import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { crossedDriver } from '../../src/crossfade/crossed.ts';
import { Operator } from '../../src/control/operator.ts';
import { filesDriver } from '../../src/drivers/files/files.ts';
import { memoryDriver } from '../../src/drivers/memory/memory.ts';
import { postgresDriver } from '../../src/drivers/postgres/postgres.ts';
import { sqliteDriver } from '../../src/drivers/sqlite/store/driver.ts';
import type { Crossable } from '../../src/keep/crossing.ts';
import { Keeper } from '../../src/keep/keeper.ts';
import type { Ledger } from '../../src/ledger/contract.ts';
import { openLedger } from '../../src/ledger/postgres/open.ts';
import { collections } from '../../src/schema/collection.ts';
import { identity } from '../../src/schema/mapping/declare.ts';
import { mappingHash } from '../../src/schema/mapping/unit.ts';
import type { Driver, LiveDriver, Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { postgresStore } from '../support/postgres-store.ts';
import { sqliteStore } from '../support/sqlite-store.ts';

const schema = collections({
  counters: { fields: { id: { type: 'text' }, n: { type: 'integer' } }, key: ['id'] },
  notes: {
    fields: { n: { type: 'bigint' }, counter: { type: 'text' }, at: { type: 'timestamptz' } },
    key: ['n'],
    references: [{ fields: ['counter'], to: 'counters', onRemove: 'remove' }],
  },
});
const mapping = identity(schema);
const by = { actor: 'operator', commit: 'c0ffee' };
const ids = Array.from({ length: 8 }, (_, i) => `c${i}`);

let database: TestDatabase;
let ledger: Ledger;
beforeAll(async () => {
  database = await freshDatabase();
  ledger = await openLedger({ target: database });
});
afterAll(async () => {
  await ledger.close();
  await database.drop();
});

/** An application of one process: it raises counters and adds notes one after the other, and remembers what was acknowledged. */
class Application {
  readonly raised = new Map<string, number>();
  notes = 0;
  /** Notes that were acknowledged, and not there at the next read. */
  readonly unseen: bigint[] = [];
  private readonly store: Store<typeof schema>;
  private readonly first: bigint;
  private isOver = false;
  private running: Promise<void> = Promise.resolve();

  constructor(group: string, source: Driver, number: number) {
    const target = postgresDriver({ target: database, schema: group, tables: 'expect' });
    const times = { pollMs: 25, patienceMs: 30_000 };
    this.store = openStore(
      schema,
      crossedDriver({ ledger, group, mappingHash: mappingHash(mapping), source, target, ...times }),
    );
    this.first = BigInt(number) * 1_000_000n;
  }

  async start(): Promise<void> {
    await this.store.open();
    this.running = this.work();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
    await this.store.close();
  }

  /** Each note is read back at once, from wherever it lies by then. */
  private async work(): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      const id = ids[turn % ids.length];
      await this.store.update('counters', [id], (row) => ({ id, n: (row?.n ?? 0) + 1 }));
      this.raised.set(id, (this.raised.get(id) ?? 0) + 1);
      const n = this.first + BigInt(this.notes);
      const row = { n, counter: id, at: '2026-03-01T09:30:00.123456Z' };
      await this.store.write([{ kind: 'insert', collection: 'notes', row }]);
      this.notes++;
      if ((await this.store.read('notes', [n]))?.counter !== id) this.unseen.push(n);
      await sleep(20);
    }
  }
}

async function countOf(driver: LiveDriver, collection: string): Promise<number> {
  return (await driver.bulk.range(collection, { after: null, upTo: null }, 1_000_000)).length;
}

/** Where an application comes from: the source as the keeper has it, and as each process of the application has it. */
const places: Readonly<Record<string, () => Promise<{ source: Crossable; ofProcesses: Driver[] }>>> = {
  'a SQLite file': async () => {
    const { driver, path } = await sqliteStore({}, schema);
    return { source: driver, ofProcesses: [1, 2].map(() => sqliteDriver({ path, tables: 'expect' })) };
  },
  'a folder of documents': async () => {
    const source = filesDriver({ dir: tempFolder() });
    return { source, ofProcesses: [source] };
  },
  'its own memory': async () => {
    const source = memoryDriver();
    return { source, ofProcesses: [source] };
  },
};

test.each(Object.keys(places))(
  'an application crosses from %s to PostgreSQL while it writes, back with the new data, and forward again: nothing acknowledged is lost',
  async (place) => {
    const { source, ofProcesses } = await places[place]();
    const group = `from ${place}`;
    const { driver: target } = await postgresStore({ target: database, schema: group }, schema);
    await ledger.begin(group, mappingHash(mapping), by);
    const applications = ofProcesses.map((driver, i) => new Application(group, driver, i));
    for (const each of applications) await each.start();
    const keeper = new Keeper({ ledger, group, mapping, source, target }, { ...by, actor: 'keeper' });
    keeper.start();
    onTestFinished(async () => {
      await keeper.stop();
      await Promise.all(applications.map((each) => each.stop()));
    });

    const operator = new Operator({ ledger, group, ...by, waitMs: 60_000, budgetMs: 30_000 });
    for (const state of ['dual', 'shadow', 'primary']) expect((await operator.advance()).control.state).toBe(state);
    expect((await operator.rollback()).control.state).toBe('shadow');
    expect((await operator.advance()).control.state).toBe('primary');
    await operator.finish();
    await Promise.all(applications.map((each) => each.stop()));

    const rows = (await openStore(schema, target).scan('counters')).rows;
    const acknowledged = ids.map((id) => applications.reduce((sum, { raised }) => sum + (raised.get(id) ?? 0), 0));
    expect(rows.map(({ n }) => n)).toEqual(acknowledged);
    expect(await countOf(target, 'notes')).toBe(applications.reduce((sum, { notes }) => sum + notes, 0));
    expect(applications.map(({ unseen }) => unseen)).toEqual(applications.map(() => []));
    expect(Math.min(...acknowledged)).toBeGreaterThan(0);
  },
);
