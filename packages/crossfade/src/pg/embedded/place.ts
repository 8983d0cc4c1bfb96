import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../target.ts';
import { type Account, canEnter, serverAccount } from './account.ts';
import { embeddedFailure } from './failure.ts';

/** Everything that starting a server needs to know. */
export interface ServerPlace {
  /** The folder that holds data, programs and log. */
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  /** Where `postgres` and `initdb` lie. */
  readonly bin: string;
  /** initdb's arguments for the locale. */
  readonly locale: readonly string[];
  readonly account: Account | undefined;
}

/** The superuser's name is PostgreSQL's customary one, so that nobody need look it up. */
export const superuser = 'postgres';

/** Code point order and Unicode case rules from PostgreSQL itself: the same on every platform, and no update of the C library corrupts an index. */
export const builtinLocale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/** The same order from the C library, for PostgreSQL before 17. */
export const libcLocale = ['--locale=C.UTF-8'];

/**
 * Makes the folder if need be and says how a server lives in it. Throws E_POSTGRES_EMBEDDED where the server's user could not reach it.
 */
export function serverPlace(
  folder: string,
  programs: (folder: string) => string,
  locale: readonly string[],
): ServerPlace {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const real = realpathSync(folder);
    const account = serverAccount(join(real, 'data'));
    // Another account must pass through, and may do no more than that.
    if (process.platform !== 'win32') chmodSync(real, account === undefined ? 0o700 : 0o711);
    if (!canEnter(real, account)) throw new Error(`the user ${account?.uid} that PostgreSQL runs as cannot enter it`);
    return { folder: real, data: join(real, 'data'), log: join(real, 'log'), bin: programs(real), locale, account };
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'CrossfadeError') throw cause;
    throw embeddedFailure(
      `The folder ${folder} cannot hold a PostgreSQL cluster: ${(cause as Error).message}. Nothing was started.`,
      { folder },
      cause,
    );
  }
}

/** Nothing of ours is inherited: DATABASE_URL and its like carry secrets, and PG* variables would change what the server does. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { LC_ALL: 'C', ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }), ...(TEMP && { TEMP }) };
}

/** How to reach the server of a place. */
export function loopbackTarget(port: number, password: string): Target {
  const database = 'postgres';
  return {
    host: '127.0.0.1',
    port,
    user: superuser,
    database,
    password,
    tls: 'disable',
    display: `postgres://${superuser}@127.0.0.1:${port}/${database}`,
  };
}
