import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { canEnter, serverAccount } from './account.ts';
import { embeddedFailure } from './failure.ts';
import { freePort } from './port.ts';

/** Where the embedded server lives unless told otherwise, below the working directory. */
export const defaultFolder = join('.crossfade', 'postgres');

/** Only root needs another place, and root may write here. */
const systemFolder = '/var/lib/crossfade';

/**
 * The folder that really holds the cluster of `folder`.
 *
 * As root the server runs as somebody else, who cannot pass into, say, a checkout below /root. Then the cluster lies in
 * /var/lib/crossfade, and a file `location` says so from then on: a choice made again at each start could find another
 * answer, and an empty cluster where the data was.
 */
export function homeOf(folder: string): string {
  const wished = resolve(folder);
  const pointer = join(wished, 'location');
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  if (existsSync(join(wished, 'data'))) return wished;
  const account = serverAccount(join(wished, 'data'));
  makeFolder(wished, account !== undefined);
  if (canEnter(wished, account)) return wished;
  const name = `${basename(resolve(wished, '..', '..'))}-${createHash('sha256').update(wished).digest('hex').slice(0, 12)}`;
  const elsewhere = join(systemFolder, name);
  makeFolder(elsewhere, true);
  writeWhole(pointer, `${elsewhere}\n`);
  return elsewhere;
}

/** As `homeOf`, for looking only: nothing is made. */
export function existingHome(folder: string): string | undefined {
  const wished = resolve(folder);
  const pointer = join(wished, 'location');
  const home = existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : wished;
  return existsSync(join(home, 'data')) ? home : undefined;
}

/** What is kept between starts: an application has the port and the password in its settings. */
export interface Access {
  readonly port: number;
  readonly password: string;
}

/** The port and password of a home, chosen at the first call. Readable by the owner alone. */
export async function accessOf(home: string): Promise<Access> {
  const existing = readAccess(home);
  if (existing !== undefined) return existing;
  const access = { port: await freePort(), password: randomBytes(24).toString('base64url') };
  writeWhole(accessFile(home), `${JSON.stringify(access, null, 2)}\n`);
  return access;
}

/** The port and password, or undefined before the first start. */
export function readAccess(home: string): Access | undefined {
  const file = accessFile(home);
  if (!existsSync(file)) return undefined;
  try {
    const { port, password } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Access>;
    if (!Number.isInteger(port) || typeof password !== 'string') throw new Error('it holds no port and password');
    return { port: port as number, password };
  } catch (cause) {
    throw embeddedFailure(`${file} cannot be used: ${(cause as Error).message}. Nothing was done.`, {}, cause);
  }
}

/** The file that holds port and password. */
export function accessFile(home: string): string {
  return join(home, 'access.json');
}

function makeFolder(folder: string, others: boolean): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    chmodSync(folder, others ? 0o711 : 0o700);
    // The folder lies in somebody's project; its content is no part of it.
    writeFileSync(join(folder, '.gitignore'), '*\n');
  } catch (cause) {
    throw embeddedFailure(
      `The folder ${folder} could not be made: ${(cause as Error).message}. Nothing was started.`,
      { folder },
      cause,
    );
  }
}

function writeWhole(file: string, text: string): void {
  const fresh = `${file}.new-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(fresh, file);
  } catch (cause) {
    rmSync(fresh, { force: true });
    throw embeddedFailure(`${file} could not be written: ${(cause as Error).message}. Nothing was started.`, {}, cause);
  }
}
