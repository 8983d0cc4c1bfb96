import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedFailure, reasonOf } from './failure.ts';
import { type ServerPlace, serverEnvironment, superuser } from './place.ts';
import { clusterSettings, majorOf, settingLines } from './settings.ts';
import { writeUnfollowed } from './unfollowed.ts';

/** What a new cluster is made with. */
export interface NewCluster {
  readonly password: string;
  /** Lines of `postgresql.conf`, over those that every cluster gets. */
  readonly settings: Readonly<Record<string, string>>;
  /** False where nobody would miss the cluster after a power failure: writing it through is most of what making it takes. */
  readonly sync: boolean;
}

/**
 * Makes the data folder of `place` unless it is there, or leaves nothing behind.
 *
 * Built beside it and published by one rename, so that a kill in between never leaves half a cluster that looks whole.
 */
export async function initialise(place: ServerPlace, cluster: NewCluster): Promise<void> {
  if (existsSync(place.data)) return;
  const fresh = `${place.data}.new-${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(fresh, { mode: 0o700 });
    give(fresh, place);
    const passwordFile = join(fresh, '..', `.password-${randomBytes(4).toString('hex')}`);
    try {
      writeFileSync(passwordFile, cluster.password, { mode: 0o600, flag: 'wx' });
      give(passwordFile, place);
      await runInitdb(place, [`--pgdata=${fresh}`, `--pwfile=${passwordFile}`, ...(cluster.sync ? [] : ['--no-sync'])]);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    const settings = { ...clusterSettings(majorOf(fresh)), ...cluster.settings };
    const more = `\n# Crossfade\n${settingLines(settings)}`;
    writeUnfollowed(join(fresh, 'postgresql.conf'), more, 'append', cluster.sync);
    renameSync(fresh, place.data);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    throw cause instanceof Error && cause.name === 'CrossfadeError'
      ? cause
      : embeddedFailure(
          `The folder ${place.data} could not be made: ${(cause as Error).message}. Nothing was started.`,
          {},
          cause,
        );
  }
}

async function runInitdb(place: ServerPlace, which: string[]): Promise<void> {
  const args = [`--username=${superuser}`, '--encoding=UTF8', '--auth=scram-sha-256', ...place.locale, ...which];
  const child = spawn(join(place.bin, 'initdb'), args, {
    ...place.account,
    cwd: place.folder,
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', () => {});
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  if (status === 0) return;
  throw embeddedFailure(
    `initdb could not make a PostgreSQL cluster (${typeof status === 'number' ? `exit status ${status}` : status}): ${reasonOf(output)}. Nothing was started.`,
    { folder: place.data },
  );
}

/** initdb and the server read and write as their own user. */
function give(path: string, { account }: ServerPlace): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}
