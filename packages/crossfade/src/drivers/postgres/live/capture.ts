import type pg from 'pg';
import { CrossfadeError } from '../../../core/errors.ts';
import type { Key } from '../../../schema/collection.ts';
import type { Capture, JournalEntry, Standing } from '../../../store/live/capture.ts';
import { codecs } from '../codecs.ts';
import type { Table } from '../table.ts';
import { captureFunction, captureTriggers, makeCaptureFunction, triggersOf } from './capture-function.ts';
import { enableTrigger, makeObjects, makeTrigger } from './objects.ts';
import { behindWriters, isMissing, type LivePlace, run, runAll } from './place.ts';
import { type ArmedTable, armedTables, isArmed } from './relations.ts';

/** The later of two entries of a key stands for both. */
const isSameKey = (a: string, b: string): string =>
  `${a}.place = ${b}.place AND ${a}.collection = ${b}.collection AND hash_array_extended(${a}.key, 0) = hash_array_extended(${b}.key, 0) AND ${a}.key = ${b}.key`;

const entriesText = `SELECT o.counter, o.collection, array_to_json(o.key)::text FROM crossfade.store_outbox o
  WHERE o.place = $1 AND o.collection = ANY ($3::text[]) AND NOT EXISTS (SELECT FROM crossfade.store_outbox later
    WHERE ${isSameKey('later', 'o')} AND later.counter > o.counter)
  ORDER BY o.counter LIMIT $2::int`;

const clearText = `DELETE FROM crossfade.store_outbox o USING crossfade.store_outbox seen
  WHERE seen.place = $1 AND seen.collection = ANY ($3::text[]) AND seen.counter = ANY ($2::bigint[]) AND ${isSameKey('o', 'seen')} AND o.counter <= seen.counter`;

/** The capture of a store: of its own collections alone, since others may lie in the same schema. */
export function captureOf(place: LivePlace): Capture {
  const { schema, change, read } = place;
  const own = (): string[] => [...place.opened().tables.keys()];
  return {
    install: () => behindWriters(place, (client) => install(client, place)),
    remove: () => behindWriters(place, (client) => remove(client, schema, own())),
    stands: () => place.snapshot((client) => standing(client, place)),
    entries: async (limit) => {
      const { rows } = await read(entriesText, [schema, String(limit), own()]).catch(noneIfMissing);
      return (rows as [string, string, string][]).map((row) => entryOf(place.opened().tables, row));
    },
    clear: async (seen) => {
      const counters = seen.map(({ counter }) => String(counter));
      if (counters.length > 0)
        await change('repeatable', (client) => run(client, clearText, [schema, counters, own()])).catch(noneIfMissing);
    },
  };
}

function noneIfMissing(error: unknown): { readonly rows: readonly [] } {
  if (!isMissing(error)) throw error;
  return { rows: [] };
}

/** Making a trigger waits for whoever has written the table: every write from here on is captured. */
async function install(client: pg.Client, place: LivePlace): Promise<void> {
  const { schema } = place;
  const { tables } = place.opened();
  await makeObjects(client);
  const { unarmed, isSchemaChanged } = await standing(client, place);
  const known = await recorded(client, schema);
  const broken = [...tables.keys()].filter((name) => known.has(name) && (isSchemaChanged || unarmed.includes(name)));
  if (broken.length > 0)
    throw new CrossfadeError(
      'E_STORE_DAMAGED',
      `${schema}: the capture of ${broken.join(', ')} was installed and no longer stands, because triggers or tables were changed. Writes may have passed it. Remove the capture, install it anew, and verify everything.`,
      { schema, collections: broken },
    );
  const before = await armedTables(client, schema, tables);
  const gone = unarmed.filter((name) => !before.has(name));
  if (gone.length > 0)
    throw new CrossfadeError(
      'E_STORE_FAILED',
      `${schema}: there is no table ${gone.join(', ')} any more. Nothing was installed. Look who has dropped it, and open the store anew.`,
      { schema, collections: gone },
    );
  await runAll(
    client,
    unarmed.flatMap((name) => arming(schema, tables.get(name) as Table, before.get(name) as ArmedTable)),
  );
  const after = await armedTables(client, schema, tables);
  const armed = unarmed.map((name) => after.get(name) as ArmedTable);
  await run(
    client,
    `INSERT INTO crossfade.store_capture (place, collection, relation, fingerprint)
      SELECT $1, * FROM unnest($2::text[], $3::oid[], $4::text[])`,
    [schema, unarmed, armed.map(({ oid }) => oid), armed.map(({ fingerprint }) => fingerprint)],
  );
}

/** The statements that capture what is written into a table. */
function arming(schema: string, table: Table, { oid, relations }: ArmedTable): string[] {
  const { row, truncate } = triggersOf(oid);
  return [
    makeCaptureFunction(schema, table, oid),
    `REVOKE ALL ON FUNCTION ${captureFunction(oid)}() FROM PUBLIC`,
    ...relations.flatMap(({ name, isPartition }) => [
      ...(isPartition ? [enableTrigger(row, name)] : makeTrigger(row, name)),
      ...makeTrigger(truncate, name),
    ]),
  ];
}

/** With a function go its triggers. */
async function remove(client: pg.Client, schema: string, own: readonly string[]): Promise<void> {
  await makeObjects(client);
  const installed = await recorded(client, schema);
  const relations = own.flatMap((name) => installed.get(name)?.relation ?? []);
  await runAll(
    client,
    relations.map((oid) => `DROP FUNCTION IF EXISTS ${captureFunction(oid)}() CASCADE`),
  );
  for (const table of ['store_capture', 'store_outbox'])
    await run(client, `DELETE FROM crossfade.${table} WHERE place = $1 AND collection = ANY ($2::text[])`, [
      schema,
      own,
    ]);
}

interface Recorded {
  readonly relation: string;
  readonly fingerprint: string;
}

async function recorded(client: pg.Client, schema: string): Promise<ReadonlyMap<string, Recorded>> {
  const text = 'SELECT collection, relation, fingerprint FROM crossfade.store_capture WHERE place = $1';
  const { rows } = await run(client, "SELECT to_regclass('crossfade.store_capture')");
  if (rows[0][0] === null) return new Map();
  const found = await run(client, text, [schema]);
  return new Map(
    (found.rows as [string, string, string][]).map(([name, relation, fingerprint]) => [
      name,
      { relation, fingerprint },
    ]),
  );
}

async function standing(client: pg.Client, { schema, opened }: LivePlace): Promise<Standing> {
  const { tables } = opened();
  const installed = await recorded(client, schema);
  const found = await armedTables(client, schema, tables);
  const names = [...tables.keys()];
  const isSchemaChanged = names.some(
    (name) => installed.has(name) && installed.get(name)?.fingerprint !== found.get(name)?.fingerprint,
  );
  const unarmed = names.filter(
    (name) => !installed.has(name) || !isArmed(found.get(name), Object.values(captureTriggers)),
  );
  return { stands: unarmed.length === 0 && !isSchemaChanged, unarmed, isSchemaChanged };
}

function entryOf(
  tables: ReadonlyMap<string, Table>,
  [counter, collection, key]: [string, string, string],
): JournalEntry {
  return { collection, key: keyOf(tables.get(collection), key), counter: Number(counter), isSettled: true };
}

function keyOf(table: Table | undefined, text: string): Key | null {
  if (table === undefined) return null;
  try {
    const cells = JSON.parse(text) as string[];
    return table.shape.key.map((field, i) => codecs[table.shape.fields[field].type].decode(cells[i]));
  } catch {
    return null;
  }
}
