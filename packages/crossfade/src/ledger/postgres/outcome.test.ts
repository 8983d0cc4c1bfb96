import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/harness/postgres.ts';
import { type Fate, faultProxy, type Link } from '../../../test/support/fault-proxy.ts';
import { Pool } from '../../drivers/postgres/pool.ts';
import { connect } from '../../pg/connect.ts';
import type { Control, Ledger } from '../contract.ts';
import { PostgresLedger } from './ledger.ts';
import { openLedger } from './open.ts';

const by = { actor: 'operator', commit: 'c0ffee' } as const;

let target: TestDatabase;
let direct: Ledger;
beforeAll(async () => {
  target = await freshDatabase();
  direct = await openLedger({ target });
});
afterAll(async () => {
  await direct.close();
  await target.drop();
});

/** The same ledger by a way on which things happen. */
interface Way {
  readonly ledger: Ledger;
  readonly texts: () => readonly string[];
  /** What happens to the next COMMIT; undefined when it has. */
  fate?: ((link: Link) => Fate) | undefined;
  /** Nothing arrives any more. */
  isDown: boolean;
}

async function wayTo(): Promise<Way> {
  const proxy = await faultProxy(target, {
    onCall: ({ text }, link) => {
      if (way.isDown) return link.cut(), 'swallow';
      if (way.fate === undefined || !text.startsWith('COMMIT')) return undefined;
      const chosen = way.fate;
      way.fate = undefined;
      return chosen(link);
    },
  });
  const ledger = new PostgresLedger(new Pool(() => connect({ ...target, ...proxy })));
  onTestFinished(() => ledger.close());
  const way: Way = { ledger, texts: proxy.texts, isDown: false };
  return way;
}

let groups = 0;
let group = '';
let begun: Control;
beforeEach(async () => {
  group = `group ${++groups}`;
  begun = await direct.begin(group, 'mapping', by);
});

const fates: Readonly<Record<string, (link: Link) => Fate>> = {
  'loses its reply': () => 'drop reply',
  'is cut off before it arrives': (link) => (link.cut(), 'swallow'),
};

test.each(Object.keys(fates))('a step whose COMMIT %s is taken once, and is told as taken', async (name) => {
  const way = await wayTo();
  way.fate = fates[name];
  const { outcome, control } = await way.ledger.step(group, { from: begun, to: 'dual', ...by });
  expect([outcome, control.state, control.epoch]).toEqual(['done', 'dual', 1n]);
  expect(way.fate).toBeUndefined();
  expect((await direct.history(group)).map(({ did }) => did)).toEqual(['begin', 'step']);
});

test.each(Object.keys(fates))('a registration whose COMMIT %s is not taken for another one of its id', async (name) => {
  const way = await wayTo();
  way.fate = fates[name];
  const id = `a of ${group}`;
  const control = await way.ledger.register(group, { id, mappingHash: 'mapping', leaseMs: 60_000 });
  expect(control.epoch).toBe(0n);
  expect(way.fate).toBeUndefined();
  expect((await direct.members(group)).instances.map((each) => each.id)).toEqual([id]);
});

test('a step whose answer stays lost is of unknown outcome, and is resolved by asking again under its id', async () => {
  const way = await wayTo();
  const request = { id: randomUUID(), from: begun, to: 'dual', ...by } as const;
  way.fate = () => {
    way.isDown = true;
    return 'drop reply';
  };
  await expect(way.ledger.step(group, request)).rejects.toMatchObject({ code: 'E_OUTCOME_UNKNOWN' });
  way.isDown = false;
  expect(await way.ledger.step(group, request)).toMatchObject({
    outcome: 'done',
    control: { state: 'dual', epoch: 1n },
  });
  expect(await way.ledger.step(group, { ...request, id: randomUUID() })).toMatchObject({ outcome: 'lost' });
  expect((await direct.history(group)).map(({ stepId }) => stepId)).toEqual([null, request.id]);
});

test('a ledger that cannot be reached has changed nothing', async () => {
  const way = await wayTo();
  way.isDown = true;
  await expect(way.ledger.step(group, { from: begun, to: 'dual', ...by })).rejects.toMatchObject({
    code: 'E_LEDGER_FAILED',
  });
  way.isDown = false;
  expect(await direct.control(group)).toEqual(begun);
});

test('a renewal is one round trip', async () => {
  const way = await wayTo();
  const id = `a of ${group}`;
  const acked = await way.ledger.register(group, { id, mappingHash: 'mapping', leaseMs: 60_000 });
  await way.ledger.renew(id, { acked, leaseMs: 60_000 });
  const before = way.texts().length;
  await way.ledger.renew(id, { acked, leaseMs: 60_000 });
  expect(
    way
      .texts()
      .slice(before)
      .filter((text) => text !== ''),
  ).toEqual([expect.stringContaining('crossfade.ledger_renew')]);
});
