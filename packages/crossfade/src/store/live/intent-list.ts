import type { Key } from '../../schema/collection.ts';
import type { Capture, JournalEntry, Standing } from './capture.ts';
import type { Intent, Touched } from './intents.ts';
import { type KeyJson, keyJson, keyOf } from './key-json.ts';

/** An entry that is held. */
interface Held extends Touched {
  /** By the monotonic clock; infinite while its write is under way. */
  settledAt: number;
}

/** One step of a list, as JSON. */
export type IntentStep =
  | { readonly is: 'installed'; readonly counter: number }
  | { readonly is: 'removed'; readonly counter: number }
  | { readonly is: 'noted'; readonly counter: number; readonly collection: string; readonly key: KeyJson }
  | { readonly is: 'cleared'; readonly counters: readonly number[] };

/** What every log of intents is at heart: the entries in memory, and the steps that lead to them. */
export class IntentList {
  private readonly held = new Map<number, Held>();
  private readonly lifeMs: number;
  private counter: number;
  private isInstalled = false;

  /** @param first every counter is beyond it @param lifeMs how long a write may still be done when nobody hears of it */
  constructor(first: number, lifeMs: number) {
    this.counter = first;
    this.lifeMs = lifeMs;
  }

  get installed(): boolean {
    return this.isInstalled;
  }

  install(): void {
    this.isInstalled = true;
  }

  remove(): void {
    this.isInstalled = false;
    this.held.clear();
  }

  /** @param collections those of the schema */
  stands(collections: readonly string[]): Standing {
    return { stands: this.isInstalled, unarmed: this.isInstalled ? [] : collections, isSchemaChanged: false };
  }

  /** An entry for each, by a counter of its own; the steps have to last before the write begins. */
  note(touched: readonly Touched[]): { readonly intent: Intent; readonly steps: readonly IntentStep[] } {
    if (!this.isInstalled) return { intent: noIntent, steps: [] };
    const held = touched.map(({ collection, key }): [number, Held] => [
      ++this.counter,
      { collection, key, settledAt: Infinity },
    ]);
    for (const [counter, entry] of held) this.held.set(counter, entry);
    const settle = (at: number): void => {
      for (const [, entry] of held) entry.settledAt = at;
    };
    return {
      intent: { end: () => settle(0), lose: () => settle(performance.now() + this.lifeMs) },
      steps: held.map(([counter, { collection, key }]) => notedStep(counter, collection, key)),
    };
  }

  entries(limit: number): JournalEntry[] {
    const found: JournalEntry[] = [];
    const now = performance.now();
    for (const [counter, { collection, key, settledAt }] of this.held) {
      if (found.length === limit) break;
      found.push({ collection, key, counter, isSettled: settledAt <= now });
    }
    return found;
  }

  /** Drops those that are settled, and were so when they were seen: only then does what was read afterwards hold the write. */
  clear(entries: readonly JournalEntry[]): number[] {
    const now = performance.now();
    return entries
      .flatMap(({ counter, isSettled }) => (isSettled ? [counter] : []))
      .filter((counter) => (this.held.get(counter)?.settledAt ?? Infinity) <= now && this.held.delete(counter));
  }

  /** The shortest way to this list. */
  steps(): IntentStep[] {
    const { counter } = this;
    const last: IntentStep = this.isInstalled ? { is: 'installed', counter } : { is: 'removed', counter };
    return [last, ...Array.from(this.held, ([each, { collection, key }]) => notedStep(each, collection, key))];
  }

  /** The way to this list once it is removed. */
  stepsOfRemoval(): IntentStep[] {
    return [{ is: 'removed', counter: this.counter }];
  }

  /** Takes a step that a process before has made. What it had under way may still be done for the life of a write. */
  retrace(step: IntentStep): void {
    if (step.is === 'cleared') {
      for (const counter of step.counters) this.held.delete(counter);
      return;
    }
    this.counter = Math.max(this.counter, step.counter);
    if (step.is === 'installed') this.install();
    else if (step.is === 'removed') this.remove();
    else if (this.isInstalled) {
      const settledAt = performance.now() + this.lifeMs;
      this.held.set(step.counter, { collection: step.collection, key: keyOf(step.key), settledAt });
    }
  }
}

/** Nobody but its user knows how long a write may still be done. @throws TypeError */
export function checkLife(lifeMs: unknown): void {
  if (!(typeof lifeMs === 'number' && lifeMs >= 0))
    throw new TypeError('lifeMs must say for how many milliseconds a write may still be done when nobody hears of it.');
}

/** Where nothing is installed, a write has nothing to end. */
const noIntent: Intent = { end: () => undefined, lose: () => undefined };

function notedStep(counter: number, collection: string, key: Key): IntentStep {
  return { is: 'noted', counter, collection, key: keyJson(key) };
}

/** The capture of a list that ends with its process. @param collections those of the schema */
export function captureOfList(list: IntentList, collections: () => readonly string[]): Capture {
  return {
    install: async () => list.install(),
    remove: async () => list.remove(),
    stands: async () => list.stands(collections()),
    entries: async (limit) => list.entries(limit),
    clear: async (entries) => void list.clear(entries),
  };
}
