import assert from 'node:assert/strict';
import type { Store } from '../contract.ts';
import type { Live } from '../live/live.ts';
import type { Supports } from '../supports.ts';
import { type Opened, type OpenPlace, refused, type Suite } from './check.ts';
import type { SuiteSchema } from './schema.ts';

/** How `supports` declares each part of the live protocol. */
export const declares: { readonly [P in keyof Live]-?: (supports: Supports) => boolean } = {
  capture: ({ capture }) => capture !== 'none',
  fence: ({ fence }) => fence !== 'none',
  mirror: ({ mirror }) => mirror,
  bulk: ({ bulk }) => bulk,
  counters: ({ counters }) => counters,
};

/** A case of one part: the part, the open store that it belongs to, and the place of both. */
export type LiveCase<P extends keyof Live> = (
  part: NonNullable<Live[P]>,
  store: Store<SuiteSchema>,
  place: OpenPlace,
) => Promise<void>;

/** Cases of one part of the live protocol. A driver that does not declare it has nothing there. */
export function liveCasesOf<P extends keyof Live>({ it }: Suite, name: P): (what: string, run: LiveCase<P>) => void {
  return (what, run) =>
    it(`${name}: ${what}`, async (store, place) => {
      const part = place.live[name];
      assert.equal(part !== undefined, declares[name](store.supports), `${name} is declared exactly when it is there`);
      if (part === undefined) return;
      await store.open();
      await run(part, store, place);
    });
}

/** Cases of bulk that load: the epoch 1 has begun. A store without a mirror has none, and takes no load. */
export function loadCasesOf(suite: Suite): (what: string, run: LiveCase<'bulk'>) => void {
  const bulks = liveCasesOf(suite, 'bulk');
  return (what, run) =>
    bulks(what, async (bulk, store, place) => {
      const { mirror } = place.live;
      const all = { after: null, upTo: null };
      if (mirror === undefined) return refused('E_UNSUPPORTED', bulk.load(1n, 'people', all, []));
      await mirror.begin(1n);
      await run(bulk, store, place);
    });
}

/** Closes the store, and runs on another one of the same place. */
export async function reopened(
  store: Store<SuiteSchema>,
  place: OpenPlace,
  run: (opened: Opened) => Promise<void>,
): Promise<void> {
  await store.close();
  const opened = place.reopen();
  try {
    await opened.store.open();
    await run(opened);
  } finally {
    await opened.store.close();
  }
}
