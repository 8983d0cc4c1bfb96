import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { collections } from '../../src/schema/collection.ts';
import type { Change, Store } from '../../src/store/contract.ts';
import { memoryIntents } from '../../src/store/live/memory-intents.ts';
import { openStore } from '../../src/store/store.ts';
import { until } from '../harness/connections.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { type Fate, nocodbProxy, type Passing } from './nocodb-proxy.ts';

const schema = collections({ sent: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] } });
type Sent = Store<typeof schema>;

const word = 'a "word" (with, marks)';
const stood = { word, n: 1 };
const change = (given: object): Change<typeof schema> => ({ collection: 'sent', ...given }) as never;

/** What is asked, the request that does it, whether there is a record before, and what there is when it is done. */
const calls = {
  insert: {
    method: 'POST',
    before: null,
    after: { word, n: 2 },
    make: change({ kind: 'insert', row: { word, n: 2 } }),
  },
  'put of a new record': {
    method: 'POST',
    before: null,
    after: { word, n: 2 },
    make: change({ kind: 'put', row: { word, n: 2 } }),
  },
  put: { method: 'PATCH', before: stood, after: { word, n: 2 }, make: change({ kind: 'put', row: { word, n: 2 } }) },
  patch: {
    method: 'PATCH',
    before: stood,
    after: { word, n: 2 },
    make: change({ kind: 'patch', key: [word], set: { n: 2 } }),
  },
  remove: { method: 'DELETE', before: stood, after: null, make: change({ kind: 'remove', key: [word] }) },
} as const;

const answer = (status: number, isDone: boolean, more: object = {}): Fate => ({ status, isDone, ...more });
const [ok, failed, unknown] = ['ok', 'E_STORE_FAILED', 'E_OUTCOME_UNKNOWN'];
/** A record that is there as it was to be made may be another's; one that was changed is the record that it was. */
const okOfKnown = 'ok, or E_OUTCOME_UNKNOWN of a new record';

/** What happens to the request, once; what is told of it; and whether it was done. */
const writeFates: readonly (readonly [what: string, fate: Fate, told: string, isDone: boolean])[] = [
  ['is cut off before it arrives', 'cut', unknown, false],
  ['falls into a black hole', 'swallow', unknown, false],
  ['loses its answer', 'drop reply', okOfKnown, true],
  ['gets half of its answer', 'half a reply', okOfKnown, true],
  ['is answered 400 and was done', answer(400, true), okOfKnown, true],
  ['is answered 422 and was done', answer(422, true), okOfKnown, true],
  ['is answered 500 and was done', answer(500, true), okOfKnown, true],
  ['is answered 504 and was done', answer(504, true), okOfKnown, true],
  ['is answered by a page and was done', answer(200, true, { body: '<html>' }), okOfKnown, true],
  ['is answered 400 and was not done', answer(400, false), failed, false],
  ['is answered 422 and was not done', answer(422, false), failed, false],
  ['is answered 404 while the server starts', answer(404, false, { body: 'Cannot POST' }), failed, false],
  ['is answered 500 and was not done', answer(500, false), unknown, false],
  ['is answered 503 and was not done', answer(503, false), unknown, false],
  ['is answered 401', answer(401, false), failed, false],
  ['is answered 429 once', answer(429, false, { headers: { 'retry-after': '0' } }), ok, true],
  ['is answered 200 and was not done', answer(200, false, { body: '{"Id":1000000}' }), unknown, false],
  ['is led elsewhere', answer(307, false, { headers: { location: '/elsewhere' } }), unknown, false],
];

const readFates: readonly (readonly [what: string, fate: Fate])[] = [
  ['is cut off before it arrives', 'cut'],
  ['falls into a black hole', 'swallow'],
  ['loses its answer', 'drop reply'],
  ['gets half of its answer', 'half a reply'],
  ['is answered 429', answer(429, false)],
  ['is answered 503', answer(503, false)],
  ['is answered by a page', answer(200, false, { body: '<html>' })],
];

