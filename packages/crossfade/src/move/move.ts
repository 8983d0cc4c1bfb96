import { availableParallelism } from 'node:os';
import type pg from 'pg';
import { CrossfadeError } from '../core/errors.ts';
import { sourcePath } from '../drivers/sqlite/open.ts';
import { connect, disconnect } from '../pg/connect.ts';
import { Stopwatch } from '../core/stopwatch.ts';
import { dropLoadSchema, findRun, loadSchemaName } from './load-schema.ts';
import { lockTarget } from './lock.ts';
import type { MoveOptions } from './options.ts';
import type { Report } from './report.ts';
import { Run } from './run.ts';
import { openSource } from './source.ts';

/**
 * Moves a SQLite file into PostgreSQL: looks at every value, designs the schema, loads, verifies every value, and makes
 * the tables appear in one transaction. The source is never written; nothing of the target is dropped or emptied.
 *
 * Resolves with a report for the verdicts equal, accounted, stopped, planned, and failed by differences. Throws a
 * CrossfadeError when source or target refuses, or the run is interrupted; the same call then continues where it stopped.
 */
export async function move(options: MoveOptions): Promise<Report> {
  const schema = options.schema ?? 'public';
  const loadSchema = loadSchemaName(sourcePath(options.source), schema);
  const client = await connect(options.target, options.signal === undefined ? {} : { signal: options.signal });
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
  let left = await findRun(client, loadSchema);
  if (left !== null && options.restart === true && left.report === null) {
    await dropLoadSchema(client, loadSchema);
    left = null;
  }
  // A run that had published and was stopped before it could say so: its report is the truth about it.
  const published = left?.report ?? null;
  if (published !== null) return conclude(client, loadSchema, JSON.parse(published) as Report, options);
  const source = await openSource(options.source, options.jobs ?? availableParallelism(), options.target);
  const interrupt = (): void =>
    void source.close(
      new CrossfadeError(
        'E_INTERRUPTED',
        'The move was interrupted. Nothing was published. The same command continues it.',
      ),
    );
  options.signal?.addEventListener('abort', interrupt);
  try {
    const run = new Run({
      options,
      schema,
      loadSchema,
      client,
      source,
      watch: new Stopwatch(['profile', 'create', 'load', 'index', 'verify']),
    });
    const report = await run.execute(left);
    return run.published ? await conclude(client, loadSchema, report, options) : report;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    await source.close();
  }
}

/** Hands the report out before the last traces of the run are removed: a run killed in between would have to ask for it again. */
async function conclude(client: pg.Client, loadSchema: string, report: Report, options: MoveOptions): Promise<Report> {
  await options.onPublished?.(report);
  await dropLoadSchema(client, loadSchema);
  return report;
}
