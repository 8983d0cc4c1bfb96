import { CrossfadeError } from '../core/errors.ts';
import type { Column } from '../drivers/nocodb/columns.ts';
import { listOf } from '../drivers/nocodb/pages.ts';
import { RequestFailure } from '../drivers/nocodb/request-failure.ts';
import { Requests } from '../drivers/nocodb/requests.ts';
import type { Entry } from './entry.ts';
import { nocodbFailure } from './nocodb-failure.ts';
import type { NocodbPlace } from './nocodb-place.ts';
import { cut, floating } from './nocodb-record.ts';
import { type Listed, TableReading } from './nocodb-table.ts';

/** How patiently a server is asked: the cloud blocks for half a minute whoever asks more than five times a second. */
const patience = { triesMax: 8, pauseMs: 500 };
const cloud = /(^|\.)nocodb\.com$/;
const cloudRequestsPerSecond = 4;

/** A column with what NocoDB says of the records that it links. */
interface ToldColumn extends Column {
  readonly colOptions?: {
    readonly fk_related_model_id?: string | null;
    readonly fk_mm_model_id?: string | null;
  } | null;
}

/**
 * The records of a base: every table that the token's user may see is one, those that link records of two tables
 * included. Each record comes to the letter and is named by NocoDB's number of it. NocoDB leaves out in silence what it
 * hides from a user: a hidden table is noticed by the links to it alone. NocoDB has no snapshot either: whatever changes
 * between the two readings of a source is seen by the second one.
 *
 * @throws CrossfadeError E_SOURCE_ errors
 */
export async function* nocodbEntries(place: NocodbPlace, token: string, signal?: AbortSignal): AsyncGenerator<Entry> {
  const access = { url: place.url, token };
  const rate = cloud.test(new URL(place.url).hostname) ? { requestsPerSecond: cloudRequestsPerSecond } : {};
  const requests = new Requests({ ...access, ...patience, ...rate }, signal);
  // A mistyped address is not worth all that patience.
  const first = new Requests({ ...access, triesMax: 2 }, signal);
  const tables = await asked(place, undefined, tablesAt(first, place));
  const told: Column[][] = [];
  for (const table of tables) {
    const columns = await asked(place, table.name, columnsAt(requests, table.id));
    refuseHidden(table.name, columns, tables);
    told.push(columns.map((column) => ({ ...column, title: `${table.name}.${column.title}` })));
    yield* new TableReading(requests, place, table, columns).entries();
  }
  yield* remarks(told.flat());
}

async function tablesAt(requests: Requests, { base }: NocodbPlace): Promise<readonly Listed[]> {
  const { body } = await requests.read(`/api/v2/meta/bases/${base}/tables`, { includeM2M: 'true' });
  const list = [...(listOf(body).list as unknown as readonly (Omit<Listed, 'name'> | null)[])];
  if (!list.every((each) => typeof each?.id === 'string' && typeof each.title === 'string'))
    throw new RequestFailure(null, 'NO_LIST', 'none');
  const tables = (list as Omit<Listed, 'name'>[]).sort((a, b) => (a.id < b.id ? -1 : 1));
  const isTwice = (wanted: string): boolean => tables.filter(({ title }) => title === wanted).length > 1;
  return tables.map((table) => ({ ...table, name: isTwice(table.title) ? `${table.title} ${table.id}` : table.title }));
}

async function columnsAt(requests: Requests, id: string): Promise<readonly ToldColumn[]> {
  const { body } = await requests.read(`/api/v2/meta/tables/${id}`);
  const columns = (body as { readonly columns?: unknown } | null)?.columns;
  if (!Array.isArray(columns)) throw new RequestFailure(null, 'NO_COLUMNS', 'none');
  return columns as readonly ToldColumn[];
}

/** Links without the records that they lead to would be half of the data, and nothing would say so. */
function refuseHidden(table: string, columns: readonly ToldColumn[], tables: readonly Listed[]): void {
  const isListed = (id: string | null | undefined): boolean => !id || tables.some((each) => each.id === id);
  const hidden = columns.find(
    ({ colOptions }) => !isListed(colOptions?.fk_related_model_id) || !isListed(colOptions?.fk_mm_model_id),
  );
  if (hidden === undefined) return;
  throw new CrossfadeError(
    'E_SOURCE_FORBIDDEN',
    `The column ${hidden.title} of the table ${table} of NocoDB links records of a table that is hidden from the token's user, or belongs to another base. Nothing was moved. Take the token of an owner or creator of the base, or remove the column there.`,
    { table, column: hidden.title },
  );
}

async function asked<T>(place: NocodbPlace, table: string | undefined, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof RequestFailure ? nocodbFailure(place, error, table) : error;
  }
}

/** What the API does not give whole, so that nobody can see whether there was more. */
function* remarks(columns: readonly Column[]): Generator<Entry> {
  const of = (types: readonly string[]): string =>
    columns
      .filter(({ uidt }) => types.includes(uidt))
      .map(({ title }) => title)
      .join(', ');
  const told = (text: string): Entry => ({ kind: 'remark', name: 'NocoDB', text });
  yield told(
    "lists the tables that the token's user may see, and only these were read: an owner or creator of the base sees all",
  );
  if (of(floating) !== '')
    yield told(
      `tells the numbers of ${of(floating)} as floating point: digits beyond the 15th that its database may hold are not seen`,
    );
  if (of(cut) !== '') yield told('tells times in whole seconds: fractions that its database may hold are not seen');
}
