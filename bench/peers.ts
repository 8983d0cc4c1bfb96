import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from '../packages/crossfade/src/pg/target.ts';
import { plainQuery } from '../packages/crossfade/test/support/plain-client.ts';
import { measured, versionOf } from './process.ts';
import { type Sessions, typedTable } from './sessions.ts';

/** One move of the sessions, by one tool. */
export interface Run {
  /** Moving rows alone: no key, no check. */
  readonly loadSeconds: number;
  /** From the command's start to its end. */
  readonly wholeSeconds: number;
  readonly peakMb: number;
  /** Counted in the target afterwards. */
  readonly rows: number;
  /** Phases, where the tool tells them. */
  readonly phases?: Readonly<Record<string, number>>;
}

export interface Peer {
  readonly name: string;
  /** What it does with the rows, in the words of the table. */
  readonly does: string;
  /** Null where it is not installed. */
  version(): string | null;
  /** Moves everything into an empty database. `folder` is for its own files. */
  run(sessions: Sessions, target: Target, folder: string): Promise<Run>;
}

const command = fileURLToPath(new URL('../packages/crossfade/bin/crossfade.mjs', import.meta.url));

const crossfade: Peer = {
  name: 'crossfade',
  does: 'every value profiled and typed, keys, every value verified',
  version: () => versionOf(command)?.replace(/^/, 'crossfade ') ?? null,
  async run(sessions, target) {
    const took = await measured(
      process.execPath,
      [command, 'move', sessions.sqlite, '--to', target.display, '--json', '--quiet'],
      password(target),
    );
    if (took.status !== 0)
      throw new Error(`crossfade ended with ${took.status}: ${took.stderr || took.stdout.slice(0, 2_000)}`);
    const report = JSON.parse(took.stdout) as { seconds: Record<string, number> };
    return {
      loadSeconds: report.seconds.load ?? Number.NaN,
      wholeSeconds: took.seconds,
      peakMb: took.peakMb,
      rows: await count(target),
      phases: report.seconds,
    };
  },
};

const pgloader: Peer = {
  name: 'pgloader',
  does: 'JSON and times stay text, keys, nothing verified',
  version: () => versionOf('pgloader'),
  async run(sessions, target, folder) {
    const script = join(folder, 'sessions.load');
    const { user, host, port, database } = target;
    // Its default of 100,000 rows in memory at a time ends in an exhausted heap.
    writeFileSync(
      script,
      `LOAD DATABASE FROM sqlite://${sessions.sqlite} INTO pgsql://${user}@${host}:${port}/${database} WITH prefetch rows = 5000;\n`,
    );
    const took = await measured(
      'pgloader',
      ['--dynamic-space-size', '6144', '--root-dir', folder, script],
      password(target),
    );
    const load = /COPY Threads Completion\s+\d+\s+\d+\s+(?:[\d.]+ \w+\s+)?(?:(\d+)m)?([\d.]+)s/.exec(took.stdout);
    if (took.status !== 0 || load === null)
      throw new Error(`pgloader ended with ${took.status}: ${(took.stderr + took.stdout).slice(-2_000)}`);
    return {
      loadSeconds: Number(load[1] ?? 0) * 60 + Number(load[2]),
      wholeSeconds: took.seconds,
      peakMb: took.peakMb,
      rows: await count(target),
    };
  },
};

const psql: Peer = {
  name: 'psql \\copy',
  does: 'text exported beforehand into a typed table, one stream, no key, nothing verified',
  version: () => versionOf('psql'),
  async run(sessions, target) {
    await plainQuery(target, typedTable);
    const { user, host, port, database } = target;
    const args = [
      '-X',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      host,
      '-p',
      String(port),
      '-U',
      user,
      '-d',
      database,
      '-c',
      `\\copy sessions from '${sessions.copyText}'`,
    ];
    const took = await measured('psql', args, password(target));
    if (took.status !== 0) throw new Error(`psql ended with ${took.status}: ${took.stderr}`);
    return { loadSeconds: took.seconds, wholeSeconds: took.seconds, peakMb: took.peakMb, rows: await count(target) };
  },
};

export const peers: readonly Peer[] = [crossfade, pgloader, psql];

async function count(target: Target): Promise<number> {
  return Number((await plainQuery(target, 'select count(*) from public.sessions')).rows[0]?.count);
}

function password(target: Target): NodeJS.ProcessEnv {
  return { PGPASSWORD: target.password ?? '', PGSSLMODE: 'disable' };
}
