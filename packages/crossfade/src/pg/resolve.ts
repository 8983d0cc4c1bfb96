import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fromEnvironment, type Parameter, type Parts, printable, refusal } from './parameters.ts';
import { passwordFromFile } from './passfile.ts';
import { fromServiceFile } from './service-file.ts';
import { type ChannelBinding, isLocal, isSocket, type Target, type TlsMode } from './target.ts';
import { tlsWarning } from './tls.ts';
import { fromUrl, severalHosts } from './url.ts';

/** Everything that may name a server; nothing else is looked at. */
export interface TargetInput {
  /** The value of `--to`. */
  readonly to?: string;
  readonly env: NodeJS.ProcessEnv;
  /** What `--password-stdin` has read; comes before every other password. */
  readonly passwordFromStdin?: string;
}

/**
 * Finds out which server is meant: `--to`, else `DATABASE_URL`, else the libpq variables, which also fill in what the
 * first two leave open. Null when none of them names a server: the caller then uses the embedded one.
 *
 * Reads the environment handed in, the service, password and default certificate files; connects to nothing.
 * @throws CrossfadeError E_TARGET_URL or E_SECRET_IN_ARGV
 */
export function resolveTarget(input: TargetInput): Target | null {
  const { env } = input;
  const variables = fromEnvironment(env);
  const url = input.to !== undefined ? fromUrl(input.to, '--to') : fromDatabaseUrl(env);
  if (url === null && !naming.some((key) => variables[key] !== undefined)) {
    if (input.passwordFromStdin === undefined) return null;
    throw refusal('--password-stdin', 'gives a password, but no server is named', 'Name it with --to.');
  }
  const service = url?.service ?? variables.service;
  const fromService = service === undefined ? {} : fromServiceFile(service, serviceFiles(env));
  return build(layered([variables, fromService, url ?? {}]), input);
}

/** The variables that name a server. A user or password alone does not: it must not turn a move away from the embedded server. */
const naming: readonly Parameter[] = ['host', 'hostaddr', 'port', 'dbname', 'service'];

function fromDatabaseUrl(env: NodeJS.ProcessEnv): Parts | null {
  return env.DATABASE_URL ? fromUrl(env.DATABASE_URL, 'DATABASE_URL') : null;
}

/**
 * Later layers win. Unlike libpq, whoever names the host names the address too: a PGHOSTADDR left over in the
 * environment must not send the data of `--to` somewhere else.
 */
function layered(layers: readonly Parts[]): Parts {
  return layers.reduce((below, layer) => {
    const { host: _host, hostaddr: _hostaddr, ...rest } = below;
    return { ...(layer.host !== undefined || layer.hostaddr !== undefined ? rest : below), ...layer };
  }, {});
}

function build(parts: Parts, input: TargetInput): Target {
  for (const [key, value] of Object.entries(parts)) {
    if (value.includes('\0'))
      throw refusal('The target', `has a NUL in "${key}"`, 'No such name can exist; correct it.');
  }
  if (`${parts.host}${parts.hostaddr}${parts.port}`.includes(',')) throw severalHosts('The target');
  if (parts.hostaddr !== undefined && isIP(parts.hostaddr) === 0) {
    throw refusal('The target', 'has a hostaddr that is not an IP address', 'Write a name as host instead.');
  }
  const port = wholeNumber(parts, 'port', 1, 65_535) ?? 5432;
  const host = parts.host ?? parts.hostaddr ?? usualHost(port);
  const user = parts.user ?? userInfo().username;
  const login = { host, port, user, database: parts.dbname ?? user };

  const tls =
    choice<TlsMode>(parts, 'sslmode', tlsModes) ?? (isLocal(parts.hostaddr ?? host) ? 'prefer' : 'verify-full');
  const files = tlsFiles(parts, input.env);
  const timeoutSeconds = wholeNumber(parts, 'connect_timeout', 0, 3_600);
  const channelBinding = choice<ChannelBinding>(parts, 'channel_binding', ['disable', 'prefer', 'require']);
  const given = input.passwordFromStdin ?? parts.password;
  const found =
    given === undefined ? passwordFromFile(parts.passfile ?? usualPassfile(input.env), login) : { password: given };
  const target: Target = {
    ...login,
    ...(parts.hostaddr && parts.hostaddr !== host && { hostAddress: parts.hostaddr }),
    ...(found.password !== undefined && { password: found.password }),
    tls,
    ...(Object.keys(files).length > 0 && { tlsFiles: files }),
    ...(channelBinding && { channelBinding }),
    // 0 is libpq's "wait for ever"; a move that hangs tells nobody anything, so it is the default limit here.
    ...(timeoutSeconds && { connectTimeoutMs: timeoutSeconds * 1000 }),
    display: display(login),
  };
  const warnings = [tlsWarning(target) ?? undefined, found.warning].filter((warning) => warning !== undefined);
  return warnings.length > 0 ? { ...target, warnings } : target;
}

