import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { memoryDriver } from '../drivers/memory/memory.ts';
import { collections } from '../schema/collection.ts';
import type { Driver } from './contract.ts';
import { openStore } from './store.ts';

const schema = collections({ people: { fields: { id: { type: 'text' }, age: { type: 'integer' } }, key: ['id'] } });

/** Every verb of a store, each with a record that is fit. */
function calls(driver: Driver): Readonly<Record<string, () => Promise<unknown>>> {
  const store = openStore(schema, driver);
  return {
    read: () => store.read('people', ['a']),
    scan: () => store.scan('people'),
    write: () => store.write([{ kind: 'put', collection: 'people', row: { id: 'a', age: 1 } }]),
    update: () => store.update('people', ['a'], () => ({ id: 'a', age: 2 })),
  };
}

test('what a driver throws at once, its caller hears of by the promise, whether the store was open or not', async () => {
  const fails = (): never => {
    throw new RangeError('of the place');
  };
  const driver = { ...memoryDriver(), read: fails, scan: fails, write: fails, update: fails };
  for (const [verb, call] of Object.entries(calls(driver)))
    for (const state of ['new', 'open']) {
      let answer: Promise<unknown> | null = null;
      expect(() => (answer = call()), `${verb}, ${state}`).not.toThrow();
      await expect(answer, `${verb}, ${state}`).rejects.toThrow(RangeError);
    }
});

test('what is wrong with an argument, its caller hears of by the promise', async () => {
  const store = openStore(schema, memoryDriver());
  const wrong: [() => Promise<unknown>, string][] = [
    [() => store.read('nobody' as never, ['a']), 'There is no collection "nobody" in the schema.'],
    [() => store.read('people', []), 'A key of people is an array of 1'],
    [() => store.scan('people', { limit: 0 }), 'takes a limit from 1'],
    [() => store.write([{ kind: 'put', collection: 'people', row: {} as never }]), 'people.id is missing'],
  ];
  for (const [call, message] of wrong) {
    let answer: Promise<unknown> | null = null;
    expect(() => (answer = call())).not.toThrow();
    await expect(answer).rejects.toThrow(message);
  }
});

test('closing waits for an answer that is still to come, also for a promise of another realm', async () => {
  const events: string[] = [];
  const { promise, resolve: settle } = runInNewContext('Promise.withResolvers()') as PromiseWithResolvers<null>;
  const driver: Driver = {
    ...memoryDriver(),
    read: () => promise,
    close: async () => void events.push('closed'),
  };
  const store = openStore(schema, driver);
  await store.open();
  const reading = store.read('people', ['a']).then(() => events.push('read'));
  const closing = store.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual([]);
  settle(null);
  await Promise.all([reading, closing]);
  expect(events.toSorted()).toEqual(['closed', 'read']);
});

test('a field may be called as what every object inherits, and is a field all the same', async () => {
  const fields = { id: { type: 'text' }, ['__proto__']: { type: 'json', nullable: true } } as const;
  const odd = collections({
    odd: { fields: { ...fields, constructor: { type: 'text', nullable: true } }, key: ['id'] },
  });
  const store = openStore(odd, memoryDriver());
  const row = JSON.parse('{ "id": "a", "__proto__": { "b": 1 } }') as never;
  await store.write([{ kind: 'put', collection: 'odd', row }]);
  const read = (await store.read('odd', ['a'])) as object;
  expect(Object.entries(read)).toEqual([
    ['id', 'a'],
    ['__proto__', { b: 1 }],
    ['constructor', null],
  ]);
  expect(Object.entries((await store.scan('odd')).rows[0])).toEqual(Object.entries(read));
});
