import { CrossfadeError } from '../core/errors.ts';
import { type Column, isTrue } from '../drivers/nocodb/columns.ts';
import { fieldsOf, listOf, textPages } from '../drivers/nocodb/pages.ts';
import { RequestFailure } from '../drivers/nocodb/request-failure.ts';
import { Requests } from '../drivers/nocodb/requests.ts';
import { Damage } from '../drivers/nocodb/table.ts';
import { splitArray } from '../schema/values/json-split.ts';
import { membersOf, Unreadable } from './document.ts';
import { type Entry, record } from './entry.ts';
import { nocodbFailure } from './nocodb-failure.ts';
import type { NocodbPlace } from './nocodb-place.ts';
import { columnsOf, cut, floating, recordText } from './nocodb-record.ts';

/** How patiently a server is asked: the cloud blocks for half a minute whoever asks more than five times a second. */
const patience = { triesMax: 8, pauseMs: 500 };
const cloud = /(^|\.)nocodb\.com$/;
const cloudRequestsPerSecond = 4;

/** Types whose values have no order that is the same everywhere. */
const unordered = [
  'JSON',
  'Attachment',
  'User',
  'CreatedBy',
  'LastModifiedBy',
  'GeoData',
  'Geometry',
  'SpecificDBType',
];

/** A table, as the list of a base has it. */
interface Listed {
  readonly id: string;
  readonly title: string;
  readonly type?: string;
}

/**
 * The records of a base: every table is one, those that link records of two tables included. Each record comes to the
 * letter and is named by NocoDB's number of it. NocoDB has no snapshot: whatever changes between the two readings of a
 * source is seen by the second one.
 *
 * @throws CrossfadeError E_SOURCE_ errors
 */
export async function* nocodbEntries(place: NocodbPlace, token: string, signal?: AbortSignal): AsyncGenerator<Entry> {
  const access = { url: place.url, token };
  const rate = cloud.test(new URL(place.url).hostname) ? { requestsPerSecond: cloudRequestsPerSecond } : {};
  const requests = new Requests({ ...access, ...patience, ...rate }, signal);
  // A mistyped address is not worth all that patience.
  const first = new Requests({ ...access, triesMax: 2 }, signal);
  const tables = await tablesOf(first, place);
  const told: Column[][] = [];
  for (const table of tables) {
    const columns = await asked(place, table.name, columnsAt(requests, table.id));
    told.push(columns.map((column) => ({ ...column, title: `${table.name}.${column.title}` })));
    yield* new TableReading(requests, place, table, columns).entries();
  }
  yield* remarks(told.flat());
}

async function tablesOf(requests: Requests, place: NocodbPlace): Promise<readonly (Listed & { name: string })[]> {
  const path = `/api/v2/meta/bases/${place.base}/tables`;
  const { body } = await asked(place, undefined, requests.read(path, { includeM2M: 'true' }));
  const list = [...(listOf(body).list as unknown as readonly Listed[])].sort((a, b) => (a.id < b.id ? -1 : 1));
  const isTwice = (wanted: string): boolean => list.filter(({ title }) => title === wanted).length > 1;
  return list.map((table) => ({ ...table, name: isTwice(table.title) ? `${table.title} ${table.id}` : table.title }));
}

async function columnsAt(requests: Requests, id: string): Promise<readonly Column[]> {
  const { body } = await requests.read(`/api/v2/meta/tables/${id}`);
  return (body as { readonly columns?: readonly Column[] }).columns ?? [];
}

/** One table, from its first record to its last. */
class TableReading {
  private readonly requests: Requests;
  private readonly place: NocodbPlace;
  private readonly table: Listed & { readonly name: string };
  private readonly kept: readonly Column[];
  private readonly leftOut: ReturnType<typeof columnsOf>['leftOut'];
  private readonly path: string;

  constructor(
    requests: Requests,
    place: NocodbPlace,
    table: Listed & { readonly name: string },
    columns: readonly Column[],
  ) {
    this.requests = requests;
    this.place = place;
    this.table = table;
    this.path = `/api/v2/tables/${table.id}/records`;
    const { kept, leftOut } = columnsOf(columns);
    this.kept = kept;
    this.leftOut = leftOut;
  }

