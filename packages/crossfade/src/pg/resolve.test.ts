import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { CrossfadeError } from '../core/errors.ts';
import { resolveTarget } from './resolve.ts';
import type { Target } from './target.ts';

/** A home of its own, so that no certificate or password of the machine's user takes part. */
let home: string;
beforeEach(() => {
  home = tempFolder();
});

const canary = 'zz-canary-1';

function resolve(to: string | undefined, env: Record<string, string> = {}, passwordFromStdin?: string): Target | null {
  return resolveTarget({
    ...(to !== undefined && { to }),
    env: { HOME: home, ...env },
    ...(passwordFromStdin !== undefined && { passwordFromStdin }),
  });
}

function refusal(to: string | undefined, env: Record<string, string> = {}): CrossfadeError {
  try {
    resolve(to, env);
  } catch (error) {
    expect(error).toBeInstanceOf(CrossfadeError);
    return error as CrossfadeError;
  }
  throw new Error('nothing was refused');
}

test('without any name of a server there is no target, and a user alone is not one', () => {
  expect(resolve(undefined)).toBeNull();
  expect(
    resolve(undefined, { PGUSER: 'ann', PGPASSWORD: 'x', PGSSLMODE: 'require', DATABASE_URL: '', PGHOST: '' }),
  ).toBeNull();
});

test.each([
  [
    'postgres://ann@db.example.org:6543/app',
    { host: 'db.example.org', port: 6543, user: 'ann', database: 'app', tls: 'verify-full' },
  ],
  ['postgresql://ann@db.example.org', { port: 5432, user: 'ann', database: 'ann' }],
  ['postgres://%61nn%40x@h.example/a%2Fb%20%C3%A9', { user: 'ann@x', database: 'a/b é' }],
  ['postgres://ann@[2001:db8::1]:5433/app', { host: '2001:db8::1', port: 5433, tls: 'verify-full' }],
  ['postgres://ann@[::1]/app', { host: '::1', tls: 'prefer' }],
  ['postgres://ann@localhost/app', { tls: 'prefer' }],
  ['postgres://ann@127.8.9.1/app', { tls: 'prefer' }],
  ['postgres://ann@127.0.0.1.example/app', { tls: 'verify-full' }],
  ['postgres://ann@/app?host=/var/run/pg&port=5433', { host: '/var/run/pg', port: 5433, tls: 'prefer' }],
  ['postgres://ann@%2Fvar%2Frun%2Fpg/app', { host: '/var/run/pg', database: 'app' }],
  ['postgres://h/?dbname=app&user=ann', { user: 'ann', database: 'app' }],
  ['postgres://ann@h/app?sslmode=verify-ca&sslrootcert=/ca.pem', { tls: 'verify-ca', tlsFiles: { ca: '/ca.pem' } }],
  ['postgres://ann@db.test/app?hostaddr=127.0.0.1', { host: 'db.test', hostAddress: '127.0.0.1', tls: 'prefer' }],
  ['postgres://ann@db.test/app?hostaddr=192.0.2.1', { host: 'db.test', hostAddress: '192.0.2.1', tls: 'verify-full' }],
  ['postgres://ann@h/app?sslmode=require&channel_binding=require', { tls: 'require', channelBinding: 'require' }],
  ['postgres://ann@h/app?connect_timeout=3', { connectTimeoutMs: 3_000 }],
  ['  POSTGRES://ann@h/app\n', { host: 'h', database: 'app' }],
])('%s is read as libpq reads it', (url, expected) => {
  expect(resolve(url)).toMatchObject(expected);
});

test('--to comes before DATABASE_URL, which comes before the libpq variables, which fill in what is left open', () => {
  const env = {
    DATABASE_URL: 'postgres://url@two.example/two',
    PGHOST: 'three.example',
    PGPORT: '7',
    PGUSER: 'env',
    PGDATABASE: 'three',
  };
  expect(resolve('postgres://one.example/one', env)).toMatchObject({
    host: 'one.example',
    port: 7,
    user: 'env',
    database: 'one',
  });
  expect(resolve(undefined, env)).toMatchObject({ host: 'two.example', user: 'url', database: 'two' });
  expect(resolve(undefined, { ...env, DATABASE_URL: '' })).toMatchObject({ host: 'three.example', database: 'three' });
});

