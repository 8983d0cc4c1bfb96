import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cluster } from '../packages/crossfade/src/pg/embedded/cluster.ts';
import { withCluster } from './cluster.ts';
import { plainQuery } from '../packages/crossfade/test/support/plain-client.ts';
import { gates } from './gates.ts';
import { type Peer, type Run, peers } from './peers.ts';
import { median } from './process.ts';
import { type Result, gateTable, keep, perMillion, table } from './results.ts';
import { type Sessions, makeSessions } from './sessions.ts';

const usage = `npm run bench -- move [--rows 1000000] [--repeats 3] [--only crossfade,pgloader,psql] [--require-peers] [--cache FOLDER]
Moves the same file with each tool in turn, on one private PostgreSQL, and compares. Exit 1: a gate failed.`;

/** Runs the bench and resolves to the exit status. */
export async function benchMove(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '1000000' },
      repeats: { type: 'string', default: '3' },
      only: { type: 'string' },
      'require-peers': { type: 'boolean', default: false },
      cache: { type: 'string', default: '.crossfade/bench' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return 0;
  }
  const chosen = peers.filter(
    (peer) => values.only === undefined || values.only.split(',').some((name) => peer.name.startsWith(name)),
  );
  const present = chosen.filter((peer) => peer.version() !== null);
  const missing = peers.filter((peer) => peer.version() === null).map((peer) => peer.name);
  for (const name of missing) say(`MISSING: ${name} is not installed here, so nothing is compared with it.`);
  if (values['require-peers'] && missing.length > 0) return 1;

  say(`Making ${values.rows} sessions in ${values.cache}, unless they are there.`);
  mkdirSync(values.cache, { recursive: true });
  const sessions = await makeSessions(join(process.cwd(), values.cache), Number(values.rows), {
    copyText: present.some((peer) => peer.name.startsWith('psql')),
  });
  const load = loadavg()[0] ?? 0;
  if (load > 0.5)
    say(
      `THIS MACHINE IS BUSY: its load was ${load.toFixed(1)} before the first run. Figures will be worse than they are.`,
    );
  const runs = await withCluster((cluster) => runAll(present, sessions, Number(values.repeats), cluster));
  const result = summarize(sessions, runs, missing, { command: ['npm run bench -- move', ...args].join(' '), load });
  say(`\n${table(result)}\n\nA ratio is Crossfade's time divided by the tool's.\n\n${gateTable(result)}\n`);
  if (result.medians.crossfade === undefined) return 0;
  for (const one of keep(result))
    say(
      `${one.rows.toLocaleString('en')} rows: ${perMillion(one)} s a million rows, ${one.medians.crossfade?.peakMb.toFixed(0)} MB`,
    );
  return result.gates.every((gate) => gate.passed) ? 0 : 1;
}

type Runs = ReadonlyMap<Peer, { readonly runs: readonly Run[]; readonly server: string }>;

/** Round by round and not tool by tool, so that a busy minute of the machine falls on all. */
async function runAll(chosen: readonly Peer[], sessions: Sessions, repeats: number, cluster: Cluster): Promise<Runs> {
  const runs = new Map(chosen.map((peer) => [peer, { runs: [] as Run[], server: '' }]));
  const server = String((await plainQuery(cluster.target, 'show server_version')).rows[0]?.server_version);
  for (let round = 1; round <= repeats; round++) {
    for (const peer of chosen) {
      const run = await inFreshDatabase(peer, sessions, cluster);
      if (run.rows !== sessions.rows) say(`${peer.name} LOST ROWS: ${run.rows} of ${sessions.rows} arrived`);
      say(
        `round ${round}: ${peer.name}: load ${run.loadSeconds.toFixed(2)} s, whole ${run.wholeSeconds.toFixed(2)} s, ${run.peakMb.toFixed(0)} MB`,
      );
      const entry = runs.get(peer);
      entry?.runs.push(run);
      if (entry !== undefined) entry.server = server;
    }
  }
  return runs;
}

async function inFreshDatabase(peer: Peer, sessions: Sessions, cluster: Cluster): Promise<Run> {
  await plainQuery(cluster.target, 'create database bench');
  const target = {
    ...cluster.target,
    database: 'bench',
    display: cluster.target.display.replace(/(?<![^/])[^/]*$/, 'bench'),
  };
  const folder = mkdtempSync(join(tmpdir(), 'crossfade-peer-'));
  try {
    await plainQuery(cluster.target, 'checkpoint');
    return await peer.run(sessions, target, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await plainQuery(cluster.target, 'drop database bench with (force)');
  }
}

function summarize(
  sessions: Sessions,
  runs: Runs,
  missing: readonly string[],
  { command, load }: { command: string; load: number },
): Result {
  const each = <T>(of: (runs: readonly Run[], peer: Peer) => T) =>
    Object.fromEntries([...runs].map(([peer, its]) => [peer.name, of(its.runs, peer)]));
  const medians = each((all) => ({
    loadSeconds: median(all.map((run) => run.loadSeconds)),
    wholeSeconds: median(all.map((run) => run.wholeSeconds)),
    peakMb: Math.max(...all.map((run) => run.peakMb)),
    rows: Math.min(...all.map((run) => run.rows)),
  }));
  const own = [...runs].find(([peer]) => peer.name === 'crossfade')?.[1].runs ?? [];
  const phases = Object.keys(own[0]?.phases ?? {}).map(
    (phase) => [phase, median(own.map((run) => run.phases?.[phase] ?? 0))] as const,
  );
  const versions = [...runs.keys()].map((peer) => [peer.name, peer.version() ?? ''] as const);
  return {
    command,
    rows: sessions.rows,
    bytes: sessions.bytes,
    repeats: own.length,
    medians,
    wholeSeconds: each((all) => all.map((run) => Number(run.wholeSeconds.toFixed(2)))),
    phases: Object.fromEntries(phases),
    does: each((_, peer) => peer.does),
    missing,
    gates: gates(medians, sessions.largestValueBytes),
    machine: {
      cores: `${cpus().length} (${cpus()[0]?.model.trim() ?? 'unknown'})`,
      'load before': load.toFixed(1),
      memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
      node: process.version,
      postgresql: [...runs.values()][0]?.server ?? '',
      ...Object.fromEntries(versions.filter(([name]) => name !== 'crossfade')),
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
