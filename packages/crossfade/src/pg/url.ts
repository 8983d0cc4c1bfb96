import { type Parts, put, refusal } from './parameters.ts';

/** Where a URL was written; a password may stand in one of the two only. */
export type UrlOrigin = '--to' | 'DATABASE_URL';

/**
 * What follows the scheme. Not `URL`, which has no user without a host, removes tabs and dots on its own account, and
 * throws errors that carry the password. An @ in a password is let through: the last one ends the password.
 */
const shape =
  /^(?:(?<user>[^:/?]*)(?::(?<password>[^/?]*))?@)?(?<host>\[[^\]/?]*\]|[^:@[\]/?]*)(?::(?<port>\d*))?(?:\/(?<path>[^?]*))?(?:\?(?<search>.*))?$/s;

/**
 * Takes a `postgres://` URL apart, in the forms that libpq takes: percent-encoding, IPv6 in brackets, a socket folder
 * as `%2Fhost` or `?host=/folder`, any other parameter in the query.
 *
 * @throws CrossfadeError E_TARGET_URL; E_SECRET_IN_ARGV for a password in `--to`. Neither says what the URL holds.
 */
export function fromUrl(raw: string, origin: UrlOrigin): Parts {
  const text = raw.trim();
  if (origin === '--to') refuseSecret(text);
  const rest = /^postgres(?:ql)?:\/\/(.*)$/is.exec(text)?.[1];
  if (rest === undefined) {
    const unset = origin === 'DATABASE_URL' ? ' Or unset it, or name the server with --to.' : '';
    throw refusal(origin, 'is not a PostgreSQL URL', `Write postgres://user@host:5432/database.${unset}`);
  }
  refuseAmbiguous(rest, origin);

  const {
    user = '',
    password = '',
    host = '',
    port = '',
    path = '',
    search = '',
  } = shape.exec(rest)?.groups ?? unreadable(origin);
  const parts: Parts = {};
  put(parts, 'host', decode(host.replace(/^\[(.*)\]$/, '$1'), origin), origin);
  put(parts, 'port', port, origin);
  put(parts, 'user', decode(user, origin), origin);
  put(parts, 'password', decode(password, origin), origin);
  put(parts, 'dbname', decode(path, origin), origin);
  // Not URLSearchParams, which reads + as a space: libpq does not, and passwords have + in them.
  for (const pair of search.split('&').filter(Boolean)) {
    const [key = '', ...value] = pair.split('=');
    put(parts, decode(key, origin), decode(value.join('='), origin), origin);
  }
  // A second look, after decoding: %70assword is a password too.
  if (origin === '--to' && parts.password !== undefined) throw secretInArgv();
  return parts;
}

/**
 * Argv is readable by every process of the machine and is kept in shell histories. Looks at the text, not at a parsed
 * URL, because a URL that does not parse can hold a password just as well.
 */
function refuseSecret(text: string): void {
  const userinfo = /^[a-z][a-z0-9+.:-]*:\/\/[^@/?#[:]*:[^@]+@/i;
  const named = /(?:^|[?&\s])(?:ssl)?password\s*=\s*[^&\s]/i;
  if (userinfo.test(text) || named.test(text)) throw secretInArgv();
}

function secretInArgv(): Error {
  const fix =
    'Leave it out of --to, and give it by PGPASSWORD, a password file (PGPASSFILE, ~/.pgpass), --password-stdin, or ' +
    'put the whole URL into DATABASE_URL. It stands in the shell history now: consider changing it.';
  return refusal('--to', 'holds a password, which every process of this machine can read', fix, 'E_SECRET_IN_ARGV');
}

/** An unencoded `/`, `?`, `#` or `@` in a password moves the border of the host: another server, or a password in a log. */
function refuseAmbiguous(rest: string, origin: UrlOrigin): void {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  if (rest.slice(authority.length).includes('@') || rest.includes('#') || /\p{Cc}/u.test(rest)) {
    const fix = 'Percent-encode them inside a user, password or database name: %2F %3F %23 %40.';
    throw refusal(origin, 'has one of / ? # @ or a control character where it cannot be told what is meant', fix);
  }
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) throw severalHosts(origin);
}

/** One move writes to one server: with a list, a resumed run could continue on another one. */
export function severalHosts(origin: string): Error {
  return refusal(origin, 'names several hosts, and a move writes to one server', 'Name the primary alone.');
}

function unreadable(origin: UrlOrigin): never {
  const fix = 'Write postgres://user@host:5432/database, and percent-encode other characters in a user or password.';
  throw refusal(origin, 'cannot be read as a URL', fix);
}

function decode(text: string, origin: UrlOrigin): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal(origin, 'has a % that is not followed by two hexadecimal digits of UTF-8', 'Write a plain % as %25.');
  }
}
