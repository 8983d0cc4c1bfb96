import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { CrossfadeError } from '../../src/core/errors.ts';
import { force } from '../../src/migrate/force.ts';
import { migrate, migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import type { Place } from '../harness/sockets.ts';
import { type Fate, faultProxy } from './fault-proxy.ts';
import type { Act, Journey } from './migration-journeys.ts';
import { migrationFolder, schemaDump, versionOf } from './migrations.ts';

const child = fileURLToPath(new URL('./migrate-child.ts', import.meta.url));
/** Short, so that the next run need not wait long for the lease of the dead one. */
const leaseMs = 300;
/** Runs at a time: each is a process, and waits for the lease of a dead one most of its time. */
const abreast = 3;

/** How the runs that were killed came to their end. */
export interface Swept {
  /** By running it again. */
  readonly restarted: number;
  /** By taking back what stood of a file, and then the command that was printed for it. */
  readonly undone: number;
  /** By doing what was left of it, and then the other command. */
  readonly completed: number;
}

/** What a person does about a file that has stopped in its middle; the message names both. */
type Repair = 'undone' | 'completed';

/**
 * Kills a run at every `stride`th of its calls, each time on a fresh database that stands where the journey begins, and recovers as
 * an operator would. Each time schema, version and rows must be those of a run that nobody killed.
 */
export async function sweepMigrations(journey: Journey, fate: Fate, stride: number): Promise<Swept> {
  const folder = migrationFolder(journey.files);
  const before = await freshDatabase();
  await migrateTo(optionsOf(before, folder), { kind: 'goto', version: journey.from });
  const reference = await freshDatabase(before);
  const counter = await faultProxy(reference);
  await migrateTo(optionsOf(reference, folder, counter), journey.goal);
  const wanted = await standing(reference, journey);
  const ways = { restarted: 0, undone: 0, completed: 0 };
  const killAt = async (at: number, turn: number): Promise<void> => {
    const database = await freshDatabase(before);
    await runKilled(database, folder, journey, at, fate);
    ways[await recover(database, folder, journey, turn % 2 === 0 ? 'undone' : 'completed')]++;
    expect(await standing(database, journey), `call ${at}`).toEqual(wanted);
    await database.drop();
  };
  const calls: number[] = [];
  for (let at = Math.ceil(stride / 2); at <= counter.calls(); at += stride) calls.push(at);
  for (let turn = 0; turn < calls.length; turn += abreast)
    await Promise.all(calls.slice(turn, turn + abreast).map((at, more) => killAt(at, turn + more)));
  return ways;
}

async function standing(database: TestDatabase, { to, rows }: Journey): Promise<unknown> {
  expect(await versionOf(database)).toBe(`${to} false`);
  return { schema: await schemaDump(database), rows: (await database.query(rows)).rows };
}

/** A process that is killed (kill -9) at its nth call, before or after the server has done it, unless it has fewer. */
async function runKilled(
  database: TestDatabase,
  folder: string,
  { goal }: Journey,
  at: number,
  fate: Fate,
): Promise<void> {
  let kill: () => void = () => undefined;
  const proxy = await faultProxy(database, {
    onCall: ({ number }) => {
      if (number !== at) return 'forward';
      if (fate === 'swallow') kill();
      return fate;
    },
    onReplyDropped: () => kill(),
  });
  const asked = JSON.stringify({ ...optionsOf(database, folder, proxy), goal }, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const service = spawn(process.execPath, [child, asked], { stdio: 'ignore' });
  kill = () => void service.kill('SIGKILL');
  await once(service, 'close');
}

function optionsOf(
  { user, password, database, display, host, port }: TestDatabase,
  folder: string,
  place: Place = { host, port },
) {
  return {
    folder,
    leaseMs,
    target: { ...place, user, ...(password !== undefined && { password }), database, display, tls: 'disable' as const },
  };
}

/** Runs it again; where that is refused, does what the message says in one of its two ways, and runs it again. */
async function recover(database: TestDatabase, folder: string, journey: Journey, repair: Repair): Promise<keyof Swept> {
  const options = optionsOf(database, folder);
  const again = () => migrateTo(options, { kind: 'goto', version: journey.to });
  try {
    await again();
    return 'restarted';
  } catch (error) {
    expect((error as CrossfadeError).code).toBe('E_MIGRATION_DIRTY');
  }
  // Whoever starts meanwhile, a new release with `up` for example, is told the same.
  const { code, message } = await refusal(migrate(options));
  expect(code).toBe('E_MIGRATION_DIRTY');
  const told = readRepair(message);
  expect(await versionOf(database)).toBe(`${told.completed} true`);
  const acts = journey.acts[told.file];
  // What can be run again from its beginning needs no hand.
  const way = acts === undefined ? 'undone' : repair;
  if (acts !== undefined) await byHand[way](database, acts, Math.max(0, told.statement - 1));
  await force(options, told[way]);
  await again();
  return way;
}

/** What the message tells an operator who has nothing else. */
interface Told extends Readonly<Record<Repair, bigint>> {
  readonly file: string;
  /** The one that may or may not have run, from 1; 0 before the first. */
  readonly statement: number;
}

const message = new RegExp(
  [
    /The database is dirty: (?<file>(?<version>\d+)_\w+\.(?<direction>up|down)\.sql) stopped /,
    /(before its first statement|during or right after statement (?<statement>\d+) of \d+ \(line \d+\))\. Nothing was run\. /,
    /(?<ran>Statements? [1to \d]+ ran\. )?Undo what stands of the file, and of an index that failed CONCURRENTLY what is left of it, /,
    /then: crossfade migrate force (?<undone>\d+) and run it again\. /,
    /Or complete it by hand, then: crossfade migrate force (?<completed>\d+)$/,
  ]
    .map(({ source }) => source)
    .join(''),
);

function readRepair(text: string): Told {
  expect(text).toMatch(message);
  const { file = '', version = '', direction, ran, ...found } = message.exec(text)?.groups ?? {};
  const statement = Number(found.statement ?? 0);
  const [undone, completed] = [BigInt(found.undone ?? ''), BigInt(found.completed ?? '')];
  expect(ran).toBe(
    [undefined, undefined, 'Statement 1 ran. '].at(statement) ??
      (statement < 2 ? undefined : `Statements 1 to ${statement - 1} ran. `),
  );
  expect(direction === 'up' ? completed : undone).toBe(BigInt(version));
  return { file, statement, undone, completed };
}

type ByHand = (database: TestDatabase, acts: readonly Act[], unknown: number) => Promise<void>;

/** Of the act at `unknown` nobody knows whether it was done; those before it were, and those behind it were not. */
const byHand: Readonly<Record<Repair, ByHand>> = {
  undone: async (database, acts, unknown) => {
    for (let at = unknown; at >= 0; at--)
      if (await isDone(database, acts[at])) await database.query(acts[at].undo);
      else expect(at).toBe(unknown);
  },
  completed: async (database, acts, unknown) => {
    for (const act of acts.slice(0, unknown)) expect(await isDone(database, act)).toBe(true);
    for (const [at, act] of acts.entries()) {
      if (at < unknown) continue;
      if (await isDone(database, act)) expect(at).toBe(unknown);
      else await database.query(act.sql);
    }
  },
};

async function isDone(database: TestDatabase, { isDone: question }: Act): Promise<boolean> {
  return (await database.query(question)).rows[0].yes as boolean;
}