test('an address left over in the environment does not divert a host that was named', () => {
  const target = resolve('postgres://ann@db.example/app', { PGHOSTADDR: '192.0.2.7', PGHOST: 'other.example' });
  expect(target).toMatchObject({ host: 'db.example' });
  expect(target).not.toHaveProperty('hostAddress');
});

test('with nothing but a database named, the user of the system and the local server are meant', () => {
  const target = resolve(undefined, { PGDATABASE: 'app', PGPORT: '1' });
  expect(target).toMatchObject({ host: 'localhost', port: 1, user: userInfo().username, database: 'app' });
});

test.each([
  ['of a URL', `postgres://ann:${canary}@h/app`],
  ['of a URL that cannot be read', `postgres://ann:${canary}#x@h/app`],
  ['with a slash, which moves the host', `postgres://ann:12/${canary}@h/app`],
  ['in the query', `postgres://ann@h/app?password=${canary}`],
  ['in the query, encoded', `postgres://ann@h/app?%70assword=${canary}`],
  ['of a key', `postgres://ann@h/app?sslpassword=${canary}`],
  ['of another scheme', `mysql://ann:${canary}@h/app`],
  ['of a connection string', `host=h password=${canary}`],
])('a password on the command line is refused and not repeated: %s', (_, url) => {
  const error = refusal(url);
  expect(error).toMatchObject({ code: 'E_SECRET_IN_ARGV', exitCode: 2 });
  for (const fix of ['PGPASSWORD', 'PGPASSFILE', '~/.pgpass', '--password-stdin', 'DATABASE_URL'])
    expect(error.message).toContain(fix);
  expect(`${error.stack}${JSON.stringify(error)}`).not.toContain(canary);
});

test('a password in DATABASE_URL is taken as it is meant, + and all, and is not shown', () => {
  const target = resolve(undefined, { DATABASE_URL: 'postgres://ann:a%2Fb+c%40@h.example/app' });
  expect(target?.password).toBe('a/b+c@');
  expect(target?.display).toBe('postgres://ann@h.example:5432/app');
  expect(resolve(undefined, { DATABASE_URL: 'postgres://h/app?password=a+b' })?.password).toBe('a+b');
});

test.each([
  ['a file', 'file:./dev.db'],
  ['another database', 'mysql://h/app'],
  ['a # in a password', `postgres://ann:x#${canary}@h/app`],
  ['a / in a password', `postgres://ann:12/${canary}@h/app`],
  ['a lone %', `postgres://ann:%zz${canary}@h/app`],
  ['an unknown parameter', 'postgres://h/app?nonsense=1'],
  ['an unknown parameter named like a method', 'postgres://h/app?constructor=1'],
  ['a parameter given twice', 'postgres://h/app?port=1&port=2'],
  ['two hosts', 'postgres://one:1,two:2/app'],
  ['two hosts in the query', 'postgres:///app?host=one,two'],
  ['host twice', 'postgres://one/app?host=two'],
  ['port 0', 'postgres://h:0/app'],
  ['port 65536', 'postgres:///app?host=h&port=65536'],
  ['an unknown TLS mode', 'postgres://h/app?sslmode=allow'],
  ['a NUL, which would add parameters of its own', 'postgres://ann@h/app%00options%00-c'],
  ['a line break', 'postgres://ann@h/a\npp'],
  ['a hostaddr that is a name', 'postgres://h/app?hostaddr=other.example'],
  ['a time that is none', 'postgres://h/app?connect_timeout=soon'],
])('%s is refused with E_TARGET_URL', (_, url) => {
  const error = refusal(undefined, { DATABASE_URL: url });
  expect(error).toMatchObject({ code: 'E_TARGET_URL', exitCode: 2 });
  expect(error.message).toMatch(/Nothing was connected to\. \S/);
  expect(`${error.stack}`).not.toContain(canary);
});

test('the refusal of a parameter names it, and says what to do instead', () => {
  expect(refusal('postgres://h/app?schema=x').message).toContain('--schema');
  expect(refusal('postgres://h/app?pool_timeout=5').message).toContain('"pool_timeout"');
});

