import { chownSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsDial, createSecureContext, TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificateAuthority, type Certificate, fingerprint, selfSigned } from '../../test/harness/certificates.ts';
import { tempFolder } from '../../test/harness/folders.ts';
import { query as adminQuery } from '../../test/harness/postgres.ts';
import { inTheMiddle } from '../../test/harness/sockets.ts';
import type { CrossfadeError } from '../core/errors.ts';
import { connect, disconnect } from './connect.ts';
import { type Cluster, startCluster } from './embedded/cluster.ts';
import type { Target, TlsMode } from './target.ts';
import { tlsInUse } from './tls.ts';

const authority = certificateAuthority('Crossfade test CA');
const other = certificateAuthority('Another CA');
const modes: readonly TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

let cluster: Cluster;
let ca: string;

beforeAll(async () => {
  const folder = tempFolder('tls-');
  cluster = await startCluster({ folder });
  ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.cert);
});
afterAll(() => cluster.stop());

/** The server under its name: hostaddr leads to loopback, so that no name server takes part. */
function target(tls: TlsMode, extra: Partial<Target> = {}): Target {
  return {
    ...cluster.target,
    host: 'db.test',
    hostAddress: '127.0.0.1',
    tls,
    tlsFiles: { ca },
    connectTimeoutMs: 5_000,
    ...extra,
  };
}

/** How a connection ended: `plain`, `TLSv1.3`, or the code of the error. */
async function outcome(to: Target): Promise<string> {
  try {
    const client = await connect(to);
    const tls = tlsInUse((client.connection as unknown as { stream: unknown }).stream);
    await disconnect(client);
    return tls?.protocol ?? 'plain';
  } catch (error) {
    return (error as CrossfadeError).code;
  }
}

/** Has the real server present this certificate, and waits until it does. */
async function serve(certificate: Certificate): Promise<void> {
  const { uid, gid } = statSync(cluster.data);
  for (const [file, text] of [
    ['server.crt', certificate.cert],
    ['server.key', certificate.key],
  ] as const) {
    const path = join(cluster.data, file);
    writeFileSync(path, text, { mode: 0o600 });
    chownSync(path, uid, gid);
  }
  await adminQuery(cluster.target, 'alter system set ssl = on');
  await adminQuery(cluster.target, 'select pg_reload_conf()');
  while ((await presented()) !== fingerprint(certificate.cert)) await sleep(20);
}

