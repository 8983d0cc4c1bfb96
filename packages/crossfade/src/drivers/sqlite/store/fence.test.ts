import { expect, test } from 'vitest';
import { sqliteStore, stranger, strangerProcess } from '../../../../test/support/sqlite-store.ts';
import { person } from '../../../store/suite/people.ts';

const writes = [
  `INSERT INTO people (id, name) VALUES ('b', '')`,
  `INSERT OR IGNORE INTO people (id, name) VALUES ('b', '')`,
  `INSERT OR REPLACE INTO people (id, name) VALUES ('a', '')`,
  `INSERT INTO people (id, name) VALUES ('a', '') ON CONFLICT DO UPDATE SET name = 'x'`,
  `UPDATE people SET age = 1`,
  `UPDATE OR IGNORE people SET age = 1`,
  `UPDATE OR FAIL people SET id = 'z'`,
  `DELETE FROM people`,
  `DELETE FROM people WHERE id = 'a'`,
];

test('a fence refuses every write, ours and those of programs that know nothing of it, until it is lifted', async () => {
  const { store, driver, path } = await sqliteStore();
  const put = () => store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
  await put();
  await driver.fence.set(5n);
  expect(await driver.fence.state()).toEqual({ epoch: 5n, isSet: true });
  const db = stranger(path);
  for (const sql of writes) expect(() => db.exec(sql), sql).toThrow(/crossfade: .* nothing may be written here/);
  expect(strangerProcess(path, writes[0])).toMatch(/nothing may be written here/);
  await expect(put()).rejects.toMatchObject({ code: 'E_FENCED' });
  await expect(store.update('people', ['a'], () => null)).rejects.toMatchObject({ code: 'E_FENCED' });
  expect((await store.scan('people')).rows).toHaveLength(1);
  await driver.fence.lift(5n);
  expect(await driver.fence.state()).toEqual({ epoch: 5n, isSet: false });
  await put();
  expect(strangerProcess(path, writes[0])).toBe('');
  expect((await store.scan('people')).rows).toHaveLength(2);
});

test('a fence waits for the write that is under way', async () => {
  const { driver, path } = await sqliteStore({ busyTimeoutMs: 60_000 });
  const hasty = await sqliteStore({ path, busyTimeoutMs: 0 });
  const db = stranger(path);
  db.exec(`BEGIN; INSERT INTO words VALUES ('under way', 1)`);
  let isSet = false;
  const setting = driver.fence.set(1n).then(() => (isSet = true));
  // One that comes after it and has no patience is refused: by then it has tried too, and waits.
  await expect(hasty.driver.fence.set(1n)).rejects.toMatchObject({ code: 'E_STORE_BUSY' });
  expect(isSet).toBe(false);
  db.exec('COMMIT');
  await setting;
  expect(() => db.exec(`INSERT INTO words VALUES ('late', 1)`)).toThrow(/nothing may be written/);
});

test('who comes late changes nothing', async () => {
  const { driver } = await sqliteStore();
  const { fence } = driver;
  const late = { code: 'E_FENCED' };
  await fence.set(5n);
  await fence.set(5n);
  await expect(fence.set(4n)).rejects.toMatchObject(late);
  await fence.set(6n);
  await expect(fence.lift(5n), 'the lift of attempt 5 does not open attempt 6').rejects.toMatchObject(late);
  expect(await fence.state()).toEqual({ epoch: 6n, isSet: true });
  await fence.lift(6n);
  await fence.lift(6n);
  await expect(fence.set(6n), 'what was lifted is not set again').rejects.toMatchObject(late);
  await fence.lift(9007199254740993n);
  await expect(fence.set(9007199254740992n)).rejects.toMatchObject(late);
  expect(await fence.state()).toEqual({ epoch: 9007199254740993n, isSet: false });
});

test('a table that was rebuilt has no fence, and the state says so', async () => {
  const { driver, path } = await sqliteStore();
  await driver.fence.set(1n);
  stranger(path).exec('DROP TABLE words; CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER)');
  expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: false });
  await driver.fence.set(1n);
  expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: true });
});

test('a fence is not set where one of its tables is gone, and can be lifted all the same', async () => {
  const { store, driver, path } = await sqliteStore();
  await driver.fence.lift(1n);
  stranger(path).exec('DROP TABLE words');
  await expect(driver.fence.set(2n)).rejects.toMatchObject({ code: 'E_STORE_FAILED' });
  expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: false });
  await driver.fence.lift(2n);
  await store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
});

test('capture stands while the fence comes and goes, and the journal can be drained behind it', async () => {
  const { store, driver } = await sqliteStore();
  await driver.capture.install();
  await store.write([{ kind: 'put', collection: 'people', row: person('a') }]);
  await driver.fence.set(1n);
  expect(await driver.capture.stands()).toMatchObject({ stands: true });
  await driver.capture.clear(await driver.capture.entries(10));
  expect(await driver.capture.entries(10)).toEqual([]);
  await driver.fence.lift(1n);
  expect(await driver.capture.stands()).toMatchObject({ stands: true });
});

test('a fence survives the process: another store of the file is fenced too', async () => {
  const first = await sqliteStore();
  await first.driver.fence.set(1n);
  await first.store.close();
  const { store, driver } = await sqliteStore({ path: first.path });
  expect(await driver.fence.state()).toEqual({ epoch: 1n, isSet: true });
  await expect(store.write([{ kind: 'insert', collection: 'words', row: { word: 'a', n: 1 } }])).rejects.toMatchObject({
    code: 'E_FENCED',
  });
});
