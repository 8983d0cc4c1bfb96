import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Guarded, Mirror } from '../../../store/live/mirror.ts';
import { isUnit, nameOf, recordsOf } from '../../../store/live/units.ts';
import { type Led, ledBy, type Put, type Removal } from '../../../store/live/led.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { ask } from '../statement.ts';
import type { Table } from '../table.ts';
import { beginEpoch, checkEpoch } from './epoch.ts';
import { follow } from './follow.ts';
import { behindWriters, isMissing, type LivePlace, passing, run } from './place.ts';
import { heldByUnits, lockMoving } from './units.ts';
import { columnsOf, heldMany, putMany, removeMany } from './many.ts';

const noteText = `INSERT INTO crossfade.store_guard AS noted (place, collection, key, epoch, version)
  SELECT $1, g.collection, decode(g.key, 'hex'), $2::bigint, g.version
    FROM unnest($3::text[], $4::text[], $5::bigint[]) AS g (collection, key, version)
  ON CONFLICT (place, collection, key) DO UPDATE SET epoch = EXCLUDED.epoch, version = EXCLUDED.version
    WHERE (noted.epoch, noted.version) < (EXCLUDED.epoch, EXCLUDED.version)
  RETURNING noted.collection, encode(noted.key, 'hex')`;

/** The mirror of a store. */
export function mirrorOf(place: LivePlace): Mirror {
  const { schema, change } = place;
  return {
    begin: (epoch) => behindWriters(place, (client) => beginEpoch(client, place, epoch)),
    apply: (epoch, given) =>
      change('once', async (client) => {
        await passing(client);
        await checkEpoch(client, place, epoch);
        await lockMoving(client, place, given);
        const fresh = new Set<Guarded>();
        for (const round of rounds(given)) for (const each of await noted(client, place, epoch, round)) fresh.add(each);
        // In the order of the caller, which references that count at once rely on; the same record given twice is one.
        const ordered = [...new Set(given)].filter((each) => fresh.has(each));
        await followLed(client, place, ledBy(recordsOf(ordered, await heldByUnits(client, place, ordered))));
        return fresh.size;
      }),
    reset: async () => {
      const forget = 'DELETE FROM crossfade.store_guard WHERE place = $1 AND collection = ANY ($2::text[])';
      const own = [...place.opened().tables.keys()];
      await change('repeatable', (client) => run(client, forget, [schema, own])).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

/** What was given, in lists of which none has a guard twice: one statement notes each once. */
function rounds(given: readonly Guarded[]): Guarded[][] {
  const found: Guarded[][] = [];
  const seen = new Map<string, number>();
  for (const each of given) {
    const id = idOf(each);
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    found[round] ??= [];
    found[round].push(each);
  }
  return found;
}

/** Those that are beyond what is noted for them; from then on they are what is noted. */
async function noted(
  client: pg.Client,
  place: LivePlace,
  epoch: bigint,
  given: readonly Guarded[],
): Promise<Guarded[]> {
  const { rows } = await ask(client, place.opened().named(noteText), [
    place.schema,
    String(epoch),
    given.map((each) => nameOf(each).collection),
    given.map(hashOf),
    given.map(({ version }) => String(version)),
  ]);
  const fresh = new Set(rows.map(([collection, hash]) => `${collection}\0${hash}`));
  return given.filter((each) => fresh.has(idOf(each)));
}

/** A key may be longer than an index takes it. That of a unit is longer than that of any record, and so another one. */
function hashOf(given: Guarded): string {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const key = digest(valuesText(given.key));
  return isUnit(given) ? digest(given.unit) + key : key;
}

function idOf(given: Guarded): string {
  return `${nameOf(given).collection}\0${hashOf(given)}`;
}

async function followLed(client: pg.Client, place: LivePlace, { puts, removals }: Led): Promise<void> {
  const { isOrderFree } = place.opened();
  const total = async (texts: (table: Table) => string, changes: readonly (Put | Removal)[]): Promise<number> => {
    let sum = 0;
    for (const alike of runs(changes)) sum += await manyKeys(client, place, texts, alike);
    return sum;
  };
  await follow(client, isOrderFree, {
    put: async () => {
      for (const alike of runs(puts)) await putRun(client, place, alike);
    },
    remove: () => total(removeMany, removals),
    count: puts.length,
    held: () => total(heldMany, puts),
    kept: async () => null,
    collection: [...new Set(puts.map(({ collection }) => collection))].join(', '),
  });
}

/** Changes of one collection that follow each other, so that one statement makes them. */
function runs<C extends Put | Removal>(changes: readonly C[]): C[][] {
  const found: C[][] = [];
  for (const change of changes) {
    if (found.at(-1)?.[0].collection === change.collection) found.at(-1)?.push(change);
    else found.push([change]);
  }
  return found;
}

async function putRun(client: pg.Client, place: LivePlace, puts: readonly Put[]): Promise<void> {
  const table = tableOf(place, puts);
  const rows = puts.map(({ row }) => table.fields.map((field) => row[field]));
  await ask(client, place.opened().named(putMany(table)), columnsOf(table, table.fields, rows));
}

/** What a statement about these keys has counted: what it tells in its one row, or how many records it has changed. */
async function manyKeys(
  client: pg.Client,
  place: LivePlace,
  text: (table: Table) => string,
  changes: readonly (Put | Removal)[],
): Promise<number> {
  const table = tableOf(place, changes);
  const keys = changes.map(({ key }) => key);
  const { rows, count } = await ask(client, place.opened().named(text(table)), columnsOf(table, table.shape.key, keys));
  return rows.length === 0 ? count : Number(rows[0][0]);
}

function tableOf(place: LivePlace, [{ collection }]: readonly (Put | Removal)[]): Table {
  const table = place.opened().tables.get(collection);
  if (table === undefined) throw new TypeError('a collection of the schema');
  return table;
}