async function presented(): Promise<string | null> {
  const socket = dial(cluster.target.port, '127.0.0.1').on('error', () => undefined);
  try {
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString() !== 'S') return null;
    const secure = tlsDial({ socket, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    return secure.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}

describe('before the server offers TLS', () => {
  test('prefer goes on without it, and everything that demands it is refused', async () => {
    const results = await Promise.all(modes.map((tls) => outcome(target(tls))));
    expect(results).toEqual(['plain', 'plain', 'E_TARGET_TLS', 'E_TARGET_TLS', 'E_TARGET_TLS']);
  });

  test('the refusal says that the server offers no TLS', async () => {
    await expect(connect(target('verify-full'))).rejects.toMatchObject({
      message: expect.stringContaining('offers no TLS'),
    });
  });
});

describe('a server with TLS', () => {
  const cases: readonly [string, () => Certificate, readonly string[]][] = [
    ['a good certificate', () => authority.issue('db.test'), ['plain', 'TLSv1.3', 'TLSv1.3', 'TLSv1.3', 'TLSv1.3']],
    [
      'a certificate for another name',
      () => authority.issue('elsewhere.test'),
      ['plain', 'TLSv1.3', 'TLSv1.3', 'TLSv1.3', 'E_TARGET_TLS'],
    ],
    [
      'an expired certificate',
      () => authority.issue('db.test', -1),
      ['plain', 'TLSv1.3', 'E_TARGET_TLS', 'E_TARGET_TLS', 'E_TARGET_TLS'],
    ],
    [
      'a certificate of another authority',
      () => other.issue('db.test'),
      ['plain', 'TLSv1.3', 'E_TARGET_TLS', 'E_TARGET_TLS', 'E_TARGET_TLS'],
    ],
    [
      'a self-signed certificate',
      () => selfSigned('db.test'),
      ['plain', 'TLSv1.3', 'E_TARGET_TLS', 'E_TARGET_TLS', 'E_TARGET_TLS'],
    ],
  ];
  test.each(cases)('%s: each mode checks what it promises, given a CA', async (_, issue, expected) => {
    await serve(issue());
    expect(await Promise.all(modes.map((tls) => outcome(target(tls))))).toEqual(expected);
  });

  test.each([
    ['another name', () => authority.issue('elsewhere.test'), 'is for another name'],
    ['a time that is over', () => authority.issue('db.test', -1), 'has expired'],
    ['an authority that nobody named', () => other.issue('db.test'), 'no authority that is trusted here'],
    ['itself', () => selfSigned('db.test'), 'no authority that is trusted here'],
  ])('the refusal of a certificate for %s says so', async (_, issue, words) => {
    await serve(issue());
    await expect(connect(target('verify-full'))).rejects.toMatchObject({
      code: 'E_TARGET_TLS',
      message: expect.stringContaining(words),
    });
  });

  describe('with a good certificate', () => {
    beforeEach(() => serve(authority.issue('db.test')));

    test('without a CA, require encrypts and the verifying modes refuse what the public authorities did not issue', async () => {
      const results = await Promise.all(modes.map((tls) => outcome(target(tls, { tlsFiles: {} }))));
      expect(results).toEqual(['plain', 'TLSv1.3', 'TLSv1.3', 'E_TARGET_TLS', 'E_TARGET_TLS']);
    });

    test('an address is checked as an address, and the name asked for counts where hostaddr leads elsewhere', async () => {
      expect(await outcome({ ...cluster.target, host: '127.0.0.1', tls: 'verify-full', tlsFiles: { ca } })).toBe(
        'E_TARGET_TLS',
      );
      expect(await outcome(target('verify-full', { host: 'other.test' }))).toBe('E_TARGET_TLS');
      await serve(authority.issue('127.0.0.1'));
      expect(await outcome(target('verify-full', { host: '192.0.2.9' }))).toBe('E_TARGET_TLS');
      expect(await outcome({ ...cluster.target, host: '127.0.0.1', tls: 'verify-full', tlsFiles: { ca } })).toBe(
        'TLSv1.3',
      );
    });

    test('someone on the way who answers N is believed by prefer alone', async () => {
      const place = await inTheMiddle(cluster.target, async (client, upstream) => {
        const [first] = (await once(client, 'data')) as [Buffer];
        // Eight bytes ask for TLS; anything else is a login in plain text.
        if (first.length === 8) client.write('N');
        else upstream.write(first);
        client.pipe(upstream).pipe(client);
      });
      const results = await Promise.all(modes.slice(1).map((tls) => outcome(target(tls, { port: place.port }))));
      expect(results).toEqual(['plain', 'E_TARGET_TLS', 'E_TARGET_TLS', 'E_TARGET_TLS']);
    });

    test('someone on the way who breaks the handshake does not get plain text, not even from prefer', async () => {
      const place = await inTheMiddle(cluster.target, async (client) => {
        await once(client, 'data');
        client.write('S');
        await once(client, 'data');
        client.end('not a handshake');
      });
      expect(
        await Promise.all((['prefer', 'require'] as const).map((tls) => outcome(target(tls, { port: place.port })))),
      ).toEqual(['E_TARGET_TLS', 'E_TARGET_TLS']);
    });

    test('plain bytes smuggled in behind the S are refused', async () => {
      const place = await inTheMiddle(cluster.target, async (client) => {
        await once(client, 'data');
        client.write('SZ');
      });
      expect(await outcome(target('require', { port: place.port }))).toBe('E_TARGET_UNREACHABLE');
    });

    test('channel_binding=require logs in to the server itself, and not through someone who ends TLS on the way', async () => {
      expect(await outcome(target('require', { channelBinding: 'require' }))).toBe('TLSv1.3');
      expect(await outcome(target('disable', { channelBinding: 'require' }))).toBe('E_TARGET_TLS');
      for (const towardsServer of ['TLS', 'plain'] as const) {
        const place = await inTheMiddle(cluster.target, endTls(other.issue('db.test'), towardsServer));
        const blind = { port: place.port, tlsFiles: {} };
        expect(await outcome(target('require', blind))).toBe('TLSv1.3');
        expect(await outcome(target('require', { ...blind, channelBinding: 'require' }))).toMatch(
          /^E_TARGET_(TLS|LOGIN)$/,
        );
      }
    });
  });
});

test('a client certificate is presented to a server that demands one', async () => {
  await serve(authority.issue('db.test'));
  const demanded = join(cluster.data, 'clients.pem');
  writeFileSync(demanded, authority.cert, { mode: 0o644 });
  const hba = join(cluster.data, 'pg_hba.conf');
  writeFileSync(
    hba,
    `hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\nhostnossl all all 127.0.0.1/32 scram-sha-256\n`,
  );
  await adminQuery(cluster.target, `alter system set ssl_ca_file = 'clients.pem'`);
  await adminQuery(cluster.target, 'select pg_reload_conf()');
  const folder = tempFolder();
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')];
  const usable = authority.issue('client');
  writeFileSync(cert, usable.cert);
  writeFileSync(key, usable.key, { mode: 0o600 });
  while ((await outcome(target('verify-full'))) !== 'E_TARGET_LOGIN') await sleep(20);
  expect(await outcome(target('verify-full', { tlsFiles: { ca, cert, key } }))).toBe('TLSv1.3');
});

/** Decrypts what the client sends and passes it on, as an attacker with a certificate of his own does. */
function endTls(certificate: Certificate, towardsServer: 'TLS' | 'plain') {
  return async (client: Socket, upstream: Socket): Promise<void> => {
    const [request] = (await once(client, 'data')) as [Buffer];
    client.write('S');
    const secureContext = createSecureContext({ cert: certificate.cert, key: certificate.key });
    const near = new TLSSocket(client, { isServer: true, secureContext }).on('error', () => undefined);
    if (towardsServer === 'plain') return void near.pipe(upstream).pipe(near);
    upstream.write(request);
    await once(upstream, 'data');
    const far = tlsDial({ socket: upstream, rejectUnauthorized: false }).on('error', () => undefined);
    near.pipe(far).pipe(near);
  };
}
