import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeUnfollowed } from './unfollowed.ts';

/** What `postmaster.pid` says of a server that is alive. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** False while it starts, recovers or shuts down. */
  readonly ready: boolean;
}

/**
 * The living server of a data folder, or undefined.
 *
 * The file alone proves nothing: after kill -9 it stays behind, its process id may belong to somebody else by now, and
 * a dead server that nobody has waited for still answers signal 0.
 */
export function runningServer(dataFolder: string): RunningServer | undefined {
  const lines = pidFileLines(dataFolder);
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !servesFolder(pid, dataFolder)) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** Whether a process runs: a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const state = processState(pid);
  return state !== 'Z' && state !== 'X';
}

/**
 * Keeps a stale `postmaster.pid` from blocking the next start of the child that this process is about to spawn.
 *
 * PostgreSQL takes any living process of the recorded id for a server, a zombie or a stranger included, but knows that
 * its own parent is none. The file is not removed, because its shared memory line lets PostgreSQL see backends that
 * outlived their postmaster, and two servers on one folder destroy it.
 */
export function disarmStalePidFile(dataFolder: string): void {
  const lines = pidFileLines(dataFolder);
  if (lines.length === 0 || runningServer(dataFolder) !== undefined) return;
  writeUnfollowed(join(dataFolder, 'postmaster.pid'), [String(process.pid), ...lines.slice(1)].join('\n'), 'replace');
}

function pidFileLines(dataFolder: string): string[] {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

function servesFolder(pid: number, dataFolder: string): boolean {
  if (process.platform === 'linux') {
    try {
      // PostgreSQL makes its data folder the working directory.
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataFolder);
    } catch {
      return isNamedPostgres(readProc(pid, 'comm'));
    }
  }
  return process.platform === 'win32' || isNamedPostgres(ps(pid, 'comm'));
}

function isNamedPostgres(command: string): boolean {
  return basename(command.trim()).startsWith('postgres');
}

function processState(pid: number): string {
  if (process.platform === 'win32') return '';
  if (process.platform !== 'linux') return ps(pid, 'state').charAt(0);
  // The name before it is in parentheses and may itself hold any character.
  const stat = readProc(pid, 'stat');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string {
  return spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
