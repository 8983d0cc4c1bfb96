import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Signs a certificate for a DNS name or an IPv4 address; `days` counts from now and may be negative: expired. */
  issue(name: string, days?: number): Certificate;
}

/** A certificate authority of its own, made here so that the tests need no program beyond Node. */
export function certificateAuthority(name: string): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const make = (subject: string, key: KeyObject, extensions: Buffer[], days: number): string =>
    pem('CERTIFICATE', signed(certificate(name, subject, key, extensions, days), pair.privateKey));
  const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    cert: make(
      name,
      pair.publicKey,
      [extension(basicConstraints, sequence(tlv(0x01, Buffer.from([0xff]))), true)],
      3_650,
    ),
    key: keyPem(pair.privateKey),
    issue(host, days = 3_650) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternative = isIPv4(host)
        ? tlv(0x87, Buffer.from(host.split('.').map(Number)))
        : tlv(0x82, Buffer.from(host, 'latin1'));
      return {
        cert: make(host, own.publicKey, [extension(subjectAltName, sequence(alternative), false)], days),
        key: keyPem(own.privateKey),
      };
    },
  };
}

/** A certificate that vouches for itself alone. */
export function selfSigned(host: string): Certificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificate(
    host,
    host,
    pair.publicKey,
    [extension(subjectAltName, sequence(tlv(0x82, Buffer.from(host, 'latin1'))), false)],
    3_650,
  );
  return {
    cert: pem('CERTIFICATE', signed(body, pair.privateKey)),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

// What follows is as much of DER (X.690) and of X.509 (RFC 5280, section 4.1) as these certificates need.

const basicConstraints = oid(0x55, 0x1d, 0x13);
const subjectAltName = oid(0x55, 0x1d, 0x11);
const commonName = oid(0x55, 0x04, 0x03);
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 */
const signatureAlgorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

const dayMs = 86_400_000;

function certificate(issuer: string, subject: string, key: KeyObject, extensions: Buffer[], days: number): Buffer {
  const now = new Date().getTime();
  const from = now - (days < 0 ? 3_650 : 1) * dayMs;
  return sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    // A leading zero keeps the serial number positive.
    tlv(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    signatureAlgorithm,
    distinguishedName(issuer),
    sequence(time(from), time(now + days * dayMs)),
    distinguishedName(subject),
    key.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, signatureAlgorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, key)])));
}

function distinguishedName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(commonName, tlv(0x0c, Buffer.from(name)))));
}

function extension(id: Buffer, value: Buffer, critical: boolean): Buffer {
  return sequence(id, ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}

function time(at: number): Buffer {
  return tlv(0x18, Buffer.from(new Date(at).toISOString().replace(/\.\d+|[-:T]/g, '')));
}

function oid(...bytes: number[]): Buffer {
  return tlv(0x06, Buffer.from(bytes));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, value: Buffer): Buffer {
  const size = value.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** As shown by `openssl x509 -fingerprint -sha256`, and by Node. */
export function fingerprint(certificatePem: string): string {
  const der = Buffer.from(certificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return (createHash('sha256').update(der).digest('hex').toUpperCase().match(/../g) ?? []).join(':');
}
