import { interrupted } from '../pg/failure.ts';
import { checkFiles } from './check.ts';
import { confirm } from './confirm.ts';
import { type Context, filePath } from './context.ts';
import { refuseDirty } from './dirty.ts';
import { type FileFinding, readInSteps } from './files.ts';
import { type Goal, type Leg, type Step, legsOf, nextStep, stepsOf } from './goal.ts';
import { goneFindings } from './gone.ts';
import { locked } from './locked.ts';
import { type Script, scriptOf } from './model.ts';
import { takeLease } from './no-transaction.ts';
import { adopt, opened } from './open.ts';
import type { MigrateOptions } from './options.ts';
import { pasted } from './pasted.ts';
import { type MigrateReport, ranFile } from './report.ts';
import { type History, readHistory } from './history.ts';
import { type Done, runWithin, withLockTries } from './transactional.ts';

/**
 * Brings a database to the newest migration of a folder, for the start of a service: open the port afterwards. When it
 * resolves, the version is that of the last file and not dirty, the schema is what the files make where `verify` is set,
 * and what `confirm` asks is so. Any number of processes may call it at once; each file runs once. Where there is nothing to do it costs one round trip and takes no lock.
 *
 * @throws CrossfadeError E_MIGRATION_..., and those of connecting after `waitTries`
 * @example await migrate({ folder: 'migrations', target: resolveTarget({ env: process.env }) });
 */
export function migrate(options: MigrateOptions): Promise<MigrateReport> {
  return migrateTo(options, { kind: 'up' });
}

/** As {@link migrate}, to any goal. */
export async function migrateTo(options: MigrateOptions, goal: Goal): Promise<MigrateReport> {
  const started = performance.now();
  return opened(readInSteps(options.folder, false), options, true, async ({ context, history }) => {
    const { migrations, tables, target } = context;
    const judged = await settled(context, history);
    const { done, version } = await reach(context, judged, goal);
    // Loaded where it is asked for: a start that has nothing to do is over sooner than this is read.
    if (options.verify === true) await (await import('./drift/refuse-drift.ts')).refuseDrift(options);
    await confirm(context, options.confirm ?? {});
    return {
      target: target.display,
      schema: tables.schema,
      from: history.version,
      version,
      ran: done.map(ranFile),
      findings: [...migrations.findings, ...goneFindings(migrations, judged)],
      seconds: (performance.now() - started) / 1000,
    };
  });
}

/** What a run would do: every check, no lock, nothing written. */
export async function planTo(options: MigrateOptions, goal: Goal): Promise<Plan> {
  return opened(readInSteps(options.folder, true), options, false, async ({ context, history }) => {
    const { migrations } = context;
    const steps: PlannedStep[] = [];
    for (const step of await prepared(context, history, legsOf(goal, migrations, history)))
      steps.push({ ...step, pasted: await pasted(step.script, filePath(context, 'SESSION')) });
    return { steps, from: history.version, findings: [...migrations.findings, ...goneFindings(migrations, history)] };
  });
}

/** What a run would do. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly from: bigint | null;
  readonly findings: readonly FileFinding[];
}

/** A file that a run would run. */
export interface PlannedStep extends ReadyStep {
  /** As psql takes it, by itself or with the others. */
  readonly pasted: string;
}

interface ReadyStep extends Step {
  readonly script: Script;
}

/**
 * The state to judge by. One that is dirty because a run is at work says nothing yet, so that run is waited for; one
 * that somebody else has written is taken over first.
 */
async function settled(context: Context, history: History): Promise<History> {
  const running = history.dirty && history.lease !== null && history.lease.leftMs > 0;
  if (!running && !history.moved) return history;
  await locked(context, async ({ version, dirty }) => {
    if (history.moved && !dirty && version !== null && version === history.version)
      await adopt(context.client, context, version);
  });
  const again = await readHistory(context.client, context.tables);
  return again === null ? history : settled(context, again);
}

async function reach(
  context: Context,
  history: History,
  goal: Goal,
): Promise<{ done: readonly Done[]; version: bigint | null }> {
  const way = legsOf(goal, context.migrations, history);
  const steps = await prepared(context, history, way);
  if (steps.length === 0) return { done: [], version: history.version };
  const done: Done[] = [];
  let version = history.version;
  for (const leg of way) version = await walk(context, leg, (each) => done.push(each));
  return { done, version };
}

/** All checks, and every file of the way parsed: whatever would refuse the last file refuses before the first one runs. */
async function prepared(context: Context, history: History, way: readonly Leg[]): Promise<ReadyStep[]> {
  refuseDirty(history, context.migrations);
  const steps = stepsOf(context.migrations, history.version, way);
  checkFiles(context.migrations, history, steps);
  const planned: ReadyStep[] = [];
  for (const step of steps) {
    const script = scriptOf(step.migration, step.direction) as Script;
    await context.statements(script);
    // The way back is looked into as well: no file runs whose down file cannot be used.
    scriptOf(step.migration, 'down')?.sql.at(0);
    planned.push({ ...step, script });
  }
  return planned;
}

type Outcome = { readonly arrived: bigint | null } | { readonly ran: Done } | { readonly run: () => Promise<Done> };

/** One file after the other until the way is at its end, each chosen by the version that stands there under the lock. */
async function walk(context: Context, leg: Leg, onDone: (done: Done) => void): Promise<bigint | null> {
  for (;;) {
    if (context.signal?.aborted === true) throw interrupted('go on with the migrations');
    const outcome = await withLockTries(context, () => stepOnce(context, leg));
    if ('arrived' in outcome) return outcome.arrived;
    const done = 'ran' in outcome ? outcome.ran : await outcome.run();
    const { version, name } = done.migration;
    context.note(
      `${done.direction} ${version}_${name}: ${done.statements} ${done.statements === 1 ? 'statement' : 'statements'}, ${Math.round(done.durationMs)} ms`,
    );
    onDone(done);
  }
}

function stepOnce(context: Context, leg: Leg): Promise<Outcome> {
  return locked(context, async (state): Promise<Outcome> => {
    refuseDirty(state, context.migrations);
    const step = nextStep(context.migrations, state.version, leg);
    if (step === null) return { arrived: state.version };
    const script = scriptOf(step.migration, step.direction) as Script;
    return script.transactional
      ? { ran: await runWithin(context, step, script) }
      : { run: await takeLease(context, step, script) };
  });
}
