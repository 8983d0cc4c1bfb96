import { setTimeout as sleep } from 'node:timers/promises';
import { CrossfadeError } from '../../core/errors.ts';
import type { Collection, Collections } from '../../schema/collection.ts';
import { type Column, columnsToMake, misfitOf, tableToMake } from './columns.ts';
import { storeFailed } from './failure.ts';
import { RequestFailure } from './request-failure.ts';
import type { Requests } from './requests.ts';
import { Table } from './table.ts';

/** What `open` does about tables that are not there. */
export type TablesOption = 'expect' | 'create';

/**
 * Looks at the table of every collection; makes those that are missing, and missing columns of fields that may be null,
 * where that is wished. What is there stays as it is.
 *
 * @throws CrossfadeError E_TARGET_MISMATCH, E_STORE_FAILED, E_STORE_BUSY
 */
export async function openTables(
  requests: Requests,
  base: string,
  schema: Collections,
  option: TablesOption,
): Promise<ReadonlyMap<string, Table>> {
  try {
    let found = await columnsByTitle(requests, base, schema);
    if (option === 'create' && (await makeMissing(requests, base, schema, found)))
      for (let look = 1; look <= looksMax; look++) {
        found = await columnsByTitle(requests, base, schema);
        if (Object.entries(schema).every(([name, shape]) => faultOf(shape, found.get(name)) === null)) break;
        await sleep(look * lookAgainMs);
      }
    return new Map(Object.entries(schema).map(([name, shape]) => [name, openTable(name, shape, found.get(name))]));
  } catch (error) {
    throw error instanceof RequestFailure ? storeFailed(`base ${base}`, 'The store was not opened.', error) : error;
  }
}

/** A table as NocoDB describes it. */
interface Described {
  readonly id: string;
  readonly columns: readonly Column[];
  readonly isTwice: boolean;
}

/** A table that another store is making at the same time is there after a while. */
const looksMax = 10;
const lookAgainMs = 50;

function openTable(name: string, shape: Collection, found: Described | undefined): Table {
  const what = faultOf(shape, found);
  if (found !== undefined && what === null) return new Table(name, shape, found.id, found.columns);
  throw new CrossfadeError(
    'E_TARGET_MISMATCH',
    `The table ${JSON.stringify(name)} of NocoDB ${what}. Nothing was changed. Mend it there, correct the schema, or let the store make what is missing with tables: 'create'.`,
    { table: name },
  );
}

function faultOf(shape: Collection, found: Described | undefined): string | null {
  if (found === undefined) return 'is not there';
  return found.isTwice ? 'is there twice, by the same title' : misfitOf(shape, found.columns);
}

/**
 * Whether anything was to be made. That it went well is seen by who looks at the tables afterwards: another store may
 * have made them at the same time, and an error of NocoDB is no proof that nothing was made.
 */
async function makeMissing(
  requests: Requests,
  base: string,
  schema: Collections,
  found: ReadonlyMap<string, Described>,
): Promise<boolean> {
  const wanted = Object.entries(schema).flatMap(([name, shape]): readonly (readonly [path: string, body: object])[] => {
    const table = found.get(name);
    if (table === undefined) return [[`/api/v2/meta/bases/${base}/tables`, tableToMake(name, shape)]];
    return columnsToMake(shape, table.columns).map((column) => [`/api/v2/meta/tables/${table.id}/columns`, column]);
  });
  for (const [path, body] of wanted) await made(requests, path, body);
  return wanted.length > 0;
}

async function made(requests: Requests, path: string, body: object): Promise<void> {
  await requests.write('POST', path, body).catch((error: unknown) => {
    if (!(error instanceof RequestFailure) || error.effect === 'none') throw error;
  });
}

async function columnsByTitle(
  requests: Requests,
  base: string,
  schema: Collections,
): Promise<ReadonlyMap<string, Described>> {
  const { body } = await requests.read(`/api/v2/meta/bases/${base}/tables`);
  const { list = [] } = body as { list?: readonly { readonly id: string; readonly title: string }[] };
  const wanted = list.filter(({ title }) => Object.hasOwn(schema, title));
  const described = await Promise.all(wanted.map(({ id }) => requests.read(`/api/v2/meta/tables/${id}`)));
  return new Map(
    wanted.map(({ id, title }, i) => {
      const { columns = [] } = described[i].body as Partial<Described>;
      return [title, { id, columns, isTwice: wanted.some((other) => other.title === title && other.id !== id) }];
    }),
  );
}
