import { expect, test } from 'vitest';
import { backendPid, connected, refusal, until } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { inTheMiddle, listener } from '../../test/harness/sockets.ts';
import { connect, query } from './connect.ts';
import { sql } from './sql.ts';

test('a killed backend fails the query in flight with E_TARGET_LOST, and the process lives', async () => {
  const database = await freshDatabase();
  const client = await connected(database);
  const pid = await backendPid(client);
  const running = refusal(query(client, sql`select pg_sleep(60)`, 'load table "t"'));
  await database.query('select pg_terminate_backend($1)', [pid]);
  expect(await running).toMatchObject({ code: 'E_TARGET_LOST', facts: { sqlstate: '57P01' } });
  expect(await refusal(query(client, sql`select 1`, 'go on'))).toMatchObject({ code: 'E_TARGET_LOST' });
});

test('a backend that is killed while nothing is asked of it is noticed by the next query, and the process lives', async () => {
  const database = await freshDatabase();
  const client = await connected(database);
  const ended = new Promise((resolve) => client.once('end', resolve));
  await database.query('select pg_terminate_backend($1)', [await backendPid(client)]);
  await ended;
  expect(await refusal(query(client, sql`select 1`, 'go on'))).toMatchObject({ code: 'E_TARGET_LOST' });
});

test.each(['disable', 'prefer', 'require'] as const)(
  'a server that accepts and then says nothing is given up in time, with TLS mode %s',
  async (tls) => {
    const place = await listener(() => undefined);
    const error = await refusal(
      connect({ ...place, user: 'u', database: 'd', tls, connectTimeoutMs: 300, display: 'postgres://u@h/d' }),
    );
    expect(error).toMatchObject({ code: 'E_TARGET_UNREACHABLE', message: expect.stringContaining('within 0.3 s') });
  },
);

test('a server that falls silent after the login is given up in time as well', async () => {
  const database = await freshDatabase();
  let bytes = 0;
  const place = await inTheMiddle(database, (client, upstream) => {
    upstream.on('data', (data) => bytes++ < 3 && client.write(data));
    client.pipe(upstream);
  });
  const error = await refusal(connect({ ...database, ...place, tls: 'disable', connectTimeoutMs: 500 }));
  expect(error.code).toBe('E_TARGET_UNREACHABLE');
});

test.each([
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a mail server', '220 mail ESMTP\r\n'],
  ['noise', '\u0000\u0001\u0002\u0003'],
])('%s at the address is refused in time', async (_, greeting) => {
  const place = await listener((socket) => void socket.end(greeting));
  for (const tls of ['disable', 'prefer', 'require'] as const) {
    const error = await refusal(
      connect({ ...place, user: 'u', database: 'd', tls, connectTimeoutMs: 1_000, display: 'postgres://u@h/d' }),
    );
    expect(error.code).toBe('E_TARGET_UNREACHABLE');
  }
});

test('a connection through a black hole fails with E_TARGET_LOST when the time for a statement is over', async () => {
  const database = await freshDatabase();
  let hole = false;
  const place = await inTheMiddle(database, (near, upstream) => {
    upstream.on('data', (data) => void (hole || near.write(data)));
    near.on('data', (data) => void (hole || upstream.write(data)));
  });
  const client = await connected({ ...database, ...place }, { statementTimeoutMs: 100 });
  hole = true;
  expect(await refusal(query(client, sql`select 1`, 'read'))).toMatchObject({
    code: 'E_TARGET_LOST',
    message: expect.stringContaining('did not answer in time'),
  });
  expect(await refusal(query(client, sql`select 1`, 'read'))).toMatchObject({ code: 'E_TARGET_LOST' });
});

test('a statement that takes longer than allowed is cancelled by the server', async () => {
  const client = await connected(await freshDatabase(), { statementTimeoutMs: 50 });
  expect(await refusal(query(client, sql`select pg_sleep(30)`, 'wait'))).toMatchObject({
    code: 'E_TARGET_REFUSED',
    facts: { sqlstate: '57014' },
  });
});

test('an abort ends a connection at any point with E_INTERRUPTED, and the server ends the query', async () => {
  const database = await freshDatabase();
  expect(await refusal(connect(database, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'E_INTERRUPTED' });

  const silent = await listener(() => undefined);
  const early = new AbortController();
  const connecting = refusal(connect({ ...database, ...silent }, { signal: early.signal }));
  early.abort();
  expect(await connecting).toMatchObject({ code: 'E_INTERRUPTED' });

  const later = new AbortController();
  const client = await connected(database, { signal: later.signal });
  const pid = await backendPid(client);
  const running = refusal(query(client, sql`select pg_sleep(60)`, 'build an index'));
  later.abort();
  expect(await running).toMatchObject({ code: 'E_INTERRUPTED' });
  await until(
    async () => (await database.query('select 1 from pg_stat_activity where pid = $1', [pid])).rowCount === 0,
  );
});
