import { once } from 'node:events';
import { connect as dial, createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { from as copyFrom } from 'pg-copy-streams';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { everythingPrintable } from '../../test/support/printed.ts';
import { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect, query } from './connect.ts';
import { failure } from './failure.ts';
import { sql, trusted } from './sql.ts';

const canary = 'zz-canary-1';

let shared: TestDatabase;
beforeAll(async () => {
  shared = await freshDatabase();
  await shared.query('create table t (email text not null unique, note text, n int check (n > 0))');
  await shared.query('insert into t (email, n) values ($1, 1)', [canary]);
  await shared.query('create table number (n int)');
});
afterAll(() => shared.drop());

test.each([
  [
    'a unique violation',
    `insert into public.t (email, n) values ('${canary}', 1)`,
    { code: 'E_TARGET_REFUSED', facts: { sqlstate: '23505', schema: 'public', table: 't', constraint: 't_email_key' } },
  ],
  [
    'a NULL in a NOT NULL column',
    `insert into public.t (email, note) values (null, '${canary}')`,
    { facts: { sqlstate: '23502', table: 't', column: 'email' } },
  ],
  [
    'a broken CHECK',
    `insert into public.t (email, note, n) values ('other', '${canary}', -1)`,
    { facts: { sqlstate: '23514', constraint: 't_n_check' } },
  ],
  ['text that is no number', `select '${canary}'::int`, { facts: { sqlstate: '22P02' } }],
  ['text that is no time', `select '${canary}'::timestamptz`, { facts: { sqlstate: '22007' } }],
  ['a statement that is none', `${canary} nonsense`, { facts: { sqlstate: '42601' } }],
  [
    'an error raised by a trigger of the target',
    `do $$ begin raise exception '${canary}' using detail = '${canary}', hint = '${canary}'; end $$`,
    { facts: { sqlstate: 'P0001' } },
  ],
])('%s is told by its names and SQLSTATE, without the value', async (_, statement, expected) => {
  const client = await connect(shared);
  onTestFinished(() => disconnect(client));

  const error = await query(client, trusted(statement), 'write table "t"').catch((caught: CrossfadeError) => caught);
  expect(error).toBeInstanceOf(CrossfadeError);
  expect(error).toMatchObject(expected);
  expect(everythingPrintable(error as CrossfadeError)).not.toContain(canary);
  expect((error as CrossfadeError).message).toMatch(/^Could not write table "t": .+ \(SQLSTATE .*\)\. \S/);
  expect(await query(client, sql`select 1 as one`, 'go on')).toMatchObject({ rows: [{ one: '1' }] });
});

test('a COPY that fails does not tell the line that failed', async () => {
  const client = await connect(shared);
  onTestFinished(() => disconnect(client));
  const stream = client.query(copyFrom('copy public.number from stdin'));
  const failed = once(stream, 'error');
  stream.end(`1\n${canary}\n`);
  const [raw] = await failed;
  expect(inspect(raw)).toContain(canary);
  const error = failure(raw, 'load table "t"');
  expect(error).toMatchObject({ code: 'E_TARGET_REFUSED', facts: { sqlstate: '22P02' } });
  expect(everythingPrintable(error)).not.toContain(canary);
});

test('a defect is told by its frames, without the message, whatever the message looks like', () => {
  const error = failure(new RangeError(`${canary}\n    at ${canary} (x.ts:1:1)`), 'load table "t"');
  expect(error.code).toBe('E_INTERNAL');
  expect(error.facts.error).toBe('RangeError');
  expect(error.facts.frames).toEqual(expect.arrayContaining([expect.stringContaining('failure.test.ts')]));
  expect(everythingPrintable(error)).not.toContain(canary);
  expect(everythingPrintable(failure(canary, 'do it'))).not.toContain(canary);
});

test('an error of ours passes unchanged, and an abort is an interruption', () => {
  const own = new CrossfadeError('E_TARGET_FULL', 'x');
  expect(failure(own, 'do it')).toBe(own);
  expect(failure(new DOMException('x', 'AbortError'), 'do it').code).toBe('E_INTERRUPTED');
});

/** Servers raise these for reasons that are hard to arrange, such as a full disk; raising them by number runs the same path. */
test.each([
  ['53100', 'E_TARGET_FULL'],
  ['53200', 'E_TARGET_REFUSED'],
  ['53300', 'E_TARGET_UNREACHABLE'],
  ['57P03', 'E_TARGET_UNREACHABLE'],
  ['57014', 'E_TARGET_REFUSED'],
  ['40001', 'E_TARGET_REFUSED'],
  ['40P01', 'E_TARGET_REFUSED'],
  ['55P03', 'E_TARGET_REFUSED'],
  ['42501', 'E_TARGET_RIGHTS'],
  ['54000', 'E_TARGET_REFUSED'],
  ['25006', 'E_TARGET_REFUSED'],
  ['08006', 'E_TARGET_LOST'],
  ['58030', 'E_TARGET_REFUSED'],
  ['ZZ999', 'E_TARGET_REFUSED'],
])('SQLSTATE %s is %s', async (sqlstate, code) => {
  const raw = await shared
    .query(`do $$ begin raise exception using errcode = '${sqlstate}'; end $$`)
    .catch((error: unknown) => error);
  expect(failure(raw, 'do it')).toMatchObject({ code, facts: { sqlstate } });
});

test('errors of the network are told apart', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  const [refused] = await once(dial(port, '127.0.0.1'), 'error').catch((error: unknown) => [error]);
  expect(failure(refused, 'connect')).toMatchObject({
    code: 'E_TARGET_UNREACHABLE',
    message: expect.stringContaining('nothing listens there'),
  });
  const errno = (code: string) => Object.assign(new Error('x'), { code });
  expect(failure(errno('ENOTFOUND'), 'connect').code).toBe('E_TARGET_UNREACHABLE');
  expect(failure(errno('ETIMEDOUT'), 'connect').code).toBe('E_TARGET_UNREACHABLE');
  expect(failure(errno('ECONNRESET'), 'load').code).toBe('E_TARGET_LOST');
  expect(failure(errno('CERT_HAS_EXPIRED'), 'connect').code).toBe('E_TARGET_TLS');
  expect(failure(errno('ERR_SSL_WRONG_VERSION_NUMBER'), 'connect').code).toBe('E_TARGET_TLS');
});
