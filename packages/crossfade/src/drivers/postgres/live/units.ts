import type pg from 'pg';
import type { Key, Row } from '../../../schema/collection.ts';
import type { Guarded, UnitPart } from '../../../store/live/mirror.ts';
import { type Holding, isUnit, lastUnits, mayMove } from '../../../store/live/units.ts';
import { keyOf } from '../../../store/check-change.ts';
import { valuesText } from '../../../store/tables/values-text.ts';
import { ask } from '../statement.ts';
import type { Table } from '../table.ts';
import { columnsOf, findMany } from './many.ts';
import { type LivePlace, run } from './place.ts';

/** In the order of the collections, which is the same for all. */
const movingLock = `SELECT pg_advisory_xact_lock(hashtextextended('crossfade:units:' || $1::text || ':' || name, 0))
  FROM unnest($2::text[]) AS moving (name)`;

/**
 * Lets one call at a time write units of a collection whose records may pass from one to another: two calls that make
 * a record in two units would not see each other's.
 */
export async function lockMoving(client: pg.Client, place: LivePlace, given: readonly Guarded[]): Promise<void> {
  const parts = given.flatMap((each) => (isUnit(each) ? each.parts : []));
  const moving = parts.filter((part) => mayMove(part, tableOf(place, part).shape));
  const names = [...new Set(moving.map(({ collection }) => collection))].sort();
  if (names.length > 0) await run(client, movingLock, [place.schema, names]);
}

/** What the tables hold of these units, by one or two statements for each part of a make. */
export async function heldByUnits(client: pg.Client, place: LivePlace, given: readonly Guarded[]): Promise<Holding> {
  const asked = new Map<string, Asked>();
  for (const { key, parts } of lastUnits(given))
    for (const part of parts) {
      const table = tableOf(place, part);
      const asking = asked.get(nameOf(part)) ?? { part, table, units: new Map(), keys: new Map() };
      asked.set(nameOf(part), asking);
      asking.units.set(valuesText(key), key);
      if (mayMove(part, table.shape))
        for (const row of part.rows) asking.keys.set(valuesText(keyOf(table.shape, row)), keyOf(table.shape, row));
    }
  const found = new Map<string, Found>();
  for (const [name, each] of asked) found.set(name, await find(client, place, each));
  return {
    shape: (collection) => tableOf(place, { collection }).shape,
    belonging: (part, key) => found.get(nameOf(part))?.belonging.get(valuesText(key)) ?? [],
    standing: (part, key) => found.get(nameOf(part))?.standing.get(valuesText(key)) ?? null,
  };
}

/** One part of all units of a make, and the keys that records of it are given for. */
interface Asked {
  readonly part: UnitPart;
  readonly table: Table;
  readonly units: Map<string, Key>;
  readonly keys: Map<string, Key>;
}

interface Found {
  readonly belonging: ReadonlyMap<string, Row[]>;
  readonly standing: ReadonlyMap<string, Row>;
}

async function find(client: pg.Client, place: LivePlace, { part: { by }, table, units, keys }: Asked): Promise<Found> {
  const having = async (fields: readonly string[], lists: readonly Key[]): Promise<Row[]> => {
    if (lists.length === 0) return [];
    const statement = place.opened().named(findMany(table, fields));
    const { rows } = await ask(client, statement, columnsOf(table, fields, lists));
    return rows.map((cells) => table.rowOf(cells));
  };
  const belonging = new Map<string, Row[]>();
  for (const row of await having(by, [...units.values()])) {
    const text = valuesText(by.map((field) => row[field]));
    belonging.set(text, [...(belonging.get(text) ?? []), row]);
  }
  const held = await having(table.shape.key, [...keys.values()]);
  return { belonging, standing: new Map(held.map((row) => [valuesText(keyOf(table.shape, row)), row])) };
}

function nameOf({ collection, by }: UnitPart): string {
  return JSON.stringify([collection, by]);
}

function tableOf(place: LivePlace, { collection }: Pick<UnitPart, 'collection'>): Table {
  const table = place.opened().tables.get(collection);
  if (table === undefined) throw new TypeError('a collection of the schema');
  return table;
}
