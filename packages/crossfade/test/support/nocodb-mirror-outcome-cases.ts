import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { collections } from '../../src/schema/collection.ts';
import type { Mirror, Mirrored } from '../../src/store/live/mirror.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { type Fate, nocodbProxy } from './nocodb-proxy.ts';

const schema = collections({ told: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });

const given = (word: string, version: bigint, n: number | null): Mirrored => ({
  collection: 'told',
  key: [word],
  row: n === null ? null : { word, n },
  version,
});
const answer = (status: number, isDone: boolean): Fate => ({ status, isDone });

/** What each request does to the records that are there, and the calls that send it. */
const requests = {
  POST: { before: [], call: given('a', 1n, 2), after: [['a', 2]] },
  PATCH: { before: [{ word: 'a', n: 1 }], call: given('a', 1n, 2), after: [['a', 2]] },
  DELETE: { before: [{ word: 'a', n: 1 }], call: given('a', 1n, null), after: [] },
} as const;

const [ok, failed, unknown] = ['ok', 'E_STORE_FAILED', 'E_OUTCOME_UNKNOWN'];

/** What becomes of the first request to write records, and what the call tells. Made again, it has always been done once. */
const fates: readonly (readonly [what: string, fate: Fate, outcome: string])[] = [
  ['is cut off before it arrives', 'cut', unknown],
  ['falls into a black hole', 'swallow', unknown],
  ['arrives after it was given up', { lateMs: 500 }, unknown],
  ['loses its answer', 'drop reply', ok],
  ['gets half of its answer', 'half a reply', ok],
  ['is answered 400 and was done', answer(400, true), ok],
  ['is answered 500 and was done', answer(500, true), ok],
  ['is answered 400 and was not done', answer(400, false), failed],
  ['is answered 500 and was not done', answer(500, false), unknown],
];

/** Whatever happens on the way: a call that is made again ends with each record once, as the other store has it. */
export function nocodbMirrorOutcomeCases(server: () => NocodbPlace): void {
  describe('what becomes of a request that mirrors', () => {
    let plain: PlainNocodb;
    let records: string;
    beforeAll(async () => {
      plain = new PlainNocodb(server());
      const driver = nocodbDriver({ ...server(), tables: 'create', mirror: { lifeMs: 0 } });
      await driver.open(schema);
      await driver.close();
      records = await plain.path('told');
    });
    beforeEach(() => plain.empty(['told', 'crossfade_appliers', 'crossfade_guards']));

    for (const [what, fate, outcome] of fates)
      for (const [method, { before, call, after }] of Object.entries(requests))
        test(`a ${method} that ${what}: ${outcome}, and done once when the call is made again`, async () => {
          if (before.length > 0) await plain.insert('told', before);
          let isMet = false;
          let landed = (): void => undefined;
          const isOver = new Promise<void>((resolve) => (landed = resolve));
          const isLate = typeof fate === 'object' && 'lateMs' in fate;
          const place = await nocodbProxy(server(), (request) => {
            if (isMet || request.method !== method || !request.path.startsWith(records)) return 'forward';
            isMet = true;
            return isLate ? { ...fate, landed } : fate;
          });
          // Only what is on its way after it was given up has to be waited for.
          const [lifeMs, requestTimeoutMs] = isLate || fate === 'swallow' ? [700, 250] : [20, 2_000];
          const driver = nocodbDriver({ ...place, requestTimeoutMs, pauseMs: 5, mirror: { lifeMs } });
          await driver.open(schema);
          const mirror = driver.mirror as Mirror;
          await mirror.begin(1n);
          const told = await mirror.apply(1n, [call]).then(
            () => 'ok',
            (error: CrossfadeError) => error.code,
          );
          expect([told, isMet]).toEqual([outcome, true]);
          // What was done is passed over, and what was not is made.
          expect(await mirror.apply(1n, [call])).toBe(outcome === ok ? 0 : 1);
          if (isLate) await isOver;
          expect((await plain.rows('told')).map(({ word, n }) => [word, n])).toEqual(after);
          await driver.close();
        });
  });
}