  async *entries(): AsyncGenerator<Entry> {
    const { name, type } = this.table;
    if (type === 'view')
      return yield { kind: 'aside', of: 'view', name, why: 'its records are computed from those of tables' };
    for (const { title, why } of this.leftOut) yield { kind: 'aside', of: 'column', name: `${name}.${title}`, why };
    for (const { title, uidt } of this.kept)
      if (uidt === 'Attachment')
        yield {
          kind: 'aside',
          of: 'file',
          name: `${name}.${title}`,
          why: 'the files stay where NocoDB keeps them; their names, types, sizes and paths are moved',
        };
    yield { kind: 'empty', table: name, members: this.kept.map(({ title }) => title) };
    let isEmpty = true;
    for await (const text of this.texts()) {
      isEmpty = false;
      yield this.entryOf(text);
    }
    if (isEmpty)
      yield {
        kind: 'remark',
        name: 'NocoDB',
        text: `has no record in ${name}, so that its columns have no values that say a type, and become text`,
      };
  }

  private get keys(): readonly Column[] {
    return this.kept.filter(({ pk }) => isTrue(pk));
  }

  private entryOf(text: string): Entry {
    const { name: table } = this.table;
    const key = this.keys.length === 1 ? (membersOf(text).get(this.keys[0].title) ?? null) : null;
    const name = key?.startsWith('"') === true ? (JSON.parse(key) as string) : key;
    try {
      return record(table, name, recordText(text, this.kept));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { kind: 'unreadable', table, name: name ?? 'a record', why: error.message };
    }
  }

  /** Each record to the letter. */
  private async *texts(): AsyncGenerator<string> {
    const { keys } = this;
    const isNumbered = keys.length === 1 && ['ID', 'Number'].includes(keys[0].uidt);
    try {
      if (isNumbered) {
        const wanted = { filter: null, titles: this.kept.map(({ title }) => title) };
        for await (const { text } of textPages(this.requests, { idTitle: keys[0].title, path: this.path }, wanted))
          yield* recordsIn(text);
      } else yield* this.counted();
    } catch (error) {
      throw this.failure(error);
    }
  }

  /**
   * Without one number as its key a table is read by counting, in the order of its key, or else of all its values, where
   * records that stand at one place are equal. What others remove meanwhile shifts the pages, which the second reading of
   * the source sees.
   */
  private async *counted(): AsyncGenerator<string> {
    const order = this.keys.length > 0 ? this.keys : this.kept;
    if (order.some(({ title, uidt }) => title.includes(',') || unordered.includes(uidt)))
      throw new Damage(0, 'have no primary key, and values that NocoDB cannot order them by');
    const query = {
      limit: '1000',
      sort: order.map(({ title }) => title).join(),
      ...fieldsOf(this.kept.map(({ title }) => title)),
    };
    for (let offset = 0; ; ) {
      const { body, text } = await this.requests.read(this.path, { ...query, offset: String(offset) });
      const { list, pageInfo } = listOf(body);
      yield* recordsIn(text);
      offset += list.length;
      if (list.length > 0 && offset < (pageInfo?.totalRows ?? 0)) continue;
      if (offset === (pageInfo?.totalRows ?? offset)) return;
      throw new RequestFailure(404, 'RECORD_NOT_FOUND', 'none');
    }
  }

  private failure(error: unknown): unknown {
    const { name } = this.table;
    if (error instanceof RequestFailure) return nocodbFailure(this.place, error, name);
    if (!(error instanceof Damage)) return error;
    return new CrossfadeError(
      'E_SOURCE_UNREADABLE',
      `The records of the table ${name} of NocoDB ${error.message}. Nothing was moved. Give the table one number as its primary key.`,
      { table: name },
    );
  }
}

function recordsIn(answer: string): Iterable<string> {
  return splitArray(membersOf(answer).get('list') ?? '[]');
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
  if (of(floating) !== '')
    yield {
      kind: 'remark',
      name: 'NocoDB',
      text: `tells ${of(floating)} as floating-point numbers: digits beyond the 15th that its database may hold are not seen`,
    };
  if (of(cut) !== '')
    yield {
      kind: 'remark',
      name: 'NocoDB',
      text: 'tells times in whole seconds: fractions that its database may hold are not seen',
    };
}
