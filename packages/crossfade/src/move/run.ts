import type pg from 'pg';
import type { Stopwatch } from '../core/stopwatch.ts';
import type { CrossfadeError } from '../core/errors.ts';
import { readChunks, readWithheld, type StoredChunk, type StoredWithheld } from './checkpoint.ts';
import type { TargetTable } from '../schema/model.ts';
import { buildReport, failedReport, type RunFacts, verdictOf } from './build-report.ts';
import { chunksOf } from './chunks.ts';
import { type BegunComparison, beginComparison, type Compared, type Comparison, finishComparison } from './compare.ts';
import { type Finished, finishOne } from './finish.ts';
import {
  askedDigest,
  checkContinuable,
  checkSameRows,
  createLoadSchema,
  designDigest,
  dropLoadSchema,
  type LeftRun,
} from './load-schema.ts';
import { loadTables } from './load-tables.ts';
import type { MoveOptions, Progress } from './options.ts';
import { type Prepared, prepare } from './prepare.ts';
import { publish, type PublishedTable } from './publish.ts';
import type { TableProfile } from './profile.ts';
import { headOf, writeRejects } from './rejects.ts';
import type { PhaseSeconds, Report } from './report.ts';
import { rowCounter } from './row-counter.ts';
import type { OpenSource } from './source.ts';
import { keysOfRows, withheldRecords } from './staged.ts';
import { readTable } from './target-tables.ts';
import { designedColumns, verifyTable } from './verify-table.ts';
import { tryWidest } from './try-widest.ts';
import { countedOverLimit, refuseKeyless, surelyOverLimit } from './withholding.ts';

/** What a run works with. */
export interface RunContext {
  readonly options: MoveOptions;
  readonly schema: string;
  readonly loadSchema: string;
  readonly client: pg.Client;
  readonly source: OpenSource;
  readonly watch: Stopwatch<Exclude<keyof PhaseSeconds, 'total'>>;
}

/** One move from its profile to its publication. The steps stand in `execute`, in their order. */
export class Run {
  /** From publishing on there is no way back; what follows is to clean up. */
  stage: 'building' | 'publishing' | 'published' = 'building';
  private readonly context: RunContext;
  private readonly finished: Finished = { created: 0, notCreated: [] };
  private prepared!: Prepared;
  private chunks: readonly StoredChunk[] = [];
  /** Those of them that are loaded: a run that fails tells how far it came. */
  private loaded: StoredChunk[] = [];
  private withheld: readonly StoredWithheld[] = [];
  private compared = new Map<string, Compared>();
  private quarantineFile: string | null = null;

  constructor(context: RunContext) {
    this.context = context;
  }

  async execute(left: LeftRun | null): Promise<Report> {
    const { options, client, source, schema, watch } = this.context;
    this.prepared = await watch.time('profile', () => prepare(client, source, options, schema));
    const { design } = this.prepared;
    if (design.unheld.length > 0 && options.badValues !== 'quarantine') return this.report('stopped');
    refuseKeyless(design);
    const hopeless = surelyOverLimit(design.unheld, options.rejectLimit);
    if (hopeless !== null) return this.report('stopped', hopeless);
    if (options.dryRun === true) return this.report('planned');
    await watch.time('create', () => this.createOrContinue(left));
    await watch.time('load', () => this.load());
    const over = countedOverLimit(this.withheld, options.rejectLimit);
    if (over !== null) {
      // The next run will have another limit or other rules, and so nothing of this one to continue.
      await dropLoadSchema(client, this.context.loadSchema);
      return this.report('stopped', over);
    }
    const begun = beginComparison(source.pool, await this.comparisons(), this.counter('verify'));
    await watch.time('index', () => this.index());
    await watch.time('verify', () => this.verify(begun));
    const verdict = verdictOf(this.report('equal'));
    if (verdict === 'failed') return this.report('failed');
    if (this.withheld.length > 0) this.quarantineFile = this.writeQuarantine();
    this.stage = 'publishing';
    await this.publish(verdict);
    this.stage = 'published';
    return this.report(verdict);
  }

  private async createOrContinue(left: LeftRun | null): Promise<void> {
    const { client, loadSchema, source, options } = this.context;
    const { tables } = this.prepared.design;
    if (left === null) {
      const chunks = this.prepared.profiles.flatMap((profile) => chunksOf(profile, source.pool.size));
      await createLoadSchema(client, loadSchema, tables, chunks, source.fingerprint, askedDigest(options));
      await tryWidest(client, source.pool, loadSchema, this.prepared);
    } else checkContinuable(left, source.fingerprint, designDigest(tables), source.name);
    this.chunks = await readChunks(client, loadSchema);
    for (const { table, rows } of this.prepared.profiles) {
      const listed = this.chunks.filter((chunk) => chunk.table === table.name);
      checkSameRows(
        table.name,
        rows,
        listed.reduce((sum, chunk) => sum + chunk.rows, 0),
      );
    }
  }

