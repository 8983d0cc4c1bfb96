import type { ErrorCode } from '../core/errors.ts';

/** One kind of failure in our words. `what` completes "Could not …: "; `next` is a sentence of its own. */
export interface Kind {
  readonly code: ErrorCode;
  readonly what: string;
  readonly next: string;
}

const again = 'Run the same command again: it continues where it stopped.';
const defect = 'This is likely a defect of Crossfade: please report it with the SQLSTATE.';

/**
 * By SQLSTATE, else by its first two characters.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const bySqlState: Readonly<Record<string, Kind>> = {
  '08': { code: 'E_TARGET_LOST', what: 'the connection broke', next: again },
  '0A': { code: 'E_TARGET_REFUSED', what: 'this server does not support the statement', next: defect },
  '22': { code: 'E_TARGET_REFUSED', what: 'the server refused a value', next: defect },
  '23': {
    code: 'E_TARGET_REFUSED',
    what: 'rows break a constraint',
    next: 'The constraint is named; compare it with the rows of the source.',
  },
  '23502': {
    code: 'E_TARGET_REFUSED',
    what: 'a NULL stands where none may',
    next: 'Correct the rows, or take NOT NULL from the column of the existing table.',
  },
  '23503': {
    code: 'E_TARGET_REFUSED',
    what: 'rows point to rows that do not exist',
    next: 'Correct the rows, or leave the foreign key out.',
  },
  '23505': {
    code: 'E_TARGET_REFUSED',
    what: 'two rows have the same key',
    next: 'Correct the rows, or leave the unique constraint out.',
  },
  '23514': { code: 'E_TARGET_REFUSED', what: 'rows break a CHECK', next: 'Correct the rows, or leave the CHECK out.' },
  '25006': {
    code: 'E_TARGET_REFUSED',
    what: 'the server or role is read-only',
    next: 'Name the primary server, or a role that may write.',
  },
  '25P03': { code: 'E_TARGET_LOST', what: 'the server ended an idle transaction', next: again },
  '25P04': {
    code: 'E_TARGET_LOST',
    what: 'the server ended a long transaction',
    next: `Raise transaction_timeout. ${again}`,
  },
  '28': {
    code: 'E_TARGET_LOGIN',
    what: 'the server does not let this user in from here',
    next: 'Check the user, pg_hba.conf, and whether the server demands TLS (sslmode).',
  },
  '28P01': {
    code: 'E_TARGET_LOGIN',
    what: 'the server refused the password',
    next: 'Check user and password: DATABASE_URL, --password-stdin, PGPASSWORD, then the password file.',
  },
  '3D000': {
    code: 'E_TARGET_LOGIN',
    what: 'there is no such database',
    next: 'Create it with createdb, or correct its name.',
  },
  '40': { code: 'E_TARGET_REFUSED', what: 'the transaction met a conflicting one and was rolled back', next: again },
  '42': { code: 'E_TARGET_REFUSED', what: 'the server refused the statement', next: defect },
  '42501': {
    code: 'E_TARGET_RIGHTS',
    what: 'the role lacks a right',
    next: 'Grant it as docs/reference/rights.md shows; crossfade doctor lists what is missing.',
  },
  '53': {
    code: 'E_TARGET_REFUSED',
    what: 'the server ran out of resources',
    next: `Free some, or use fewer --jobs. ${again}`,
  },
  '53100': { code: 'E_TARGET_FULL', what: "the server's disk is full", next: `Free space. ${again}` },
  '53200': { code: 'E_TARGET_REFUSED', what: 'the server ran out of memory', next: `Use fewer --jobs. ${again}` },
  '53300': {
    code: 'E_TARGET_UNREACHABLE',
    what: 'the server has no free connection',
    next: 'Use fewer --jobs, end other sessions, or raise max_connections.',
  },
  '54': {
    code: 'E_TARGET_REFUSED',
    what: 'a limit of PostgreSQL is exceeded',
    next: 'Leave the table out with --except, or the index with "create": false in a plan.',
  },
  '55': { code: 'E_TARGET_REFUSED', what: 'an object is in use', next: again },
  '55P03': {
    code: 'E_TARGET_REFUSED',
    what: 'another session holds a lock for too long',
    next: `End that session's transaction. ${again}`,
  },
  '57': { code: 'E_TARGET_REFUSED', what: 'the server broke the statement off', next: again },
  '57014': {
    code: 'E_TARGET_REFUSED',
    what: 'the statement was cancelled, by its time limit or by an administrator',
    next: again,
  },
  '57P01': { code: 'E_TARGET_LOST', what: 'the server ended the connection', next: again },
  '57P02': { code: 'E_TARGET_LOST', what: 'the server crashed and is recovering', next: again },
  '57P03': {
    code: 'E_TARGET_UNREACHABLE',
    what: 'the server is starting or stopping',
    next: 'Wait until it accepts connections, then run the command again.',
  },
  '57P05': { code: 'E_TARGET_LOST', what: 'the server ended an idle session', next: again },
  '58': {
    code: 'E_TARGET_REFUSED',
    what: 'the server cannot use its files',
    next: "Look into the server's log and at its disk.",
  },
  XX: { code: 'E_TARGET_REFUSED', what: 'the server met an internal error', next: "Look into the server's log." },
};

/** What an SQLSTATE means that no row above names. */
export const otherSqlState: Kind = { code: 'E_TARGET_REFUSED', what: 'the server refused the statement', next: defect };

