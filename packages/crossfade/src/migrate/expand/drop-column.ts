import type pg from 'pg';
import { CrossfadeError } from '../../core/errors.ts';
import { ident } from '../../core/sql-text.ts';
import { connect, disconnect, query } from '../../pg/connect.ts';
import { trusted } from '../../pg/sql.ts';
import type { Target } from '../../pg/target.ts';
import { type DualColumnsOptions, dualColumns } from './dual-columns.ts';
import { type Patience, patiently } from './patience.ts';

/** What is dropped, and what shows that nobody misses it. */
export type DropColumnOptions = Patience & { readonly target: Target } & (
    | {
        /** The old column of two: its trigger has seen every old writer. */
        readonly dual: DualColumnsOptions;
        /** How long no old writer may have written. Default 3,600. */
        readonly quietSeconds?: number;
      }
    | {
        /** Default `public`. */
        readonly schema?: string;
        readonly table: string;
        readonly column: string;
        /** Declared by who runs it: from this moment on no release in use knows the column. */
        readonly cutOff: Date;
        readonly now?: () => Date;
      }
  );

const quietSecondsDefault = 3_600;

/**
 * Drops a column last of all, without CASCADE. Refuses while old writers write it, or before the declared cut-off; looks
 * again under the lock, so that no write can slip in between.
 *
 * @throws CrossfadeError E_COLUMN_IN_USE, E_MIGRATION_BUSY
 */
export async function dropColumn(options: DropColumnOptions): Promise<void> {
  const client = await connect(options.target, {
    application: 'crossfade migrate',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    if ('dual' in options) await refuseMissing(client, options.dual);
    await patiently(client, 'drop a column', options, async () => {
      if ('dual' in options) await dropOld(client, options.dual, options.quietSeconds ?? quietSecondsDefault);
      else await dropAfter(client, options);
    });
  } finally {
    await disconnect(client);
  }
}

/** The trigger keeps rows from missing again, so that need not be looked at under the lock. */
async function refuseMissing(client: pg.Client, dual: DualColumnsOptions): Promise<void> {
  const { rows } = await query<{ missing: string }>(
    client,
    trusted(dualColumns(dual).missing),
    'look for missing rows',
  );
  if (rows[0]?.missing !== 'f') throw inUse(dual, `rows of it are not in ${dual.newColumn} yet`);
}

async function dropOld(client: pg.Client, dual: DualColumnsOptions, quietSeconds: number): Promise<void> {
  const { quiet, dropNow } = dualColumns(dual);
  try {
    await query(client, trusted(dropNow(quietSeconds)), 'drop a column');
  } catch (error) {
    if (!(error instanceof CrossfadeError) || error.facts.sqlstate !== '55006') throw error;
    throw inUse(
      dual,
      `an old writer wrote it within the last ${quietSeconds} seconds, or the trigger is no older; ask with: ${quiet}`,
    );
  }
}

async function dropAfter(
  client: pg.Client,
  {
    schema = 'public',
    table,
    column,
    cutOff,
    now = () => new Date(),
  }: { schema?: string; table: string; column: string; cutOff: Date; now?: () => Date },
): Promise<void> {
  if (now() < cutOff)
    throw inUse({ schema, table, oldColumn: column }, `the declared cut-off is ${cutOff.toISOString()}`);
  await query(
    client,
    trusted(`ALTER TABLE ${ident(schema)}.${ident(table)} DROP COLUMN ${ident(column)}`),
    'drop a column',
  );
}

function inUse(
  { schema = 'public', table, oldColumn }: Pick<DualColumnsOptions, 'schema' | 'table' | 'oldColumn'>,
  why: string,
): CrossfadeError {
  return new CrossfadeError(
    'E_COLUMN_IN_USE',
    `Column ${schema}.${table}.${oldColumn} was not dropped: ${why}. Nothing was changed. Let the old release and the backfill end, and try again.`,
    { schema, table, column: oldColumn },
  );
}