test('an empty --to is refused, since it comes from a variable that is not set', () => {
  expect(refusal('')).toMatchObject({ code: 'E_TARGET_URL' });
});

test('a password for no server is refused', () => {
  expect(() => resolve(undefined, {}, 'x')).toThrow(CrossfadeError);
});

test('the password comes from stdin, then the URL or variable, then the file', () => {
  passfile('*:*:*:*:from-file');
  const env = { PGHOST: 'h.example', PGUSER: 'ann' };
  expect(resolve(undefined, { ...env, PGPASSWORD: 'from-env' }, 'from-stdin')?.password).toBe('from-stdin');
  expect(resolve(undefined, { ...env, PGPASSWORD: 'from-env' })?.password).toBe('from-env');
  expect(resolve(undefined, env)?.password).toBe('from-file');
});

test('a service gives what the URL leaves open, before the variables do', () => {
  writeFileSync(
    join(home, '.pg_service.conf'),
    '# x\n[other]\nhost=no\n\n[app]\nhost=svc.example\nport=6000\nuser=svc\npassword=a=b\n[app]\nhost=later\n',
  );
  const expected = { host: 'svc.example', port: 6000, user: 'svc', password: 'a=b', database: 'mine' };
  expect(resolve('postgres:///mine?service=app', { PGUSER: 'env' })).toMatchObject(expected);
  expect(resolve(undefined, { PGSERVICE: 'app', PGDATABASE: 'mine' })).toMatchObject(expected);
});

test.each(['[app]\nnonsense=1', '[app]\nservice=other', '[app]\nno equals sign', '[other]\nhost=h'])(
  'a service file that holds %j is refused',
  (text) => {
    const path = join(home, 'services');
    writeFileSync(path, text);
    expect(refusal(undefined, { PGSERVICE: 'app', PGSERVICEFILE: path })).toMatchObject({ code: 'E_TARGET_URL' });
  },
);

test('certificates in their usual folder are used', () => {
  mkdirSync(join(home, '.postgresql'));
  for (const file of ['root.crt', 'postgresql.crt', 'postgresql.key'])
    writeFileSync(join(home, '.postgresql', file), '');
  const folder = join(home, '.postgresql');
  const expected = {
    ca: join(folder, 'root.crt'),
    cert: join(folder, 'postgresql.crt'),
    key: join(folder, 'postgresql.key'),
  };
  expect(resolve('postgres://h/app')?.tlsFiles).toEqual(expected);
  expect(resolve('postgres://h/app', { PGSSLROOTCERT: '/mine' })?.tlsFiles).toEqual({ ...expected, ca: '/mine' });
});

test('a mode that leaves something open is obeyed with a warning, and only where it matters', () => {
  expect(resolve('postgres://h.example/app?sslmode=require')?.warnings?.join()).toContain(
    "does not check the server's name",
  );
  expect(resolve('postgres://h.example/app?sslmode=disable')?.warnings).toHaveLength(1);
  expect(resolve('postgres://h.example/app')).not.toHaveProperty('warnings');
  expect(resolve('postgres://localhost/app?sslmode=disable')).not.toHaveProperty('warnings');
});

test('what is displayed names the same server when it is read again, and holds no control character', () => {
  const word = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .filter((it) => it.isWellFormed() && !it.includes('\0'));
  const host = fc.constantFrom('db.example', '127.0.0.1', '::1', '/tmp/x y', '2001:db8::1');
  fc.assert(
    fc.property(host, word, word, fc.integer({ min: 1, max: 65_535 }), (PGHOST, PGUSER, PGDATABASE, port) => {
      const target = resolve(undefined, { PGHOST, PGUSER, PGDATABASE, PGPORT: String(port) });
      expect(target?.display).toMatch(/^[\x21-\x7e]+$/);
      expect(resolve(target?.display)).toEqual(target);
    }),
  );
});

function passfile(content: string): string {
  const path = join(home, '.pgpass');
  writeFileSync(path, `${content}\n`, { mode: 0o600 });
  return path;
}
