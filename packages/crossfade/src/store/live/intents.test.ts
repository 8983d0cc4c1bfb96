import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { forbidWriting } from '../../../test/support/forbid-writing.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { fileIntents } from './file-intents.ts';
import { type IntentLog, withIntent } from './intents.ts';
import { memoryIntents } from './memory-intents.ts';

const lifeMs = 30_000;
const touched = [{ collection: 'people', key: ['a', 9007199254740993n, true] }];
const unknown = new CrossfadeError('E_OUTCOME_UNKNOWN', 'nobody knows');

/** A log that was opened and installed, closed with the test. */
async function installed(log: IntentLog): Promise<IntentLog> {
  await log.open(['people', 'visits']);
  onTestFinished(() => log.close());
  await log.install();
  return log;
}

const settled = async (log: IntentLog): Promise<boolean[]> => (await log.entries(10)).map(({ isSettled }) => isSettled);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const logs: Readonly<Record<string, () => IntentLog>> = {
  memory: () => memoryIntents({ lifeMs }),
  'the disk': () => fileIntents({ dir: tempFolder('intents-'), lifeMs }),
};

for (const [place, make] of Object.entries(logs)) {
  describe(`intents in ${place}`, () => {
    test('an entry is there before the write, and settled when it has ended either way', async () => {
      const log = await installed(make());
      const during: boolean[][] = [];
      await withIntent(log, touched, async () => during.push(await settled(log)));
      const refusal = new CrossfadeError('E_UNIQUE', 'no');
      await expect(
        withIntent(log, touched, async () => {
          during.push(await settled(log));
          throw refusal;
        }),
      ).rejects.toBe(refusal);
      expect(during).toEqual([[false], [true, false]]);
      expect(await settled(log)).toEqual([true, true]);
      expect((await log.entries(1))[0]).toMatchObject(touched[0]);
    });

    test('one that was seen before its write had ended is not cleared: what was read then may be older', async () => {
      const log = await installed(make());
      const seen = await withIntent(log, touched, () => log.entries(10));
      await log.clear(seen);
      expect(await settled(log)).toEqual([true]);
      await log.clear(await log.entries(10));
      expect(await log.entries(10)).toEqual([]);
    });

    test('one whose outcome is unknown is settled when the life of a write has passed, and not cleared before', async () => {
      const log = await installed(make());
      const written = withIntent(log, touched, () => Promise.reject(unknown));
      await expect(written).rejects.toBe(unknown);
      await expect(withIntent(log, touched, () => Promise.reject(new Error('a defect')))).rejects.toThrow('a defect');
      expect(await settled(log)).toEqual([false, false]);
      vi.advanceTimersByTime(lifeMs - 1);
      await log.clear(await log.entries(10));
      expect(await settled(log)).toEqual([false, false]);
      vi.advanceTimersByTime(1);
      expect(await settled(log)).toEqual([true, true]);
      await log.clear(await log.entries(10));
      expect(await log.entries(10)).toEqual([]);
    });

    test('nothing is noted before the installation', async () => {
      const log = make();
      await log.open(['people']);
      onTestFinished(() => log.close());
      await withIntent(log, touched, async () => undefined);
      expect(await log.entries(10)).toEqual([]);
      expect(await log.stands()).toEqual({ stands: false, unarmed: ['people'], isSchemaChanged: false });
    });
  });
}

test('what a process has left under way on the disk is settled when the life of a write has passed since', async () => {
  const dir = tempFolder('intents-');
  const first = await installed(fileIntents({ dir, lifeMs }));
  const [ended, lost] = [await first.begin(touched), await first.begin([{ collection: 'visits', key: [1] }])];
  ended.end();
  lost.lose();
  const entries = await first.entries(10);
  vi.advanceTimersByTime(lifeMs - 1);
  await first.close();
  const second = await installed(fileIntents({ dir, lifeMs }));
  // What had ended may have been read already or not: the file does not say, so all of them wait.
  expect(await second.entries(10)).toEqual(entries.map((entry) => ({ ...entry, isSettled: false })));
  vi.advanceTimersByTime(lifeMs);
  expect(await second.entries(10)).toEqual(entries.map((entry) => ({ ...entry, isSettled: true })));
});

test('a removal that fails on the disk ends nothing: what is written during it and after it is noted', async () => {
  const dir = tempFolder('intents-');
  const log = await installed(fileIntents({ dir, lifeMs }));
  await withIntent(log, touched, async () => undefined);
  const before = await log.entries(10);
  const allow = forbidWriting([dir]);
  const removing = log.remove();
  const during = log.begin([{ collection: 'visits', key: [1] }]);
  await expect(removing).rejects.toMatchObject({ code: 'E_STORE_FAILED' });
  await during.catch(() => undefined);
  expect(await log.stands()).toMatchObject({ stands: true });
  expect(await log.entries(1)).toEqual(before);
  allow();
  await withIntent(log, [{ collection: 'visits', key: [2] }], async () => undefined);
  expect((await log.entries(10)).map(({ key }) => key)).toContainEqual([2]);
  await log.close();
  const again = await installed(fileIntents({ dir, lifeMs }));
  const left = await again.entries(10);
  expect(left.map(({ key }) => String(key))).toEqual(expect.arrayContaining([String(before[0].key), '2']));
  await again.remove();
  expect(await again.entries(10)).toEqual([]);
  await again.close();
  const last = fileIntents({ dir, lifeMs });
  await last.open(['people']);
  onTestFinished(() => last.close());
  expect(await last.stands()).toMatchObject({ stands: false });
});

test('nobody but its user knows how long a write may still be done', () => {
  const dir = tempFolder('intents-');
  for (const given of [undefined, -1, Number.NaN, '1'] as readonly number[])
    for (const make of [() => fileIntents({ dir, lifeMs: given }), () => memoryIntents({ lifeMs: given })])
      expect(make).toThrow(/^lifeMs must say/);
});

test('two processes do not share a folder of intents', async () => {
  const dir = tempFolder('intents-');
  const first = await installed(fileIntents({ dir, lifeMs: 0 }));
  await expect(fileIntents({ dir, lifeMs: 0 }).open([])).rejects.toMatchObject({ code: 'E_STORE_BUSY' });
  await first.close();
  await installed(fileIntents({ dir, lifeMs: 0 }));
});
