import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { type NocodbMirrorOptions, nocodbDriver } from '../../src/drivers/nocodb/nocodb.ts';
import { collections, type Row } from '../../src/schema/collection.ts';
import type { Bulk } from '../../src/store/live/bulk.ts';
import type { DamagedRecord } from '../../src/store/live/damaged.ts';
import type { Mirror, Mirrored } from '../../src/store/live/mirror.ts';
import { type NocodbPlace, PlainNocodb } from './nocodb-place.ts';
import { type Fate, nocodbProxy, type Passing } from './nocodb-proxy.ts';

const schema = collections({
  led: {
    fields: { word: { type: 'text' }, n: { type: 'integer', nullable: true } },
    key: ['word'],
    indexes: [['n']],
  },
});
const everything = { after: null, upTo: null };

const given = (word: string, version: bigint, n: number | null): Mirrored => ({
  collection: 'led',
  key: [word],
  row: n === null ? null : { word, n },
  version,
});
const answer = (status: number, isDone: boolean): Fate => ({ status, isDone });
const told = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: CrossfadeError) => error.code,
  );

/** A store that follows, in front of the real NocoDB and of the stand-in alike. */
export function nocodbMirrorCases(server: () => NocodbPlace): void {
  describe('following another store', () => {
    let plain: PlainNocodb;
    let led: string;
    const opened = async (place: NocodbPlace, mirror: NocodbMirrorOptions, requestTimeoutMs = 2_000) => {
      const driver = nocodbDriver({ ...place, tables: 'create', requestTimeoutMs, pauseMs: 5, mirror });
      await driver.open(schema);
      onTestFinished(() => driver.close());
      return { ...driver, mirror: driver.mirror as Mirror, bulk: driver.bulk as Bulk };
    };
    const rows = async () => (await plain.rows('led')).map(({ word, n }) => [word, n]);
    beforeEach(async () => {
      plain = new PlainNocodb(server());
      await (await opened(server(), { lifeMs: 0 })).close();
      await plain.empty(['led', 'crossfade_appliers', 'crossfade_guards']);
      led = await plain.path('led');
    });

    test('a unit that is half made has no guard, and the same call makes it whole', async () => {
      let deletes = 0;
      const place = await nocodbProxy(server(), ({ method, path }) =>
        method === 'DELETE' && path.startsWith(led) && deletes++ === 0 ? answer(500, false) : 'forward',
      );
      await plain.insert('led', [{ word: 'b', n: 7 }]);
      const { mirror } = await opened(place, { lifeMs: 0 });
      await mirror.begin(1n);
      const part = { collection: 'led', by: ['n'], rows: [{ word: 'a', n: 7 }] };
      const unit = { unit: 'by n', key: [7], parts: [part], version: 1n };
      expect(await told(mirror.apply(1n, [unit]))).toBe('E_OUTCOME_UNKNOWN');
      expect((await rows()).sort()).toEqual([
        ['a', 7],
        ['b', 7],
      ]);
      expect(await mirror.apply(1n, [unit])).toBe(1);
      expect(await rows()).toEqual([['a', 7]]);
      expect(await mirror.apply(1n, [unit])).toBe(0);
    });

    test('a guard that was not noted, or was removed, is noted by the next call, and holds behind the store', async () => {
      const guards = await plain.path('crossfade_guards');
      let isCut = true;
      const place = await nocodbProxy(server(), ({ method, path }) =>
        isCut && method !== 'GET' && path.startsWith(guards) ? answer(500, false) : 'forward',
      );
      const { mirror, close } = await opened(place, { lifeMs: 0 });
      await mirror.begin(1n);
      expect(await told(mirror.apply(1n, [given('a', 5n, 5)]))).toBe('E_OUTCOME_UNKNOWN');
      isCut = false;
      expect(await mirror.apply(1n, [given('a', 5n, 5)])).toBe(0);
      expect(await plain.rows('crossfade_guards')).toMatchObject([{ epoch: '1', version: '5' }]);
      await plain.remove(
        'crossfade_guards',
        (await plain.rows('crossfade_guards')).map(({ Id }) => Id),
      );
      expect(await mirror.apply(1n, [given('a', 6n, 6)])).toBe(1);
      await close();
      const again = await opened(server(), { lifeMs: 0 });
      expect(await again.mirror.apply(1n, [given('a', 5n, 5), given('a', 6n, 7)])).toBe(0);
      expect(await rows()).toEqual([['a', 6]]);
    });

    test('what a paused applier sends after its successor has begun is refused, by the account', async () => {
      const { account } = server();
      const paused = await pausedWrite(200, { lifeMs: 10, account });
      const successor = await opened(server(), { lifeMs: 10, account });
      await successor.mirror.begin(1n);
      await successor.mirror.apply(1n, [given('a', 1n, 2)]);
      paused.goOn();
      expect(await told(paused.applied)).toBe('E_FENCED');
      expect(await rows()).toEqual([['a', 2]]);
      expect(await told(paused.mirror.apply(1n, [given('a', 9n, 9)]))).toBe('E_FENCED');
      expect(await rows()).toEqual([['a', 2]]);
    });

    test('without an account, a successor waits until what was sent before it has landed', async () => {
      const paused = await pausedWrite(200, { lifeMs: 1_000 });
      const successor = await opened(server(), { lifeMs: 1_000 });
      const begun = successor.mirror.begin(1n);
      paused.goOn();
      await begun;
      await paused.applied.catch(() => undefined);
      await successor.mirror.apply(1n, [given('a', 2n, 2)]);
      expect(await rows()).toEqual([['a', 2]]);
      expect(await told(paused.mirror.apply(1n, [given('a', 9n, 9)]))).toBe('E_FENCED');
    });

    test('an applier asks before each request, and sends no more when somebody else has begun', async () => {
      const successor = await opened(server(), { lifeMs: 0 });
      const place = await nocodbProxy(server(), ({ method, path }) =>
        method === 'POST' && path.startsWith(led) ? { until: successor.mirror.begin(2n) } : 'forward',
      );
      const { mirror, bulk } = await opened(place, { lifeMs: 0 });
      await mirror.begin(1n);
      const all = Array.from({ length: 250 }, (_, n): Row => ({ word: `w${String(n).padStart(3, '0')}`, n }));
      expect(await told(bulk.load(1n, 'led', everything, all))).toBe('E_FENCED');
      expect((await rows()).length).toBe(100);
    });

    /** An applier whose write of `a` stands still in front of the server until it may go on. */
    async function pausedWrite(n: number, mirror: NocodbMirrorOptions) {
      let goOn = (): void => undefined;
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      let reached = (): void => undefined;
      const isThere = new Promise<void>((resolve) => (reached = resolve));
      const place = await nocodbProxy(server(), ({ method, path }): Fate => {
        if (method !== 'POST' || !path.startsWith(led)) return 'forward';
        reached();
        return { until: mayGoOn };
      });
      const applier = await opened(place, mirror, 20_000);
      await applier.mirror.begin(1n);
      const applied = applier.mirror.apply(1n, [given('a', 1n, n)]);
      applied.catch(() => undefined);
      await isThere;
      return { ...applier, applied, goOn };
    }

    test('a session that somebody has ended is begun anew, as long as nobody else leads', async () => {
      const { account } = server();
      const { mirror } = await opened(server(), { lifeMs: 10, account });
      await mirror.begin(1n);
      const { body } = await plain.ask('POST', '/api/v1/auth/user/signin', account);
      await plain.ask('POST', '/api/v1/auth/user/signout', {}, { 'xc-auth': (body as { token: string }).token });
      // Its records are there as they are to be, so the guard is what is written first.
      expect(await mirror.apply(1n, [given('b', 1n, null)])).toBe(1);
      expect(await mirror.apply(1n, [given('a', 1n, 1)])).toBe(1);
      expect(await mirror.apply(1n, [given('a', 2n, 2)])).toBe(1);
      expect(await rows()).toEqual([['a', 2]]);
    });

    test('an account that may not sign in begins no epoch, and its password is told to nobody', async () => {
      const account = { ...server().account, password: 'secret-password' };
      const { mirror } = await opened(server(), { lifeMs: 10, account });
      const error = (await mirror.begin(1n).catch((thrown: unknown) => thrown)) as CrossfadeError;
      expect(error).toMatchObject({ code: 'E_STORE_FAILED', facts: { status: 400 } });
      expect(`${error.message} ${JSON.stringify(error.facts)} ${String(error.stack)}`).not.toContain('secret-password');
    });

    test('a server on which sessions outlive signing out is no fence, and is told', async () => {
      const isSignOut = ({ path }: Passing): boolean => path.endsWith('/signout');
      const place = await nocodbProxy(server(), (request) =>
        isSignOut(request) ? { status: 200, isDone: false, body: '{}' } : 'forward',
      );
      const { mirror } = await opened(place, { lifeMs: 10, account: server().account });
      expect(await told(mirror.begin(1n))).toBe('E_UNSUPPORTED');
      expect(await told(mirror.apply(2n, [given('a', 1n, 1)]))).toBe('E_FENCED');
    });

    test('many records travel as many at once as the server takes, and come back', async () => {
      const place = await nocodbProxy(server(), () => 'forward');
      const { mirror, bulk } = await opened(place, { lifeMs: 0 });
      const all = Array.from({ length: 230 }, (_, n): Row => ({ word: `w${String(n).padStart(3, '0')}`, n }));
      await mirror.begin(1n);
      const before = place.requests.length;
      expect(await bulk.load(1n, 'led', everything, all)).toEqual({ written: 230, removed: 0 });
      expect(place.requests.length - before).toBeLessThan(230);
      expect(await bulk.range('led', everything, 1_000)).toEqual(all);
      const half = all.filter(({ n }) => Number(n) % 2 === 0);
      expect(await bulk.load(1n, 'led', everything, half)).toEqual({ written: 115, removed: 115 });
      expect((await rows()).length).toBe(115);
    });

    test('records that cannot be read are told beside a range, and refuse a load', async () => {
      const { mirror, bulk } = await opened(server(), { lifeMs: 0 });
      const [blank, odd, one, two] = await plain.insert('led', [
        { n: 1 },
        { word: 'b', n: 1.5 },
        { word: 'c', n: 3 },
        { word: 'c', n: 4 },
        { word: 'd', n: 5 },
      ]);
      const damaged: DamagedRecord[] = [];
      const found = await bulk.range('led', everything, 9, (each) => damaged.push(each));
      expect(found).toEqual([{ word: 'd', n: 5 }]);
      expect(damaged.map(({ key, error }) => [key, error.facts.ids])).toEqual([
        [null, [String(blank)]],
        [['b'], [String(odd)]],
        [['c'], [String(one), String(two)]],
      ]);
      expect(await told(bulk.range('led', everything, 9))).toBe('E_RECORD_DAMAGED');
      expect(await bulk.range('led', { after: ['c'], upTo: null }, 9)).toEqual([{ word: 'd', n: 5 }]);
      await mirror.begin(1n);
      const before = await plain.rows('led');
      expect(await told(bulk.load(1n, 'led', everything, []))).toBe('E_RECORD_DAMAGED');
      expect(await plain.rows('led')).toEqual(before);
    });
  });
}
