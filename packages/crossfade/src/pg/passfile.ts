import { readFileSync, statSync } from 'node:fs';
import { isSocket } from './target.ts';

/** Whom a password is wanted for. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Looks a password up in a libpq password file. Like libpq, takes the first line that fits, and takes nothing from a
 * file that others can read; the warning says so, because the login then fails for a reason that is hard to guess.
 *
 * Own reader, because the package `pgpass` skips lines of under eleven characters (`*:*:*:*:pw`), splits `\\:`
 * wrongly and reads `#` lines as entries.
 * @see https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export function passwordFromFile(path: string, login: Login): { password?: string; warning?: string } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return {};
  if (!stat.isFile()) return { warning: `The password file ${path} is not a plain file and was not used.` };
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    return { warning: `The password file ${path} can be read by others and was not used. Run: chmod 600 ${path}` };
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { warning: `The password file ${path} cannot be read and was not used.` };
  }
  const wanted = [fileHost(login.host), String(login.port), login.database, login.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    const fits = wanted.every((want, i) => fields[i]?.raw === '*' || fields[i]?.value === want);
    const password = fields[4]?.value;
    if (fits && password) return { password };
  }
  return {};
}

/** libpq's files say `localhost` for a socket in its usual place. */
function fileHost(host: string): string {
  return isSocket(host) && ['/tmp', '/var/run/postgresql', '/run/postgresql'].includes(host) ? 'localhost' : host;
}

/** Fields between colons; a backslash takes the next character as it is. `raw` tells a `*` from a `\*`. */
function splitFields(line: string): { raw: string; value: string }[] {
  const fields = [...line.matchAll(/((?:\\.|[^:\\]|\\$)*)(?::|$)/g)].map(([, raw = '']) => raw);
  return fields.map((raw) => ({ raw, value: raw.replace(/\\(.)/g, '$1') }));
}
