import type pg from 'pg';
import { asCrossfadeError, CrossfadeError } from '../core/errors.ts';
import { schemaFault } from '../core/names.ts';
import { connect, disconnect } from '../pg/connect.ts';
import { sourceName } from '../staging/source-name.ts';
import { Stopwatch } from '../core/stopwatch.ts';
import { askedDigest, dropLoadSchema, findRun, loadSchemaName } from './load-schema.ts';
import { lockTarget } from './lock.ts';
import type { MoveOptions } from './options.ts';
import type { Report } from './report.ts';
import { Run } from './run.ts';
import { openOptions, openSource, type OpenSource } from './source.ts';
import { defaultJobs } from './threads.ts';
import { refuseIdleLimit } from './withholding.ts';

/**
 * Moves a SQLite file into PostgreSQL: looks at every value, designs the schema, loads, verifies every value, and makes
 * the tables appear in one transaction. The source is never written; nothing of the target is dropped or emptied.
 *
 * Resolves with a report for the verdicts equal, accounted, stopped, planned, and failed by differences. Throws a
 * CrossfadeError when source or target refuses, or the run is interrupted; the same call then continues where it stopped.
 */
export async function move(options: MoveOptions): Promise<Report> {
  const schema = options.schema ?? 'public';
  const fault = schemaFault(schema);
  if (fault !== null) {
    throw new CrossfadeError(
      'E_USAGE',
      `The schema ${JSON.stringify(schema)} cannot be used: ${fault}. Nothing was done. Name another one with --schema.`,
      { schema },
    );
  }
  refuseIdleLimit(options);
  const loadSchema = loadSchemaName(sourceName(options.source), schema);
  const client = await connect(options.target);
  try {
    const release = await lockTarget(options.target, loadSchema);
    try {
      return await moveLocked(options, schema, loadSchema, client);
    } finally {
      await release();
    }
  } finally {
    await disconnect(client);
  }
}

async function moveLocked(
  options: MoveOptions,
  schema: string,
  loadSchema: string,
  client: pg.Client,
): Promise<Report> {
  const source = await opened(options);
  const watch = new Stopwatch(['profile', 'create', 'load', 'index', 'verify']);
  const run = new Run({ options, schema, loadSchema, client, source, watch });
  let isStopped = false;
  const interrupt = (): void => {
    // A publication is short, and stopping it could leave its outcome unknown.
    if (run.stage !== 'building') return;
    isStopped = true;
    void Promise.all([source.close(interruption()), disconnect(client)]);
  };
  options.signal?.addEventListener('abort', interrupt);
  try {
    if (options.signal?.aborted === true) throw interruption();
    if (options.dryRun === true) return await run.execute(null);
    const left = await findRun(client, loadSchema);
    const answered =
      left?.fingerprint === source.fingerprint && left.asked === askedDigest(options) && options.restart !== true;
    // A run that had published and was stopped before it could say so: its report is the answer to the same question.
    if (left !== null && left.report !== null && answered) {
      return await conclude(client, loadSchema, JSON.parse(left.report) as Report, options);
    }
    const isObsolete = left !== null && (left.report !== null || options.restart === true);
    if (isObsolete) await dropLoadSchema(client, loadSchema);
    const report = await run.execute(isObsolete ? null : left);
    return run.stage === 'published' ? await conclude(client, loadSchema, report, options) : report;
  } catch (error) {
    // Whatever broke because of it: the run was told to stop before it had published anything.
    const found = isStopped ? interruption() : error;
    options.onFailed?.(run.failed(asCrossfadeError(found)));
    throw found;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    await source.close();
  }
}

/** Laying a source that is no database takes its time, and can be interrupted. */
async function opened(options: MoveOptions): Promise<OpenSource> {
  const { source, jobs = defaultJobs(), target, signal } = options;
  try {
    return await openSource(source, jobs, target, openOptions(options));
  } catch (error) {
    throw signal?.aborted === true ? interruption() : error;
  }
}

/** What a move that was told to stop ends with, as long as it has not published. */
export function interruption(): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    'The move was interrupted. Nothing was published, and the source was not touched. The same command continues where it stopped; --restart begins again.',
  );
}

/** Hands the report out before the last traces of the run are removed: a run killed in between would have to ask for it again. */
async function conclude(client: pg.Client, loadSchema: string, report: Report, options: MoveOptions): Promise<Report> {
  await options.onPublished?.(report);
  await dropLoadSchema(client, loadSchema);
  return report;
}
