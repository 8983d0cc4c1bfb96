import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import { literal } from '../../../core/sql-text.ts';
import type { Fence, FenceState } from '../../../store/live/fence.ts';
import { enableTrigger, makeObjects, makeTrigger, type Trigger, turnLock } from './objects.ts';
import { behindWriters, isMissing, type LivePlace, run, runAll } from './place.ts';
import { type ArmedTable, armedTables, isArmed } from './relations.ts';

/** The first stops statements; logical replication, whose workers run none, meets the second by its rows. */
const names = { statement: 'crossfade_fence', row: 'crossfade_fence_row' } as const;

/**
 * The fence of a store, with a state for each of its collections, since others may lie in the same schema. Its triggers
 * are made by the first epoch that turns it and stay: from then on a statement that writes locks what the next epoch
 * waits for.
 */
export function fenceOf(place: LivePlace): Fence {
  return {
    set: (epoch) => turn(place, epoch, true),
    lift: (epoch) => turn(place, epoch, false),
    state: () => place.snapshot((client) => stateOf(client, place)).catch(emptyIfMissing),
  };
}

/** In two transactions: a try that waits for the writers must not hold the locks of the first, which stop them. */
async function turn(place: LivePlace, epoch: bigint, isSet: boolean): Promise<void> {
  const { schema } = place;
  const own = [...place.opened().tables.keys()];
  await behindWriters(place, (client) => arm(client, place));
  await behindWriters(place, async (client) => {
    // Whoever writes shares this lock until the end of the transaction, so nobody is writing from here on.
    await run(client, turnLock, [schema]);
    const turns = await turned(client, schema, own);
    const last = turns.find((each) => isOver(each, epoch, isSet))?.epoch ?? null;
    if (last !== null) throw overtaken(schema, epoch, last);
    const bare = isSet ? await unarmed(client, place) : [];
    if (bare.length > 0) throw cannotStand(schema, bare);
    await run(
      client,
      'UPDATE crossfade.store_fence SET epoch = $3, is_set = $4 WHERE place = $1 AND collection = ANY ($2::text[])',
      [schema, own, String(epoch), String(isSet)],
    );
  });
}

/** Another epoch has turned it that this one must not undo; what an epoch has lifted it does not set again. */
function isOver({ epoch: last, isSet: wasSet }: FenceState, epoch: bigint, isSet: boolean): boolean {
  return last !== null && (epoch < last || (epoch === last && isSet && !wasSet));
}

/** Making a trigger waits for whoever has written the table, so that no writer of before it is left. */
async function arm(client: pg.Client, place: LivePlace): Promise<void> {
  await makeObjects(client);
  const found = await armedTables(client, place.schema, place.opened().tables);
  // The row comes with the triggers, which look for it.
  await run(
    client,
    `INSERT INTO crossfade.store_fence (place, collection, is_set)
      SELECT $1, name, false FROM unnest($2::text[]) AS own (name) ORDER BY name ON CONFLICT (place, collection) DO NOTHING`,
    [place.schema, [...place.opened().tables.keys()]],
  );
  await runAll(
    client,
    [...found].flatMap(([collection, table]) => arming(place.schema, collection, table)),
  );
}

function arming(schema: string, collection: string, { relations }: ArmedTable): string[] {
  const calls = `crossfade.store_fenced(${literal(schema)}, ${literal(collection)})`;
  const fires = 'INSERT OR UPDATE OR DELETE';
  const statement: Trigger = {
    name: names.statement,
    fires: `BEFORE ${fires} OR TRUNCATE`,
    each: 'STATEMENT',
    calls,
    where: 'ALWAYS',
  };
  const row: Trigger = { name: names.row, fires: `AFTER ${fires}`, each: 'ROW', calls, where: 'REPLICA' };
  const bare = relations.filter(({ triggers }) => !triggers.includes(names.statement));
  // A partition has that of its table, which is made anew with it.
  const isWhole = relations.every(({ triggers }) => triggers.includes(names.row));
  return [
    ...bare.flatMap((relation) => makeTrigger(statement, relation.name)),
    ...(isWhole ? [] : relations).flatMap(({ name, isPartition }) =>
      isPartition ? [enableTrigger(row, name)] : makeTrigger(row, name),
    ),
  ];
}

async function turned(client: pg.Client, schema: string, own: readonly string[]): Promise<FenceState[]> {
  const { rows } = await run(
    client,
    'SELECT epoch, is_set FROM crossfade.store_fence WHERE place = $1 AND collection = ANY ($2::text[])',
    [schema, own],
  );
  return rows.map(([epoch, isSet]) => ({ epoch: epoch === null ? null : BigInt(epoch), isSet: isSet === 't' }));
}

async function stateOf(client: pg.Client, place: LivePlace): Promise<FenceState> {
  const own = [...place.opened().tables.keys()];
  const turns = await turned(client, place.schema, own);
  const epoch = turns.reduce<bigint | null>(
    (last, each) => (last === null || (each.epoch !== null && each.epoch > last) ? each.epoch : last),
    null,
  );
  const isTurned = turns.length === own.length && turns.every(({ isSet }) => isSet);
  return { epoch, isSet: isTurned && (await unarmed(client, place)).length === 0 };
}

/** Collections whose writes would pass. */
async function unarmed(client: pg.Client, { schema, opened }: LivePlace): Promise<string[]> {
  const { tables } = opened();
  const found = await armedTables(client, schema, tables);
  return [...tables.keys()].filter((name) => !isArmed(found.get(name), Object.values(names)));
}

function emptyIfMissing(error: unknown): FenceState {
  if (!isMissing(error)) throw error;
  return { epoch: null, isSet: false };
}

function overtaken(schema: string, epoch: bigint, last: bigint): CrossfadeError {
  return new CrossfadeError(
    'E_FENCED',
    `${schema}: epoch ${epoch} comes too late for the fence, which epoch ${last} has turned. Nothing was changed. Look who leads before going on.`,
    { schema, epoch, last },
  );
}

function cannotStand(schema: string, collections: readonly string[]): CrossfadeError {
  return new CrossfadeError(
    'E_STORE_FAILED',
    `${schema}: ${collections.join(', ')} cannot be fenced, because the table is gone or was altered meanwhile. The fence was not set. Look who has done it, open the store anew, and set it again.`,
    { schema, collections },
  );
}
