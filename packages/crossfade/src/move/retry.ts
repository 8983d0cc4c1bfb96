import type pg from 'pg';
import { asCrossfadeError, CrossfadeError } from '../core/errors.ts';
import { Stopwatch } from '../core/stopwatch.ts';
import { connect, disconnect, query, transaction } from '../pg/connect.ts';
import { sql } from '../pg/sql.ts';
import { sourceName } from '../staging/source-name.ts';
import { loadSchemaName } from './load-schema.ts';
import { lockTarget } from './lock.ts';
import { raiseNextKeys } from './next-keys.ts';
import type { MoveOptions } from './options.ts';
import { probePrivate } from './private-file.ts';
import { readRejects } from './read-rejects.ts';
import { headOf, type Reject, type RejectHead, type RejectList, writeRejects } from './rejects.ts';
import { insertPending } from './retry-insert.ts';
import { changed, isWhole, proveInserted, settleKnownKeys, unproven } from './retry-proof.ts';
import { type RetryReport, retryReport } from './retry-report.ts';
import { Stage } from './retry-stage.ts';
import { retryTables } from './retry-tables.ts';
import { openOptions, openSource, type OpenSource } from './source.ts';
import { defaultJobs } from './threads.ts';

/** Which list, and what has changed since the move that wrote it. */
export interface RetryOptions
  extends Pick<
    MoveOptions,
    'target' | 'schema' | 'rules' | 'plan' | 'jobs' | 'stagingFolder' | 'showValues' | 'signal'
  > {
  /** Path of the list of withheld rows. */
  readonly rejects: string;
  /** Where the source is now. Default: where the list says it was. */
  readonly source?: string;
  /** Called once the list is read, with the place that it and the options name. */
  readonly onList?: (place: Pick<RetryReport, 'source' | 'schema'>) => void;
}

/**
 * Moves the rows that a move has withheld, once they are mended: reads them from the source by key, inserts them into
 * the published tables and compares every value, in one transaction. Nothing is overwritten. Rows that still cannot be
 * held, whose key is taken, or that a constraint refuses stay in the list, which is replaced by them.
 *
 * Throws a CrossfadeError when nothing was inserted, or when it could not be told: the facts then have an `outcome`,
 * `unknown` or `inserted`. Such a call, and one that died, may be repeated: rows that stand there are recognised.
 */
export async function retry(options: RetryOptions): Promise<RetryReport> {
  const watch = new Stopwatch([]);
  const list = readRejects(options.rejects);
  const schema = options.schema ?? list.head.schema;
  const path = sourceName(options.source ?? list.head.source);
  options.onList?.({ source: path, schema });
  probePrivate(options.rejects);
  const client = await connect(options.target);
  try {
    const release = await lockTarget(options.target, loadSchemaName(list.head.source, schema));
    try {
      return await retryLocked(client, list, { path, schema }, options, watch);
    } finally {
      await release();
    }
  } finally {
    await disconnect(client);
  }
}

async function retryLocked(
  client: pg.Client,
  list: RejectList,
  { path, schema }: { readonly path: string; readonly schema: string },
  options: RetryOptions,
  watch: Stopwatch<never>,
): Promise<RetryReport> {
  const source = await opened(path, options);
  let isOpen = true;
  const interrupt = (): void => {
    if (isOpen) void Promise.all([source.close(interruption()), disconnect(client)]);
  };
  options.signal?.addEventListener('abort', interrupt);
  try {
    if (options.signal?.aborted === true) throw interruption();
    const tables = await retryTables(client, source, list, schema, options);
    const stages = tables.map((table, i) => new Stage(source, table, i));
    await transaction(client, () => moveListed(client, source, list, schema, stages));
    // What follows is short, and the list has to say what stands there now.
    isOpen = false;
    const rest = stages.flatMap((stage) => stage.rest);
    const head = { source: source.name, numbering: source.numbering, target: options.target.display, schema };
    const remembered = tables.map(({ source: from, target, columns }) => headOf(from, target, columns));
    const quarantineFile = replaceList(list.path, { ...head, tables: remembered }, rest);
    const facts = { source: path, target: options.target.display, schema, quarantineFile, seconds: watch.read() };
    const warnings = [...tables.flatMap(({ overruled }) => overruled), ...(options.target.warnings ?? [])];
    return retryReport({ ...facts, warnings }, stages.map(retried), rest, options.showValues ?? false);
  } catch (error) {
    const isUnknown = error instanceof CrossfadeError && error.facts.outcome === 'unknown';
    throw isOpen && options.signal?.aborted === true && !isUnknown ? interruption() : error;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
    await source.close();
  }
}

/** Laying documents takes its time, and can be interrupted. */
async function opened(path: string, options: RetryOptions): Promise<OpenSource> {
  const { jobs = defaultJobs(), target, signal } = options;
  try {
    return await openSource(path, jobs, target, openOptions(options));
  } catch (error) {
    throw signal?.aborted === true ? interruption() : error;
  }
}

/** The rows stand in the target by now, whatever becomes of the list; a failure has to say so. */
function replaceList(path: string, head: Omit<RejectHead, 'crossfadeRejects'>, rest: readonly Reject[]): string {
  try {
    return writeRejects(path, head, rest, true);
  } catch (error) {
    const { code, facts } = asCrossfadeError(error);
    throw new CrossfadeError(
      code,
      `The rows were inserted and compared, but the list ${path} could not be replaced (${String(facts.reason)}) and names them still. Make its folder writable and run the same command again: rows that stand there with equal values are recognised.`,
      { ...facts, path, outcome: 'inserted' },
    );
  }
}

/** What a retry that was told to stop ends with, as long as it has not committed. */
export function interruption(): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    'The retry was interrupted. Nothing was inserted, and the list is as it was. Run the same command again.',
  );
}

/** Everything between BEGIN and COMMIT: what throws leaves the tables as they were. */
async function moveListed(
  client: pg.Client,
  source: OpenSource,
  list: RejectList,
  schema: string,
  stages: readonly Stage[],
): Promise<void> {
  const asWhole: Stage[] = [];
  for (const stage of stages) {
    await query(client, sql`LOCK TABLE ${stage.target} IN SHARE ROW EXCLUSIVE MODE`, 'lock a table');
    await stage.fill(client);
    const isKeyed = await stage.hasKeys(client);
    const isSteady = stage.of.source.withoutRowid || stage.of.source.rowidAlias !== null;
    const isRenumbered = !isSteady && source.numbering !== list.head.numbering;
    if (!isKeyed || isRenumbered || stage.of.existing.partitioned) asWhole.push(stage);
    if (isKeyed) await settleKnownKeys(client, stage);
    else if (await isWhole(client, source, stage)) await stage.takeAsPresent(client);
  }
  await insertPending(client, schema, stages);
  for (const stage of stages) {
    if (stage.inserted.length > 0) await raiseNextKeys(client, schema, stage.of.existing);
    await proveInserted(client, stage);
  }
  for (const stage of asWhole)
    if (!(await isWhole(client, source, stage))) throw stage.of.existing.partitioned ? changed(stage) : unproven(stage);
}

function retried(stage: Stage) {
  const { of, inserted, present, rest, altered } = stage;
  return {
    source: of.source.name,
    target: of.target,
    rows: of.rejects.length,
    loaded: inserted.length,
    present: present.length,
    rejected: rest.length,
    altered,
    verified: inserted.length + present.length,
  };
}
