import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { embeddedFailure } from './failure.ts';

/** The user that the server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that exist without anybody having made them for us, best first. `nobody` is the last resort: other services may share it. */
const candidates = ['postgres', '_postgres', 'nobody'];

/**
 * The account to run the server as, or undefined where it runs as ourselves.
 *
 * PostgreSQL refuses to run as root, and initdb refuses a user id that has no entry among the accounts, so an existing
 * one is taken. A cluster that exists already keeps its owner: PostgreSQL refuses any other.
 */
export function serverAccount(dataFolder: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(dataFolder);
  if (owner !== undefined && owner.uid !== 0) return owner;
  for (const name of candidates) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw embeddedFailure(
    `PostgreSQL refuses to run as root, and none of the accounts ${candidates.join(', ')} exists here. Nothing was started. Run the command as an ordinary user, or name a server with --to.`,
  );
}

/** Whether the account can enter the folder: asked of the operating system, so that ACLs and mount options count too. */
export function canEnter(folder: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

function ownerOf(path: string): Account | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { uid: found.uid, gid: found.gid };
}

/** `id` asks every source of accounts that the machine has, where /etc/passwd is only one of them. */
function idOf(flag: '-u' | '-g', name: string): number | undefined {
  const answer = spawnSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return answer.status === 0 ? Number(answer.stdout.trim()) : undefined;
}
