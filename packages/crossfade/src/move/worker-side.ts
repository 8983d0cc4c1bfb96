import type { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';
import { shareLargeValues } from '../core/large-values.ts';
import { limits } from '../core/limits.ts';
import { finishChunk } from './checkpoint.ts';
import { loadChunk } from './load-chunk.ts';
import { openReadOnly } from '../drivers/sqlite/open.ts';
import { measureTable } from '../drivers/sqlite/measure.ts';
import { type ReadOptions, TableReader } from '../drivers/sqlite/reader.ts';
import { beginRead } from '../drivers/sqlite/snapshot.ts';
import { connect, disconnect, query, transaction } from '../pg/connect.ts';
import { copyOut } from '../pg/copy-out.ts';
import { quoted, sql } from '../pg/sql.ts';
import type { SourceTable } from '../schema/model.ts';
import { collectSource, copyOutStatement, sumSource, targetCollection, targetSum } from '../verify/verify.ts';
import { profileRange, strideRange } from './profile-range.ts';
import { mayBeTooWide } from './wide-rows.ts';
import type { TargetPiece, Tasks, TaskName, WorkerSeed } from './tasks.ts';

type Handlers = {
  readonly [T in TaskName]: (ask: Tasks[T]['ask']) => Promise<Tasks[T]['answer']> | Tasks[T]['answer'];
};

/**
 * A server that crashes may forget the last chunks, each one whole and with the checkpoint that counts it, and the next
 * run loads them. What is published waits for the disk, and so for all that was written before it.
 */
const noWaiting = sql`SET LOCAL synchronous_commit TO off`;

/** One thread's hold on both sides: a reader within the common snapshot, and a connection of its own. */
export class WorkerSide {
  private readonly seed: WorkerSeed;
  private readonly db: DatabaseSync;
  private readonly readers = new Map<string, TableReader>();
  private client: Promise<pg.Client> | null = null;

  constructor(seed: WorkerSeed) {
    this.seed = seed;
    if (seed.permit !== null) shareLargeValues(seed.permit);
    this.db = openReadOnly(seed.read.file.path);
  }

  readonly tasks: Handlers = {
    begin: () => {
      beginRead(this.seed.read.file.path, this.db);
      return null;
    },
    end: () => {
      this.db.exec('ROLLBACK');
      return null;
    },
    bye: async () => {
      if (this.client !== null) await disconnect(await this.client);
      return null;
    },
    check: () =>
      this.db
        .prepare(`PRAGMA quick_check(${limits.checkFindingsMax})`)
        .all()
        .map((row) => String(row.quick_check)),
    measure: ({ table }) => measureTable(this.db, table.name, !table.withoutRowid),
    profile: ({ table, columns, largestRowBytes, range }) =>
      profileRange(this.reader(table, { largestRowBytes }), columns, range, mayBeTooWide(table)),
    strides: ({ table, range }) => strideRange(this.reader(table), range),
    load: async ({ source, table, chunk }) => {
      const client = await this.connection();
      return transaction(client, async () => {
        await query(client, noWaiting, 'set up the transaction');
        const reader = this.reader(source, { known: table.known });
        const loaded = await loadChunk(client, table, reader.read(chunk.range));
        await finishChunk(client, table.schema, chunk, loaded);
        return loaded;
      });
    },
    tryRow: async ({ source, table, key }) => {
      const reader = this.reader(source, { known: table.known });
      if (reader.locator.kind === 'none') return null;
      const client = await this.connection();
      const undone = new Error('taken back');
      const load = transaction(client, async () => {
        await loadChunk(client, table, reader.rows([key]));
        throw undone;
      });
      await load.catch((error: unknown) => {
        if (error !== undone) throw error;
      });
      return null;
    },
    sumSource: ({ source, table, range, seed, leaveOut }) =>
      sumSource(this.reader(source).read(range), table, seed, leaveOut),
    collectSource: ({ source, table, range, seed, leaveOut, buckets, limitRows }) =>
      collectSource(this.reader(source).read(range), table, seed, buckets, limitRows, leaveOut),
    sumTarget: (piece) =>
      this.readTarget(piece, async (client, statement) => {
        const sum = targetSum(piece.table, piece.seed);
        await copyOut(client, statement, sum.push);
        return sum.end();
      }),
    collectTarget: (piece) =>
      this.readTarget(piece, async (client, statement) => {
        const collection = targetCollection(piece.table, piece.seed, piece.buckets, piece.limitRows);
        await copyOut(client, statement, collection.push);
        return collection.end();
      }),
  };

  /** Lets go of both sides, whatever is at work: its connection breaks. */
  async end(): Promise<void> {
    if (this.db.isOpen) this.db.close();
    const client = await this.client?.catch(() => null);
    if (client) await disconnect(client);
  }

  /** Reads a piece of the target as it stood when the snapshot was exported. */
  private async readTarget<T>(
    piece: TargetPiece,
    read: (client: pg.Client, statement: string) => Promise<T>,
  ): Promise<T> {
    const client = await this.connection();
    return transaction(
      client,
      async () => {
        await query(client, sql`SET TRANSACTION SNAPSHOT ${quoted(piece.snapshot)}`, 'read the common snapshot');
        return read(client, copyOutStatement(piece.table, piece.pages ?? undefined));
      },
      'read',
    );
  }

  private reader(table: SourceTable, facts: Pick<ReadOptions, 'largestRowBytes' | 'known'> = {}): TableReader {
    const id = JSON.stringify([table.name, facts]);
    let reader = this.readers.get(id);
    if (reader === undefined) {
      reader = new TableReader(this.db, table, { ...this.seed.read, ...facts });
      this.readers.set(id, reader);
    }
    return reader;
  }

  private connection(): Promise<pg.Client> {
    if (this.seed.target === null) throw new TypeError('this worker has no target');
    this.client ??= connect(this.seed.target, { access: 'read' });
    return this.client;
  }
}
