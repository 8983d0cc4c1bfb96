import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { move } from '../../src/move/move.ts';
import type { MoveOptions } from '../../src/move/options.ts';
import type { Report } from '../../src/move/report.ts';
import { startCluster } from '../../src/pg/embedded/cluster.ts';
import { resolveTarget } from '../../src/pg/resolve.ts';
import type { Target } from '../../src/pg/target.ts';
import { plainQuery } from '../support/plain-client.ts';
import { type Line, acceptable, lineOf, render, totals } from './line.ts';

const usage = `npm run corpus -- FOLDER [--to URL] [--bad-values quarantine] [--jobs N] [--verbose]
Moves every SQLite file below FOLDER into a database of its own, which is dropped afterwards. Exit 1: one ended without an account.`;

/** Real files by the folder: the proof that no test file's author had this project in mind. */
async function corpus(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      'bad-values': { type: 'string' },
      jobs: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const [folder] = positionals;
  if (folder === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const options = {
    ...(values['bad-values'] === 'quarantine' ? { badValues: 'quarantine' as const } : {}),
    ...(values.jobs === undefined ? {} : { jobs: Number(values.jobs) }),
  };
  const paths = filesBelow(folder);
  const sqlite = paths.filter(hasSqliteHeader);
  const lines = await withServer(values.to, async (server, temp) => {
    const tried: Line[] = [];
    for (const path of sqlite) {
      const line = await tryOne(path, relative(folder, path) || path, server, temp, options);
      process.stdout.write(render(line, values.verbose));
      tried.push(line);
    }
    return tried;
  });
  process.stdout.write(totals(lines, paths.length - sqlite.length));
  return lines.every(acceptable) ? 0 : 1;
}

type Options = Pick<MoveOptions, 'badValues' | 'jobs'>;

async function tryOne(path: string, name: string, server: Target, temp: string, options: Options): Promise<Line> {
  const database = 'crossfade_corpus';
  await plainQuery(server, `create database ${database}`);
  const target = { ...server, database, display: server.display.replace(/[^/]*$/, database) };
  const start = process.hrtime.bigint();
  const quarantineFile = join(temp, 'withheld.jsonl');
  try {
    const came = await move({ ...options, source: path, target, quarantineFile }).catch(
      (error: unknown) => error as Report | Error,
    );
    return lineOf(name, came, Number(process.hrtime.bigint() - start) / 1e9, await tablesWithRows(target));
  } finally {
    rmSync(quarantineFile, { force: true });
    await plainQuery(server, `drop database ${database} with (force)`);
  }
}

/** Tables that a refused or stopped run has published, which must be none. */
async function tablesWithRows(target: Target): Promise<number> {
  const { rows } = await plainQuery(
    target,
    "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  return Number(rows[0]?.count);
}

async function withServer<T>(to: string | undefined, use: (server: Target, temp: string) => Promise<T>): Promise<T> {
  const temp = mkdtempSync(join(tmpdir(), 'crossfade-corpus-'));
  chmodSync(temp, 0o711);
  const given = to === undefined ? null : resolveTarget({ to, env: process.env });
  const cluster = given === null ? await startCluster({ folder: join(temp, 'server') }) : null;
  try {
    return await use(given ?? (cluster?.target as Target), temp);
  } finally {
    await cluster?.stop();
    rmSync(temp, { recursive: true, force: true });
  }
}

function filesBelow(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [folder];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** The header alone tells; what follows it may be as broken as it likes. */
function hasSqliteHeader(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const start = Buffer.alloc(16);
    readSync(descriptor, start, 0, 16, 0);
    return start.toString('latin1') === 'SQLite format 3\0';
  } finally {
    closeSync(descriptor);
  }
}

process.exitCode = await corpus();
