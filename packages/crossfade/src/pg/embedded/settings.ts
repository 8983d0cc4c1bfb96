import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

const megabyte = 1024 * 1024;

/** With fewer, every core is at work in a move, and what is handed to another process costs more than it brings. */
const coresForHelpers = 8;

/** From this version on, reads of a scan are handed to helper processes, unless `io_method` says otherwise. */
const ioMethodSince = 18;

/**
 * What is appended to `postgresql.conf` of a new cluster; its owner may change it there.
 * @param major of PostgreSQL, since a server does not start with a setting that it does not know
 *
 * Durability is PostgreSQL's default and stands here all the same, so that nobody has to know the defaults. The log
 * keeps what concerns the server and leaves out the errors of statements: their text carries values out of rows.
 */
export function clusterSettings(
  major: number,
  memoryBytes: number = totalmem(),
  cores: number = availableParallelism(),
): Record<string, string> {
  const memoryMb = Math.floor(memoryBytes / megabyte);
  const isShort = cores < coresForHelpers;
  return {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // A quarter of memory is the usual advice for a dedicated server; this one shares the machine with its users.
    shared_buffers: `${clamp(memoryMb / 16, 128, 512)}MB`,
    maintenance_work_mem: `${clamp(memoryMb / 32, 64, 256)}MB`,
    work_mem: '16MB',
    effective_cache_size: `${clamp(memoryMb / 2, 256, 65_536)}MB`,
    // A bulk load writes much; checkpoints every few seconds would make it write everything twice.
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    max_parallel_maintenance_workers: isShort ? '0' : '2',
    ...(isShort && major >= ioMethodSince ? { io_method: 'sync' } : {}),
    log_checkpoints: 'off',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    timezone: "'UTC'",
    log_timezone: "'UTC'",
  };
}

/** The major version of PostgreSQL that made a data folder; a server refuses a setting that a later one brought. */
export function majorOf(data: string): number {
  return Number.parseInt(readFileSync(join(data, 'PG_VERSION'), 'utf8'), 10);
}

/** The settings as lines of `postgresql.conf`; later lines win, so these may be appended to the file that initdb wrote. */
export function settingLines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

function clamp(value: number, low: number, high: number): number {
  return Math.round(Math.min(Math.max(value, low), high));
}