const network: Kind = {
  code: 'E_TARGET_UNREACHABLE',
  what: 'the host does not answer',
  next: 'Check host, port, network and firewall.',
};
const unnamed: Kind = {
  code: 'E_TARGET_UNREACHABLE',
  what: 'the name of the host cannot be resolved',
  next: 'Correct the host, or check the name server.',
};
const broken: Kind = { code: 'E_TARGET_LOST', what: 'the connection broke', next: again };
const noSocket: Kind = {
  code: 'E_TARGET_UNREACHABLE',
  what: 'no server socket can be opened there',
  next: 'Start the server, or correct the folder, the port or its rights.',
};

/** By the `code` of an operating system's error. */
export const byErrno: Readonly<Record<string, Kind>> = {
  ECONNREFUSED: {
    code: 'E_TARGET_UNREACHABLE',
    what: 'nothing listens there',
    next: 'Start the server, or correct host and port.',
  },
  ENOENT: noSocket,
  EACCES: noSocket,
  ENOTFOUND: unnamed,
  EAI_AGAIN: unnamed,
  ETIMEDOUT: network,
  EHOSTUNREACH: network,
  ENETUNREACH: network,
  EADDRNOTAVAIL: network,
  EHOSTDOWN: network,
  ECONNRESET: broken,
  ECONNABORTED: broken,
  EPIPE: broken,
  ERR_STREAM_DESTROYED: broken,
  ERR_STREAM_PREMATURE_CLOSE: broken,
};

const untrusted: Kind = {
  code: 'E_TARGET_TLS',
  what: "the server's certificate comes from no authority that is trusted here",
  next: 'Name the CA that issued it: sslrootcert=FILE, or sslrootcert=system.',
};

/** By the `code` of a TLS error of Node and OpenSSL. */
export const byTlsCode: Readonly<Record<string, Kind>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'E_TARGET_TLS',
    what: "the server's certificate is for another name",
    next: 'Use the name that stands in the certificate as host; with an address, add hostaddr.',
  },
  CERT_HAS_EXPIRED: {
    code: 'E_TARGET_TLS',
    what: "the server's certificate has expired",
    next: "Renew it, or check this machine's clock.",
  },
  CERT_NOT_YET_VALID: {
    code: 'E_TARGET_TLS',
    what: "the server's certificate is not valid yet",
    next: "Check this machine's clock.",
  },
  CERT_REVOKED: { code: 'E_TARGET_TLS', what: "the server's certificate is revoked", next: 'Replace it.' },
};

/** What a TLS error means that no row above names. */
export const otherTls: Kind = {
  code: 'E_TARGET_TLS',
  what: 'no TLS connection could be made',
  next: "Compare the server's TLS versions, its certificate and the client certificate it may ask for.",
};

/** pg's words for a server that answers N to the request for TLS. */
export const noTlsMessage = 'The server does not support SSL connections';

/** What the driver reports without a code, by its message; pg is pinned, and the tests meet each of these. */
export const byDriverMessage: Readonly<Record<string, Kind>> = {
  [noTlsMessage]: {
    code: 'E_TARGET_TLS',
    what: 'the server offers no TLS',
    next: 'Turn it on (ssl=on), or, where the way to the server is safe, use sslmode=disable.',
  },
  'There was an error establishing an SSL connection': {
    code: 'E_TARGET_UNREACHABLE',
    what: 'what answers is not a PostgreSQL server, or one that refuses new connections',
    next: 'Check host and port.',
  },
  'Connection terminated': broken,
  'Connection terminated unexpectedly': broken,
  'Client has encountered a connection error and is not queryable': broken,
  'Client was closed and is not queryable': broken,
  'Query read timeout': { code: 'E_TARGET_LOST', what: 'the server did not answer in time', next: again },
};

/** A login that broke off without an SQLSTATE. */
export const loginExchange: Kind = {
  code: 'E_TARGET_LOGIN',
  what: 'the login exchange failed',
  next: 'Check the password, and that the server uses SCRAM-SHA-256; something between may also have changed the exchange.',
};
