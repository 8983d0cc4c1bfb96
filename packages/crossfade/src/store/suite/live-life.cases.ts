import assert from 'node:assert/strict';
import type { CrossfadeError } from '../../core/errors.ts';
import type { Store } from '../contract.ts';
import type { Live } from '../live/live.ts';
import type { Supports } from '../supports.ts';
import { everything } from './bulk.cases.ts';
import { refused, same, type Suite } from './check.ts';
import { declares, liveCasesOf } from './live.ts';
import { person, put } from './people.ts';
import type { SuiteSchema } from './schema.ts';

type Verbs<P extends keyof Live> = Readonly<
  Record<string, (part: NonNullable<Live[P]>, live: Live, supports: Supports) => Promise<unknown>>
>;

const mirrored = { collection: 'people', key: ['m'], row: person('m'), version: 1n };

/** Every verb of every part, each of which may follow the ones before it. */
const verbs: { readonly [P in keyof Live]-?: Verbs<P> } = {
  capture: {
    install: (capture) => capture.install(),
    stands: (capture) => capture.stands(),
    entries: (capture) => capture.entries(10),
    clear: async (capture) => capture.clear([{ collection: 'people', key: ['a'], counter: 1, isSettled: true }]),
    remove: (capture) => capture.remove(),
  },
  fence: {
    set: (fence) => fence.set(1n),
    state: (fence) => fence.state(),
    lift: (fence) => fence.lift(1n),
  },
  mirror: {
    begin: (mirror) => mirror.begin(1n),
    apply: (mirror) => mirror.apply(1n, [mirrored]),
    reset: (mirror) => mirror.reset(),
  },
  bulk: {
    range: (bulk) => bulk.range('people', everything, 10),
    load: (bulk, { mirror }) =>
      mirror === undefined
        ? bulk.range('words', everything, 1)
        : bulk.load(1n, 'words', everything, [{ word: 'w', n: 1 }]),
    snapshot: (bulk, _live, { snapshot }) =>
      snapshot ? bulk.snapshot((state) => state.read('people', ['a'])) : bulk.range('people', everything, 1),
  },
  counters: { raise: (counters) => counters.raise('badges', 1n) },
};

/** Each verb of each part in each state of a store's life. */
export function liveLifeCases(suite: Suite): void {
  for (const [name, of] of Object.entries(verbs)) lifeCases(suite, name as 'capture', of as Verbs<'capture'>);
  underWayCases(suite);
}

/** A verb that is called on the part of the store. */
type Call = () => Promise<unknown>;

const neverOpened = 'was never opened';

function lifeCases<P extends keyof Live>({ it }: Suite, name: P, of: Verbs<P>): void {
  const eachVerb = (state: string, run: (call: Call, store: Store<SuiteSchema>) => Promise<void>): void =>
    it(`${name} of a store that ${state}`, async (store, { live }) => {
      const part = live[name];
      assert.equal(part !== undefined, declares[name](store.supports));
      if (part === undefined) return;
      if (name === 'bulk' && state !== neverOpened) {
        await store.open();
        await live.mirror?.begin(1n);
        await store.close();
      }
      for (const call of Object.values(of)) await run(() => call(part, live, store.supports), store);
    });
  eachVerb(neverOpened, async (call) => refused('E_STORE_CLOSED', call()));
  eachVerb('is opening', async (call, store) => {
    const opening = store.open();
    // The driver hears of it when whatever is before it has ended.
    await Promise.all([opening, ticked().then(call)]);
    await store.close();
  });
  eachVerb('is closing', async (call, store) => {
    await store.open();
    const closing = store.close();
    await ticked();
    await refused('E_STORE_CLOSED', call());
    await closing;
  });
  eachVerb('is closed', async (call, store) => {
    await store.open();
    await store.close();
    await refused('E_STORE_CLOSED', call());
  });
  eachVerb('was opened again', async (call, store) => {
    await store.close();
    await store.open();
    await call();
  });
  eachVerb('closes while it is under way, which waits for it', async (call, store) => {
    await store.open();
    let hasEnded = false;
    const called = call().finally(() => (hasEnded = true));
    await store.close();
    await ticked();
    assert.ok(hasEnded, 'the store has closed under a call');
    await called;
  });
}

function underWayCases(suite: Suite): void {
  liveCasesOf(suite, 'mirror')('nothing of a call comes after the store was closed', async (mirror, store, place) => {
    const records = Array.from({ length: 30 }, (_, i) => ({ ...mirrored, key: [`m${i}`], row: person(`m${i}`) }));
    await mirror.begin(1n);
    const applied = mirror.apply(1n, records).then(
      (count) => count,
      (error: CrossfadeError) => same(error.code, 'E_STORE_CLOSED'),
    );
    await store.close();
    const other = place.reopen().store;
    try {
      for (const { key } of records)
        if ((await other.read('people', key)) !== null) await other.write([put(person(key[0], { age: 9 }))]);
      const written = (await applied) ?? 0;
      for (const [i, { key }] of records.entries())
        same((await other.read('people', key))?.age, i < written ? 9 : undefined);
    } finally {
      await other.close();
    }
  });
}

/** What has been begun has got as far as it gets by itself. */
async function ticked(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