const tlsModes: readonly TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

function choice<T extends string>(parts: Parts, key: Parameter, allowed: readonly T[]): T | undefined {
  const value = parts[key];
  const found = allowed.find((one) => one === value);
  if (value === undefined || found !== undefined) return found;
  throw refusal(
    'The target',
    `has ${key}=${printable(value)}, which is not supported`,
    `Use one of: ${allowed.join(', ')}.`,
  );
}

function wholeNumber(parts: Parts, key: Parameter, least: number, most: number): number | undefined {
  const value = parts[key];
  if (value === undefined) return undefined;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw refusal('The target', `has a ${key} that is not a number from ${least} to ${most}`, 'Correct it.');
}

/** As psql does: the server's socket where there is one, else TCP. */
function usualHost(port: number): string {
  const folders = ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => existsSync(join(folder, `.s.PGSQL.${port}`))) ?? 'localhost';
}

/** libpq's own folder for certificates; on Windows for the other files too. */
function libpqFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? homedir(), 'postgresql');
  return join(env.HOME ?? homedir(), '.postgresql');
}

function usualPassfile(env: NodeJS.ProcessEnv): string {
  return process.platform === 'win32' ? join(libpqFolder(env), 'pgpass.conf') : join(env.HOME ?? homedir(), '.pgpass');
}

function serviceFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.PGSERVICEFILE) return [env.PGSERVICEFILE];
  const own =
    process.platform === 'win32'
      ? join(libpqFolder(env), '.pg_service.conf')
      : join(env.HOME ?? homedir(), '.pg_service.conf');
  return env.PGSYSCONFDIR ? [own, join(env.PGSYSCONFDIR, 'pg_service.conf')] : [own];
}

function tlsFiles(parts: Parts, env: NodeJS.ProcessEnv): NonNullable<Target['tlsFiles']> {
  const pick = (given: string | undefined, usual: string): string | undefined => {
    const path = join(libpqFolder(env), usual);
    return given ?? (existsSync(path) ? path : undefined);
  };
  const files = {
    ca: pick(parts.sslrootcert, 'root.crt'),
    cert: pick(parts.sslcert, 'postgresql.crt'),
    key: pick(parts.sslkey, 'postgresql.key'),
  };
  return Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
}

/** Every part percent-encoded, so that a strange name can neither forge a part nor move the cursor of a terminal. */
function display({
  host,
  port,
  user,
  database,
}: {
  host: string;
  port: number;
  user: string;
  database: string;
}): string {
  const [u, d] = [encodeURIComponent(user), encodeURIComponent(database)];
  if (isSocket(host))
    return `postgres://${u}@/${d}?host=${encodeURIComponent(host).replaceAll('%2F', '/')}&port=${port}`;
  return `postgres://${u}@${host.includes(':') ? `[${encodeURIComponent(host).replaceAll('%3A', ':')}]` : encodeURIComponent(host)}:${port}/${d}`;
}
