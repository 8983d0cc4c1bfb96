import assert from 'node:assert/strict';
import type { CrossfadeError } from '../../core/errors.ts';
import type { Row } from '../../schema/collection.ts';
import type { Store } from '../contract.ts';
import type { Live } from '../live/live.ts';
import { everything } from './bulk.cases.ts';
import { same, type Suite } from './check.ts';
import { person } from './people.ts';
import { changeOf, type Random, randomOf } from './random.cases.ts';
import type { SuiteSchema } from './schema.ts';

/** Ids of the histories, in order. */
const ids = Array.from({ length: 6 }, (_, i) => `p${i}`);

/** Histories in which the store is written, mirrored into and loaded in turn, beside a model of what it then holds. */
export function liveRandomCases({ it }: Suite): void {
  for (let seed = 1; seed <= 5; seed++) {
    it(`a random history of writes, mirroring and loads, seed ${seed}`, async (store, { live }) => {
      await store.open();
      await live.capture?.install();
      await live.mirror?.begin(1n);
      const model: Model = { rows: new Map(), versions: new Map(), written: new Set() };
      const random = randomOf(seed * 7_919);
      for (let i = 0; i < 60; i++) {
        await steps[random(steps.length)](store, live, model, random);
        const id = ids[random(ids.length)];
        same(await store.read('people', [id]), model.rows.get(id) ?? null);
      }
      for (const id of ids) same(await store.read('people', [id]), model.rows.get(id) ?? null);
      if (live.bulk !== undefined) same(await live.bulk.range('people', everything, 10), inOrder(model));
    });
  }
}

/** What the store has to hold, which versions were mirrored, and what was written since entries were cleared. */
interface Model {
  readonly rows: Map<string, Row>;
  readonly versions: Map<string, bigint>;
  readonly written: Set<string>;
}

type Step = (store: Store<SuiteSchema>, live: Live, model: Model, random: Random) => Promise<void>;

const steps: readonly Step[] = [write, write, mirror, load, drain];

async function write(store: Store<SuiteSchema>, _live: Live, model: Model, random: Random): Promise<void> {
  const change = changeOf(random);
  if (change.collection !== 'people') return;
  const id = change.kind === 'insert' || change.kind === 'put' ? change.row.id : (change.key as [string])[0];
  const before = model.rows.get(id);
  const code =
    change.kind === 'insert' && before ? 'E_KEY_EXISTS' : change.kind === 'patch' && !before ? 'E_KEY_MISSING' : null;
  const answer = await store.write([change]).then(
    () => null,
    (error: CrossfadeError) => error.code,
  );
  assert.equal(answer, code);
  if (code !== null) return;
  if (change.kind !== 'remove' || before !== undefined) model.written.add(id);
  if (change.kind === 'remove') model.rows.delete(id);
  else if (change.kind === 'patch') model.rows.set(id, { ...before, ...change.set });
  else model.rows.set(id, change.row);
}

/** One key at a version that may have come before. */
async function mirror(_store: Store<SuiteSchema>, live: Live, model: Model, random: Random): Promise<void> {
  if (live.mirror === undefined) return;
  const id = ids[random(ids.length)];
  const version = BigInt(random(30));
  const row = random(3) === 0 ? null : person(id, { age: 1_000 + Number(version) });
  const isLater = version > (model.versions.get(id) ?? -1n);
  same(await live.mirror.apply(1n, [{ collection: 'people', key: [id], row, version }]), isLater ? 1 : 0);
  if (!isLater) return;
  model.versions.set(id, version);
  if (row === null) model.rows.delete(id);
  else model.rows.set(id, row);
}

/** A range, which keeps what was written since the entries were cleared, as the copy of a follower does. */
async function load(_store: Store<SuiteSchema>, live: Live, model: Model, random: Random): Promise<void> {
  if (live.bulk === undefined || live.mirror === undefined) return;
  const [from, to] = [random(ids.length) - 1, random(ids.length)];
  const within = ids.filter((_, i) => i > from && i <= to);
  const rows = within.filter(() => random(2) === 0).map((id) => person(id, { age: 2_000 + random(100) }));
  const kept = ids.filter((id) => model.written.has(id));
  const range = { after: from < 0 ? null : [ids[from]], upTo: [ids[to]] };
  await live.bulk.load(
    1n,
    'people',
    range,
    rows,
    kept.map((id) => [id]),
  );
  const given = new Map(rows.map((row) => [row.id, row]));
  for (const id of within.filter((each) => !kept.includes(each))) {
    const row = given.get(id);
    if (row === undefined) model.rows.delete(id);
    else model.rows.set(id, row);
  }
}

/** Every write is noted, and by triggers nothing else. */
async function drain(store: Store<SuiteSchema>, { capture }: Live, model: Model): Promise<void> {
  if (capture === undefined) return model.written.clear();
  const entries = await capture.entries(1_000);
  const noted = new Set(entries.map(({ key }) => (key as [string])[0]));
  for (const id of model.written) assert.ok(noted.has(id), 'a write was not noted');
  if (store.supports.capture === 'triggers') same([...noted].sort(), [...model.written].sort());
  await capture.clear(entries);
  model.written.clear();
}

function inOrder({ rows }: Model): Row[] {
  return ids.map((id) => rows.get(id)).filter((row) => row !== undefined);
}
