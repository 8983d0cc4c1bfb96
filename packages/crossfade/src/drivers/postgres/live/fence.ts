import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import { literal } from '../../../core/sql-text.ts';
import type { Fence, FenceState } from '../../../store/live/fence.ts';
import { makeObjects, makeTrigger, type Trigger, turnLock } from './objects.ts';
import { behindWriters, isMissing, type LivePlace, run, runAll } from './place.ts';
import { armedTables, isArmed } from './relations.ts';

const trigger = 'crossfade_fence';

/**
 * The fence of a store. Its triggers are made by the first epoch that turns it and stay: from then on a statement that
 * writes locks what the next epoch waits for.
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
  await behindWriters(place, (client) => arm(client, place));
  await behindWriters(place, async (client) => {
    // Whoever writes shares this lock until the end of the transaction, so nobody is writing from here on.
    await run(client, turnLock, [place.schema]);
    const last = await turned(client, place.schema);
    if (last.epoch !== null && (epoch < last.epoch || (epoch === last.epoch && isSet && !last.isSet)))
      throw overtaken(place.schema, epoch, last.epoch);
    await run(client, 'UPDATE crossfade.store_fence SET epoch = $2, is_set = $3 WHERE place = $1', [
      place.schema,
      String(epoch),
      String(isSet),
    ]);
  });
}

/** Making a trigger waits for whoever has written the table, so that no writer of before it is left. */
async function arm(client: pg.Client, place: LivePlace): Promise<void> {
  await makeObjects(client);
  // The row comes with the triggers, which look for it.
  await run(
    client,
    'INSERT INTO crossfade.store_fence (place, is_set) VALUES ($1, false) ON CONFLICT (place) DO NOTHING',
    [place.schema],
  );
  const stops: Trigger = {
    name: trigger,
    fires: 'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE',
    each: 'STATEMENT',
    calls: `crossfade.store_fenced(${literal(place.schema)})`,
  };
  const found = await armedTables(client, place.schema, place.opened().tables);
  const bare = [...found.values()].flatMap(({ relations }) =>
    relations.filter(({ triggers }) => !triggers.includes(trigger)),
  );
  await runAll(
    client,
    bare.flatMap((relation) => makeTrigger(stops, relation.name)),
  );
}

async function turned(client: pg.Client, schema: string): Promise<FenceState> {
  const { rows } = await run(client, 'SELECT epoch, is_set FROM crossfade.store_fence WHERE place = $1', [schema]);
  const [epoch, isSet] = rows[0] ?? [null, 'f'];
  return { epoch: epoch === null ? null : BigInt(epoch), isSet: isSet === 't' };
}

async function stateOf(client: pg.Client, { schema, opened }: LivePlace): Promise<FenceState> {
  const last = await turned(client, schema);
  if (!last.isSet) return last;
  const { tables } = opened();
  const found = await armedTables(client, schema, tables);
  return { ...last, isSet: [...tables.keys()].every((name) => isArmed(found.get(name), [trigger])) };
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
