import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type TLSSocket,
} from 'node:tls';
import { CrossfadeError } from '../core/errors.ts';
import { isLocal, isSocket, type Target, type TlsMode } from './target.ts';

/**
 * What each mode checks. The driver's own reading of sslmode is not used: it differs from libpq today and is announced
 * to change, and an upgrade must not weaken a connection.
 */
const checks: Record<TlsMode, { readonly chain: 'never' | 'if a CA is given' | 'always'; readonly name: boolean }> = {
  disable: { chain: 'never', name: false },
  prefer: { chain: 'never', name: false },
  require: { chain: 'if a CA is given', name: false },
  'verify-ca': { chain: 'always', name: false },
  'verify-full': { chain: 'always', name: true },
};

/**
 * The options of `tls.connect`, or false for a connection without TLS. Certificates and keys are read here, once, into
 * a context that does not show them when printed.
 *
 * @throws CrossfadeError E_TARGET_TLS when a file cannot be used.
 */
export function tlsOptions(target: Target): ConnectionOptions | false {
  if (target.tls === 'disable' || isSocket(target.host)) return false;
  const { chain, name } = checks[target.tls];
  const files = target.tlsFiles ?? {};
  return {
    secureContext: context(files),
    rejectUnauthorized: chain === 'always' || (chain === 'if a CA is given' && files.ca !== undefined),
    checkServerIdentity: name ? checkServerIdentity : () => undefined,
    // The name that was asked for, also where hostaddr leads elsewhere. SNI takes no addresses (RFC 6066, section 3).
    host: target.host,
    ...(isIP(target.host) === 0 && { servername: target.host }),
  };
}

function context(files: NonNullable<Target['tlsFiles']>): ReturnType<typeof createSecureContext> {
  const ca = files.ca === undefined ? undefined : authorities(files.ca);
  const cert = files.cert === undefined ? undefined : read(files.cert, 'sslcert');
  const key = files.key === undefined ? undefined : privateKey(files.key);
  try {
    // TLS 1.2 is Node's floor today; said here so that a lower one set for the process does not apply.
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
    });
  } catch {
    const fix = 'Both must be PEM, belong together, and the key must not be encrypted.';
    throw unusable(
      `The client certificate ${files.cert ?? '(none)'} and key ${files.key ?? '(none)'} do not work`,
      fix,
    );
  }
}

function authorities(path: string): string[] | Buffer {
  if (path === 'system') return getCACertificates('system');
  const pem = read(path, 'sslrootcert');
  try {
    // Node ignores a CA file that is none, and then blames the server's certificate.
    new X509Certificate(pem);
  } catch {
    throw unusable(`The file ${path} of sslrootcert holds no certificate`, 'Name a PEM file.');
  }
  return pem;
}

/** As libpq, wants a key that its owner alone can read, or root's that a group may read. */
function privateKey(path: string): Buffer {
  const pem = read(path, 'sslkey');
  const { mode, uid } = statSync(path);
  const forbidden = uid === 0 ? 0o037 : 0o077;
  if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
    throw unusable(`The key ${path} of sslkey can be read by others`, `Run: chmod 600 ${path}`);
  }
  return pem;
}

function read(path: string, parameter: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw unusable(`The file ${path} of ${parameter} cannot be read`, 'Check the path and its rights.');
  }
}

function unusable(what: string, fix: string): CrossfadeError {
  return new CrossfadeError('E_TARGET_TLS', `${what}. Nothing was connected to. ${fix}`);
}

/** What the chosen mode leaves open, or null. The mode is obeyed: it is the user's choice, but a known one. */
export function tlsWarning(target: Target): string | null {
  if (isSocket(target.host) || isLocal(target.hostAddress ?? target.host)) return null;
  const weakness = weaknesses[target.tls];
  return (
    weakness && `TLS mode ${target.tls} ${weakness}. Use sslmode=verify-full, with sslrootcert=FILE for a private CA.`
  );
}

const weaknesses: Record<TlsMode, string | null> = {
  disable: 'sends everything readable by anyone on the way',
  prefer: 'falls back to no encryption when anyone on the way asks for it',
  require: "encrypts, but does not check the server's name: anyone who can answer in its place reads everything",
  'verify-ca': "does not check the server's name: any server with a certificate of the same CA can answer in its place",
  'verify-full': null,
};

/** What protects this connection, as seen from this end, where a proxy cannot pretend. Null without TLS. */
export function tlsInUse(stream: unknown): { protocol: string; cipher: string; verified: boolean } | null {
  const socket = stream as Partial<TLSSocket>;
  if (socket.encrypted !== true || !socket.getProtocol || !socket.getCipher) return null;
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    cipher: socket.getCipher().name,
    verified: socket.authorized === true,
  };
}
