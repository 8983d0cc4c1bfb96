import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { deadPlace } from '../../../test/harness/sockets.ts';
import { nocodbDriver } from './nocodb.ts';
import type { RequestFailure } from './request-failure.ts';
import { type RequestOptions, Requests } from './requests.ts';

const token = 'secret-token';

/** Requests to a server of which the test says what it answers; the last answer is given from then on. */
async function asked(answers: readonly ((response: ServerResponse) => void)[], more: Partial<RequestOptions> = {}) {
  const got: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    got.push(request);
    answers[Math.min(got.length, answers.length) - 1](response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return { requests: new Requests({ url, token, pauseMs: 2, ...more }), got, url };
}

const say =
  (status: number, headers: Record<string, string> = {}, body = '{}') =>
  (response: ServerResponse): void =>
    void response.writeHead(status, headers).end(body);

const failureOf = (call: Promise<unknown>): Promise<RequestFailure> =>
  call.then(
    () => expect.fail('nothing failed'),
    (error: unknown) => error as RequestFailure,
  );

test('Retry-After is waited for, in seconds or as a date', async () => {
  // The server's clock counts, whatever it shows.
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
  for (const after of ['1', 'Thu, 01 Jan 2026 00:00:01 GMT']) {
    const { requests, got } = await asked([say(429, { date, 'retry-after': after }), say(200)]);
    const before = performance.now();
    await requests.read('/x');
    expect([got.length, performance.now() - before > 990]).toEqual([2, true]);
  }
});

test('a longer Retry-After than a minute is told at once, and the server is left alone for so long', async () => {
  const { requests, got } = await asked([say(429, { 'retry-after': '3600' })]);
  for (let n = 0; n < 3; n++) {
    const failure = await failureOf(requests.read('/x'));
    expect([failure.status, failure.retryAfterMs > 3_590_000]).toEqual([429, true]);
  }
  expect(got.length).toBe(1);
});

test('a write is made again where it was refused at the door, and never where it may have been done', async () => {
  for (const [status, tries] of [
    [429, 5],
    [503, 1],
    [500, 1],
    [400, 1],
    [401, 1],
  ]) {
    const { requests, got } = await asked([say(status)]);
    expect((await failureOf(requests.write('POST', '/x', {}))).status).toBe(status);
    expect([status, got.length]).toEqual([status, tries]);
  }
});

test('reads are made again a limited number of times, with growing pauses; what will not pass is not', async () => {
  for (const [status, tries] of [
    [503, 3],
    [404, 1],
    [401, 1],
    [307, 1],
  ]) {
    const { requests, got } = await asked([say(status)], { triesMax: 3 });
    expect((await failureOf(requests.read('/x'))).status).toBe(status);
    expect([status, got.length]).toEqual([status, tries]);
  }
});

test('a place where nothing listens has got nothing', async () => {
  const { host, port } = await deadPlace();
  const requests = new Requests({ url: `http://${host}:${port}`, token, pauseMs: 1, triesMax: 2 });
  expect(await failureOf(requests.write('POST', '/x', {}))).toMatchObject({ effect: 'none', reason: 'ECONNREFUSED' });
});

test('the token goes nowhere else: not into a URL, and not where a redirection leads', async () => {
  const elsewhere = await asked([say(200)]);
  const { requests, got } = await asked([say(302, { location: elsewhere.url })]);
  await failureOf(requests.read('/x', { where: '(Id,gt,1)' }));
  expect(elsewhere.got.length).toBe(0);
  expect([got[0].headers['xc-token'], got[0].url?.includes(token)]).toEqual([token, false]);
});

test("an error tells the server's name for it, and nothing of what else it says", async () => {
  for (const [body, reason] of [
    ['{"error":"ERR_INVALID_VALUE_FOR_FIELD","message":"secret-value"}', 'ERR_INVALID_VALUE_FOR_FIELD'],
    ['{"error":"secret-value is wrong"}', 'HTTP 422'],
    ['{"msg":"secret-value"}', 'HTTP 422'],
    ['secret-value', 'HTTP 422'],
  ]) {
    const { requests } = await asked([say(422, {}, body)]);
    expect((await failureOf(requests.read('/x'))).reason).toBe(reason);
  }
});

test('no more requests a second than were allowed', async () => {
  const { requests } = await asked([say(200)], { requestsPerSecond: 20 });
  const before = performance.now();
  await Promise.all(Array.from({ length: 5 }, () => requests.read('/x')));
  // A timer may come a millisecond early, each time.
  expect(performance.now() - before).toBeGreaterThan(190);
});

test('a url, token or base that is none is refused, without repeating it', () => {
  const fine = { url: 'https://nocodb.example', token, base: 'p1' };
  for (const wrong of [
    { url: 'ftp://secret' },
    { url: 'https://me:secret@nocodb.example' },
    { url: 'https://nocodb.example?token=secret' },
    { url: 'secret' },
    { token: 'sec\nret' },
    { token: '' },
    { base: '../secret' },
  ]) {
    const make = () => nocodbDriver({ ...fine, ...wrong });
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/sec/);
  }
});
