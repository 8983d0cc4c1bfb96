import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connected, refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { inTheMiddle } from '../../test/harness/sockets.ts';
import { query } from './connect.ts';
import { copyOut } from './copy-out.ts';
import { sql } from './sql.ts';
import type { Target } from './target.ts';

const rows = "COPY (SELECT g, repeat('x', g % 700) FROM generate_series(1, 400) g) TO STDOUT (FORMAT binary)";

test('the bytes of the rows arrive whole and in order, however the network cuts them', async () => {
  const database = await freshDatabase();
  const whole = await bytesOf(database, rows);
  expect(whole.length).toBeGreaterThan(80_000);
  const { host, port } = await inTheMiddle(database, async (client, server) => {
    client.setNoDelay(true).pipe(server);
    // Sizes from one byte on cut headers as well as rows; a pause between them keeps them apart.
    let size = 0;
    for await (const chunk of server as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += size) {
        size = (size % 613) + 1;
        client.write(chunk.subarray(at, at + size));
        await setImmediate();
      }
    }
  });
  expect((await bytesOf({ ...database, host, port }, rows)).equals(whole)).toBe(true);
});

test('what the server says between rows is none of theirs', async () => {
  const database = await freshDatabase();
  await database.query(
    "create function said(n int) returns int language plpgsql as $$ begin raise notice 'row %', n; return n; end $$",
  );
  const noisy = await bytesOf(database, 'COPY (SELECT public.said(g) FROM generate_series(1, 50) g) TO STDOUT');
  expect(noisy.toString()).toBe(Array.from({ length: 50 }, (_, i) => `${i + 1}\n`).join(''));
});

test('a refusal in the middle rejects, and the connection goes on', async () => {
  const client = await connected(await freshDatabase());
  const divided = copyOut(
    client,
    'COPY (SELECT 1 / (300 - g) FROM generate_series(1, 400) g) TO STDOUT',
    () => undefined,
  );
  expect(await refusal(divided)).toMatchObject({ facts: { sqlstate: '22012' } });
  expect((await query(client, sql`SELECT 1 AS one`, 'ask')).rows).toEqual([{ one: '1' }]);
});

test('an error of the taker is passed on, after the rest was drained', async () => {
  const client = await connected(await freshDatabase());
  const own = new Error('mine');
  let calls = 0;
  const failing = copyOut(client, rows, () => {
    calls++;
    throw own;
  });
  await expect(failing).rejects.toBe(own);
  expect(calls).toBe(1);
  expect((await query(client, sql`SELECT 1 AS one`, 'ask')).rows).toEqual([{ one: '1' }]);
});

test('a connection that breaks between two rows rejects', async () => {
  const database = await freshDatabase();
  const { host, port } = await inTheMiddle(database, (client, server) => {
    client.pipe(server);
    let sent = 0;
    server.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > 60_000) client.destroy();
      else client.write(chunk);
    });
  });
  expect(await refusal(bytesOf({ ...database, host, port }, rows))).toMatchObject({ code: 'E_TARGET_LOST' });
});

async function bytesOf(target: Target, statement: string): Promise<Buffer> {
  const client = await connected(target);
  const pieces: Buffer[] = [];
  await copyOut(client, statement, (chunk, start, end) => pieces.push(Buffer.from(chunk.subarray(start, end))));
  return Buffer.concat(pieces);
}
