import type pg from 'pg';
import { expect, test } from 'vitest';
import { backendPid, connected, refusal } from '../../test/harness/connections.ts';
import { freshDatabase, query as adminQuery, type TestDatabase } from '../../test/harness/postgres.ts';
import { inTheMiddle } from '../../test/harness/sockets.ts';
import { query, transaction } from './connect.ts';
import { sql, trusted } from './sql.ts';

test('a transaction commits what its function did, and rolls back when it throws', async () => {
  const { client, count } = await withTable();
  const result = await transaction(client, async () => {
    await query(client, sql`insert into public.t values (1)`, 'insert');
    return 'done';
  });
  expect([result, await count()]).toEqual(['done', 1]);
  const own = new Error('mine');
  const failing = transaction(client, async () => {
    await query(client, sql`insert into public.t values (2)`, 'insert');
    throw own;
  });
  await expect(failing).rejects.toBe(own);
  expect(await count()).toBe(1);
});

test('a failed statement whose error is passed over does not end as a commit', async () => {
  const { client, count } = await withTable();
  const careless = transaction(client, async () => {
    await query(client, sql`insert into public.t values (1)`, 'insert');
    await query(client, sql`select 1/0`, 'divide').catch(() => undefined);
  });
  expect(await refusal(careless)).toMatchObject({ code: 'E_INTERNAL' });
  expect(await count()).toBe(0);
});

test('a connection lost inside a transaction leaves nothing behind and passes the first error on', async () => {
  const { client, count, database } = await withTable();
  const pid = await backendPid(client);
  const lost = transaction(client, async () => {
    await query(client, sql`insert into public.t values (1)`, 'insert');
    await database.query('select pg_terminate_backend($1)', [pid]);
    await query(client, sql`insert into public.t values (2)`, 'insert the second');
  });
  expect(await refusal(lost)).toMatchObject({
    code: 'E_TARGET_LOST',
    message: expect.stringContaining('insert the second'),
  });
  expect(await count()).toBe(0);
});

test('when the answer to COMMIT is lost, the outcome is called unknown', async () => {
  const { database, count } = await withTable();
  const place = await inTheMiddle(database, (near, upstream) => {
    let committing = false;
    upstream.on('data', (data) => void (committing ? near.resetAndDestroy() : near.write(data)));
    near.on('data', (data) => {
      committing ||= data.includes('COMMIT\0');
      upstream.write(data);
    });
  });
  const client = await connected({ ...database, ...place });
  const lost = transaction(client, () => query(client, sql`insert into public.t values (1)`, 'insert'));
  expect(await refusal(lost)).toMatchObject({ code: 'E_TARGET_LOST', facts: { outcome: 'unknown' } });
  expect(await count()).toBe(1);
});

test('a reading transaction sees one state and cannot write', async () => {
  const { client, count, database } = await withTable();
  await transaction(
    client,
    async () => {
      expect(await count(client)).toBe(0);
      await database.query('insert into public.t values (1)');
      expect(await count(client)).toBe(0);
    },
    'read',
  );
  const writing = transaction(client, () => query(client, sql`insert into public.t values (2)`, 'write'), 'read');
  expect(await refusal(writing)).toMatchObject({ facts: { sqlstate: '25006' } });
});

async function withTable() {
  const database: TestDatabase = await freshDatabase();
  await database.query('create table public.t (n int)');
  const client = await connected(database);
  const count = async (by?: pg.Client): Promise<number> => {
    const text = 'select count(*) as n from public.t';
    const { rows } = by ? await query(by, trusted(text), 'count') : await adminQuery(database, text);
    return Number(rows[0]?.n);
  };
  return { database, client, count };
}
