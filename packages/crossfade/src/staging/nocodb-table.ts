import { CrossfadeError } from '../core/errors.ts';
import { type Column, isTrue } from '../drivers/nocodb/columns.ts';
import { fieldsOf, listOf, textPages } from '../drivers/nocodb/pages.ts';
import { RequestFailure } from '../drivers/nocodb/request-failure.ts';
import type { Requests } from '../drivers/nocodb/requests.ts';
import { Damage } from '../drivers/nocodb/table.ts';
import { splitArray } from '../schema/values/json-split.ts';
import { membersOf, Unreadable } from './document.ts';
import { type Entry, record } from './entry.ts';
import { nocodbFailure } from './nocodb-failure.ts';
import type { NocodbPlace } from './nocodb-place.ts';
import { columnsOf, recordText } from './nocodb-record.ts';

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

/** Records of one request. */
const pageLimit = 1_000;

/** A table, as the list of a base has it. */
export interface Listed {
  readonly id: string;
  readonly title: string;
  readonly type?: string;
  /** What it is called in reports: its title, with its id behind it where two tables have that title. */
  readonly name: string;
}

/** One table, from its first record to its last. */
export class TableReading {
  private readonly requests: Requests;
  private readonly place: NocodbPlace;
  private readonly table: Listed;
  private readonly kept: readonly Column[];
  private readonly leftOut: ReturnType<typeof columnsOf>['leftOut'];
  private readonly path: string;

  constructor(requests: Requests, place: NocodbPlace, table: Listed, columns: readonly Column[]) {
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
    for await (const entry of this.recordEntries()) {
      isEmpty = false;
      yield entry;
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

  private async *recordEntries(): AsyncGenerator<Entry> {
    const { keys } = this;
    const isNumbered = keys.length === 1 && ['ID', 'Number'].includes(keys[0].uidt);
    try {
      if (keys.length === 0) yield* await this.sorted();
      else for await (const text of isNumbered ? this.numbered() : this.counted()) yield this.entryOf(text);
    } catch (error) {
      throw this.failure(error);
    }
  }

  private async *numbered(): AsyncGenerator<string> {
    const [{ title: idTitle }] = this.keys;
    const wanted = { filter: null, titles: this.kept.map(({ title }) => title) };
    for await (const { text } of textPages(this.requests, { idTitle, path: this.path }, wanted)) yield* recordsIn(text);
  }

  /**
   * A table without a key, which is read by one request or not at all. A second page would begin in an order that is the
   * database's own: a collation takes `a` and `A` for one, and which of the records that stand at one place come on which
   * page is chosen anew for each. The entries are put into one order here, for the second reading of the source.
   */
  private async sorted(): Promise<readonly Entry[]> {
    const { texts, totalRows, isFull } = await this.page({}, 0);
    if (texts.length < totalRows && isFull)
      throw new Damage(
        0,
        `are ${totalRows}, more than one page of NocoDB, and have no primary key to tell them apart by`,
      );
    if (texts.length !== totalRows) throw this.shifted();
    const order = (entry: Entry): string => (entry.kind === 'record' ? entry.text : '');
    return texts
      .map((text) => this.entryOf(text))
      .sort((a, b) => (order(a) < order(b) ? -1 : Number(order(a) > order(b))));
  }

  /**
   * With another key than one number a table is read by counting, in the order of its key. What others add or remove
   * meanwhile shifts the pages; so does an order in which records share a place. Both show: as many different keys have
   * to come as there are records.
   */
  private async *counted(): AsyncGenerator<string> {
    const titles = this.keys.map(({ title }) => title);
    if (this.keys.some(({ title, uidt }) => title.includes(',') || unordered.includes(uidt)))
      throw new Damage(0, 'have a primary key that NocoDB cannot order them by');
    const seen = new Set<string>();
    for (let offset = 0; ; ) {
      const { texts, totalRows } = await this.page({ sort: titles.join() }, offset);
      for (const text of texts) {
        const members = membersOf(text);
        seen.add(titles.map((title) => members.get(title)).join());
        yield text;
      }
      offset += texts.length;
      const isOnePage = offset === texts.length && offset === totalRows;
      if (!isOnePage && seen.size < offset) throw this.shifted();
      if (offset === totalRows) return;
      if (offset > totalRows || texts.length === 0) throw this.shifted();
    }
  }

  /** A page, and how many records there are in all. @throws RequestFailure, CrossfadeError E_SOURCE_CHANGED */
  private async page(order: { readonly sort?: string }, offset: number) {
    const fields = fieldsOf(this.kept.map(({ title }) => title));
    const query = { limit: String(pageLimit), ...order, ...fields, offset: String(offset) };
    const { body, text } = await this.requests.read(this.path, query).catch((error: unknown) => {
      // The page was there when the last one was counted.
      throw offset > 0 && error instanceof RequestFailure && error.status === 422 ? this.shifted() : error;
    });
    const { list, pageInfo } = listOf(body);
    // Without it nobody knows whether this page is the last one.
    if (typeof pageInfo?.totalRows !== 'number') throw new RequestFailure(null, 'NO_COUNT', 'none');
    const isFull = list.length >= Math.min(pageLimit, pageInfo.pageSize ?? pageLimit);
    return { texts: [...recordsIn(text)], totalRows: pageInfo.totalRows, isFull };
  }

  private shifted(): CrossfadeError {
    const { name } = this.table;
    return new CrossfadeError(
      'E_SOURCE_CHANGED',
      `The records of the table ${name} of NocoDB were not in one order while they were counted. Nothing was moved. Run the same command again while nobody writes; if it says the same, give the table one number as its primary key.`,
      { table: name },
    );
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