  private async load(): Promise<void> {
    const { client, loadSchema, source } = this.context;
    const count = this.counter('load');
    await loadTables(source.pool, loadSchema, this.prepared, this.chunks, (chunk, done) => {
      this.loaded.push({ ...chunk, done });
      count(chunk.table, chunk.rows);
    });
    this.loaded = await readChunks(client, loadSchema);
    this.withheld = [...(await readWithheld(client, loadSchema)), ...withheldRecords(this.prepared.unreadable)];
  }

  /** The tables one after the other: PostgreSQL itself builds a large index with several processes. */
  private async index(): Promise<void> {
    const { client, loadSchema } = this.context;
    const count = this.counter('index');
    for (const table of this.prepared.design.tables) {
      await finishOne(client, loadSchema, table, this.finished);
      count(table.source.name, this.rowsOf(table));
    }
  }

  private async verify(begun: BegunComparison): Promise<void> {
    const compared = await finishComparison(this.context.client, this.context.source.pool, begun);
    this.compared = new Map(begun.comparisons.map(({ source }, i) => [source.name, compared[i]]));
  }

  private async comparisons(): Promise<Comparison[]> {
    const comparisons: Comparison[] = [];
    for (const table of this.prepared.design.tables) {
      comparisons.push(await this.comparison(table, this.context.loadSchema));
    }
    return comparisons;
  }

  private async publish(verdict: 'equal' | 'accounted'): Promise<void> {
    const { client, loadSchema, schema, source, options } = this.context;
    const { targetSchema, design, profiles } = this.prepared;
    const tables: PublishedTable[] = [];
    for (const table of design.tables) {
      const profile = profiles.find(({ table: { name } }) => name === table.source.name) as TableProfile;
      const fills = targetSchema?.tables.has(table.name) ?? false;
      const loaded = await this.comparison(table, fills ? schema : loadSchema);
      const place = { ...loaded.table.target, schema };
      tables.push({
        target: table,
        profile,
        fills,
        published: { ...loaded, table: { ...loaded.table, target: place } },
      });
    }
    await publish(
      client,
      source.pool,
      {
        loadSchema,
        schema,
        schemaExists: targetSchema?.exists ?? false,
        tables,
        showValues: options.showValues ?? false,
        report: () => JSON.stringify(this.report(verdict)),
      },
      this.finished,
    );
  }

  /** The table on both sides, as it stands in a schema of the target. */
  private async comparison(table: TargetTable, schema: string): Promise<Comparison> {
    const existing = await readTable(this.context.client, schema, table.name);
    const paired = verifyTable(table.source, designedColumns(table), schema, existing);
    if (typeof paired === 'string') throw new Error(paired);
    return {
      source: table.source,
      table: paired,
      pieces: this.chunks.filter((chunk) => chunk.table === table.source.name).map((chunk) => chunk.range),
      leaveOut: keysOfRows(this.withheld.filter((row) => row.table === table.source.name)),
    };
  }

  /** What is known when an error ends the run. */
  failed(error: CrossfadeError): Report {
    const { options, schema, source, watch } = this.context;
    if (this.prepared !== undefined) return this.report('failed', error);
    const place = { source: source.name, target: options.target.display, schema };
    return { ...failedReport(place, error), seconds: watch.read() };
  }

  private report(verdict: Report['verdict'], error: CrossfadeError | null = null): Report {
    const { options, schema, source, watch } = this.context;
    const facts: RunFacts = {
      source: source.name,
      target: options.target.display,
      schema,
      ...this.prepared,
      seconds: watch.read(),
      showValues: options.showValues ?? false,
      loaded: new Map(this.prepared.design.tables.map((table) => [table.source.name, this.countsOf(table)])),
      compared: this.compared,
      finished: this.finished,
      quarantineFile: this.quarantineFile,
      error,
    };
    return buildReport(facts, verdict);
  }

  /** Named after the move, so that a resumed run replaces the list of the one that it continues. */
  private writeQuarantine(): string {
    const { options, loadSchema, schema, source } = this.context;
    const ours = `crossfade-quarantine-${loadSchema.slice(-6)}-${source.fingerprint.slice(0, 6)}.jsonl`;
    const head = {
      source: source.name,
      numbering: source.numbering,
      target: options.target.display,
      schema,
      tables: this.prepared.design.tables.map((table) => headOf(table.source, table.name, designedColumns(table))),
    };
    const mayReplace = options.quarantineFile === undefined;
    return writeRejects(options.quarantineFile ?? ours, head, this.withheld, mayReplace);
  }

  private countsOf(table: TargetTable): { loaded: number; altered: number; rejected: number } {
    const done = this.loaded.filter((chunk) => chunk.table === table.source.name).flatMap((chunk) => chunk.done ?? []);
    return {
      loaded: done.reduce((sum, { loaded }) => sum + loaded, 0),
      altered: done.reduce((sum, { altered }) => sum + altered, 0),
      rejected: this.withheld.filter((row) => row.table === table.source.name).length,
    };
  }

  private rowsOf(table: TargetTable): number {
    return this.prepared.profiles.find((profile) => profile.table.name === table.source.name)?.rows ?? 0;
  }

  private counter(phase: Progress['phase']): (table: string, rows: number) => void {
    const totals = new Map(this.prepared.profiles.map((profile) => [profile.table.name, profile.rows]));
    return rowCounter(this.context.options.onProgress, phase, totals);
  }
}
