import { CrossfadeError, type ErrorCode } from '../core/errors.ts';

/**
 * Every connection parameter that is understood: its libpq name, as in a URL's query or a service file, and its
 * environment variable. What is missing here is refused by name, because a parameter that is silently ignored may be
 * the one that the user relies on.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
export const variables = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  channel_binding: 'PGCHANNELBINDING',
  connect_timeout: 'PGCONNECT_TIMEOUT',
} as const;

/** A connection parameter by libpq's name. */
export type Parameter = keyof typeof variables;

/** Parameters with a value; an empty one counts as not given, as in libpq. */
export type Parts = { [P in Parameter]?: string };

/** What to do instead, for the unknown parameters that people do have in their URLs. */
const instead: Readonly<Record<string, string>> = {
  ssl: 'Write sslmode=verify-full or sslmode=disable instead.',
  schema: 'Name the schema with --schema instead.',
  options: 'Poolers refuse it; set what it sets with ALTER ROLE instead.',
  sslpassword: 'Name a key that is not encrypted in sslkey.',
  pgbouncer: 'Leave it out: a pooler is noticed without it.',
};

/** Sets one parameter. Messages name parameters and never values, since a value may be a password. */
export function put(parts: Parts, key: string, value: string, origin: string): void {
  if (!Object.hasOwn(variables, key)) {
    const fix = instead[key] ?? `Leave it out. Understood are: ${Object.keys(variables).join(', ')}.`;
    throw refusal(origin, `has the parameter "${printable(key)}", which is not supported`, fix);
  }
  if (parts[key as Parameter] !== undefined) throw refusal(origin, `names "${key}" twice`, 'Name it once.');
  if (value !== '') parts[key as Parameter] = value;
}

/** The parameters that libpq variables set; an empty variable counts as unset, as in libpq. */
export function fromEnvironment(env: NodeJS.ProcessEnv): Parts {
  const parts: Parts = {};
  for (const [key, variable] of Object.entries(variables)) put(parts, key, env[variable] ?? '', variable);
  return parts;
}

/** @param origin who said it: `--to`, `DATABASE_URL`, a variable or a file. */
export function refusal(origin: string, what: string, next: string, code: ErrorCode = 'E_TARGET_URL'): CrossfadeError {
  return new CrossfadeError(code, `${origin} ${what}. Nothing was connected to. ${next}`, { origin });
}

/** Keeps a message on its line whatever it has to name. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 63);
}