/** Whatever happens on the way: ok, failed or unknown is told, and it is true. */
export function nocodbOutcomeCases(server: () => NocodbPlace): void {
  describe('what becomes of a request', () => {
    let plain: PlainNocodb;
    beforeAll(async () => {
      plain = new PlainNocodb(server());
      const store = openStore(schema, nocodbDriver({ ...server(), tables: 'create' }));
      await store.open();
      await store.close();
    });
    beforeEach(() => plain.empty(['sent']));

    const rows = async () => (await plain.rows('sent')).map(({ word: held, n }) => ({ word: held, n }));
    const through = async (fateOf: (request: Passing) => Fate, requestTimeoutMs = 2_000): Promise<Sent> => {
      const place = await nocodbProxy(server(), fateOf);
      const store = openStore(schema, nocodbDriver({ ...place, requestTimeoutMs, pauseMs: 5 }));
      await store.open();
      return store;
    };
    const told = (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => ok,
        (error: CrossfadeError) => error.code,
      );

    for (const [what, fate, outcome, isDone] of writeFates)
      test(`a write whose request ${what}: ${outcome}`, async () => {
        for (const { method, before, after, make } of Object.values(calls)) {
          await plain.empty(['sent']);
          if (before !== null) await plain.insert('sent', [before]);
          let isMet = false;
          const store = await through(
            (request) => {
              if (isMet || request.method !== method) return 'forward';
              isMet = true;
              return fate;
            },
            fate === 'swallow' ? 300 : undefined,
          );
          const outcomeTold = await told(store.write([make]));
          const there = isDone ? after : before;
          expect([make.kind, isMet, outcomeTold, await rows()]).toEqual([
            make.kind,
            true,
            outcome === okOfKnown ? (before === null ? unknown : ok) : outcome,
            there === null ? [] : [there],
          ]);
          expect(await store.read('sent', [word])).toEqual(there);
          await store.close();
        }
      });

    test('a write that arrives after it was given up is unknown, and then there', async () => {
      const store = await through(({ method }) => (method === 'POST' ? { lateMs: 500 } : 'forward'), 250);
      expect(await told(store.write([calls.insert.make]))).toBe(unknown);
      while ((await rows()).length === 0) await sleep(50);
      expect(await store.read('sent', [word])).toEqual(calls.insert.after);
    });

    test('a write is noted before it is sent, and unsettled for as long as nobody knows what became of it', async () => {
      const intents = memoryIntents({ lifeMs: 400 });
      const seen: unknown[] = [];
      const place = await nocodbProxy(server(), ({ method }) => {
        if (method !== 'POST') return 'forward';
        void intents.entries(9).then((entries) => seen.push(...entries));
        return 'cut';
      });
      const store = openStore(schema, nocodbDriver({ ...place, intents }));
      await store.open();
      await intents.install();
      expect(await told(store.write([calls.insert.make]))).toBe(unknown);
      expect(seen).toMatchObject([{ collection: 'sent', key: [word], isSettled: false }]);
      expect(await intents.entries(9)).toMatchObject([{ key: [word], isSettled: false }]);
      await until(async () => (await intents.entries(9))[0].isSettled);
      await intents.clear(await intents.entries(9));
      expect(await intents.entries(9)).toEqual([]);
    });

    test("another's equal record is not taken for the own one, whose answer was lost", async () => {
      const made: Promise<unknown>[] = [];
      const store = await through(({ method }) => {
        if (method !== 'POST') return 'forward';
        made.push(plain.insert('sent', [calls.insert.after]));
        return 'swallow';
      }, 300);
      expect(await told(store.write([calls.insert.make]))).toBe(unknown);
      await Promise.all(made);
      expect(await rows()).toEqual([calls.insert.after]);
    });

    test('a write is unknown where nobody can look what became of it', async () => {
      let isSent = false;
      const store = await through(({ method }) => {
        isSent ||= method === 'POST';
        if (!isSent) return 'forward';
        return method === 'POST' ? answer(400, true) : 'cut';
      });
      expect(await told(store.write([calls.insert.make]))).toBe(unknown);
      expect(await rows()).toEqual([calls.insert.after]);
    });

    for (const [what, fate] of readFates)
      test(`a read whose request ${what} is made again`, async () => {
        await plain.insert('sent', [stood]);
        let isMet = false;
        const store = await through(
          ({ method, path }) => {
            if (isMet || method !== 'GET' || !path.includes('/records')) return 'forward';
            isMet = true;
            return fate;
          },
          fate === 'swallow' ? 300 : undefined,
        );
        expect([await store.read('sent', [word]), isMet]).toEqual([stood, true]);
      });

    test('a read that fails every time fails in the end, after as many tries as were allowed', async () => {
      let tries = 0;
      const store = await through(({ path }) => {
        if (!path.includes('/records')) return 'forward';
        tries++;
        return answer(503, false);
      });
      await expect(store.read('sent', [word])).rejects.toMatchObject({ code: failed, facts: { status: 503 } });
      expect(tries).toBe(5);
    });
  });
}
