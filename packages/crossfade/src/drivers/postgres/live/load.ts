import type pg from 'pg';
import { CopyBuffer, copyHeader, copyTrailer } from '../../../copy/buffer.ts';
import { copyIn } from '../../../copy/stream.ts';
import { valueEncoder } from '../../../copy/values.ts';
import { CrossfadeError } from '../../../core/errors.ts';
import { limits } from '../../../core/limits.ts';
import { failure } from '../../../pg/failure.ts';
import { sql, trusted } from '../../../pg/sql.ts';
import type { Key, Row } from '../../../schema/collection.ts';
import { list } from '../../../schema/ddl.ts';
import type { KeyRange, LoadCount } from '../../../store/live/bulk.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { conflictText } from '../change-statements.ts';
import { rangeCondition } from '../range-statement.ts';
import { StatementFailure } from '../statement.ts';
import type { Table } from '../table.ts';
import { follow } from './follow.ts';
import { columnsOf, equalKeys, placesOfMany, unnested } from './many.ts';
import { passing, run } from './place.ts';

/** What a range is to hold. */
export interface Load {
  readonly range: KeyRange;
  readonly rows: readonly Row[];
  readonly keep: readonly Key[];
  /** No constraint counts before the end of the transaction. */
  readonly isOrderFree: boolean;
}

/** For the transaction alone, in the schema of the session's own tables. */
const staging = 'pg_temp.crossfade_load';

/** Makes a range hold the records: COPY beside the table, then two statements. Within the transaction of the caller. */
export async function loadRange(
  client: pg.Client,
  table: Table,
  { range, rows, keep, isOrderFree }: Load,
): Promise<LoadCount> {
  const { relation, columns, shape } = table;
  const kept = new Set(keep.map(valuesText));
  const given = rows.filter((row) => !kept.has(valuesText(shape.key.map((field) => row[field]))));
  await passing(client);
  await run(
    client,
    `CREATE TEMP TABLE crossfade_load ON COMMIT DROP AS SELECT ${columns} FROM ${relation} WITH NO DATA`,
  );
  await copyRows(client, table, given);
  const within = rangeCondition(table, range);
  const remove = async (): Promise<number> => {
    const { count } = await run(
      client,
      `DELETE FROM ${relation} AS t WHERE ${within.text}
      AND NOT EXISTS (SELECT FROM ${staging} AS s WHERE ${equalKeys(table, 's', 't')})
      AND NOT EXISTS (SELECT FROM ${unnested(table, shape.key, within.values.length + 1)} AS kept (${list(shape.key)})
        WHERE ${equalKeys(table, 'kept', 't')})`,
      [...within.values, ...columnsOf(table, shape.key, keep)],
    );
    return count;
  };
  const put = async (): Promise<void> => {
    const text = `INSERT INTO ${relation} (${columns}) SELECT ${columns} FROM ${staging} ORDER BY ${list(shape.key)} ${conflictText(table)}`;
    await run(client, text);
  };
  const held = async (): Promise<number> => {
    const found = await run(
      client,
      `SELECT count(*) FROM ${staging} AS s JOIN ${relation} AS t ON ${equalKeys(table, 's', 't')}`,
    );
    return Number(found.rows[0][0]);
  };
  const removed = await follow(client, isOrderFree, {
    put,
    remove,
    count: given.length,
    held,
    kept: () => keptText(client, table, keep),
    collection: table.name,
  });
  return { written: given.length, removed };
}

/** Where the rows of these keys lie, which is elsewhere once they are written. Locked, so that nobody else writes them. */
async function keptText(client: pg.Client, table: Table, keep: readonly Key[]): Promise<string | null> {
  if (keep.length === 0) return null;
  const { rows } = await run(client, placesOfMany(table), columnsOf(table, table.shape.key, keep));
  return rows[0][0];
}

/** By the encoders of moves. @throws StatementFailure; CrossfadeError E_RECORD_REFUSED for a value beyond PostgreSQL's limits */
async function copyRows(client: pg.Client, table: Table, rows: readonly Row[]): Promise<void> {
  const { fields, shape, columns, name } = table;
  const out = new CopyBuffer();
  const encoders = fields.map((field) => valueEncoder(shape.fields[field].type, out));
  const write = (row: Row): void => {
    out.int16(fields.length);
    fields.forEach((field, i) => {
      if (!encoders[i](row[field])) throw tooLarge(name, field);
    });
  };
  try {
    await copyIn(
      client,
      sql`COPY ${trusted(staging)} (${trusted(columns)}) FROM STDIN (FORMAT binary)`,
      async (send) => {
        await send([copyHeader]);
        for (const row of rows) {
          write(row);
          if (out.length >= limits.sendBytes) await send(out.take());
        }
        await send([...out.take(), copyTrailer]);
      },
    );
  } catch (error) {
    if (error instanceof CrossfadeError && error.code === 'E_RECORD_REFUSED') throw error;
    throw new StatementFailure(failure(error, 'load records'), true);
  }
}

function tooLarge(collection: string, field: string): CrossfadeError {
  return new CrossfadeError(
    'E_RECORD_REFUSED',
    `${collection}.${field}: PostgreSQL cannot hold a value of it. Nothing was written. Look for values beyond its limits.`,
    { collection, field },
  );
}
