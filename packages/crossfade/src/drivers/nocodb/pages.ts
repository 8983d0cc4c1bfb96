import type { Requests } from './requests.ts';
import { RequestFailure } from './request-failure.ts';
import { Damage, type Id, idOf, type Record_, type Table } from './table.ts';

/** The first page is small, since nobody knows how long a record is; the following ones are about as long as this. */
const firstLimit = 100;
const pageLength = 4_000_000;
/** Beyond this NocoDB cuts, unless it is told otherwise; it may cut earlier, and says so. */
const limitMax = 1_000;

/** What is asked for. */
export interface Wanted {
  /** In NocoDB's words, without the Id; null for every record. */
  readonly filter: string | null;
  /** Titles of columns. Default: all of them. */
  readonly titles?: readonly string[];
}

/** A page of records: what JavaScript makes of them, and the answer to the letter. */
export interface TextPage {
  readonly list: readonly Record_[];
  readonly text: string;
}

/** The records of a table in the order of their Ids, page by page. @throws RequestFailure, Damage */
export async function* pages(requests: Requests, table: Walked, wanted: Wanted): AsyncGenerator<readonly Record_[]> {
  for await (const { list } of textPages(requests, table, wanted)) yield list;
}

/** What is to be known of a table that is walked. */
type Walked = Pick<Table, 'idTitle' | 'path'>;

/**
 * The records of a table in the order of their Ids, page by page. Each page begins behind the Id at which the last one
 * ended: an offset would leave out as many records as are removed meanwhile.
 *
 * @throws RequestFailure, Damage
 */
export async function* textPages(
  requests: Requests,
  { idTitle, path }: Walked,
  wanted: Wanted,
): AsyncGenerator<TextPage> {
  const fields = wanted.titles === undefined ? {} : fieldsOf([idTitle, ...wanted.titles]);
  let limit = firstLimit;
  for (let after: Id | null = null; ; ) {
    const conditions = [wanted.filter, after === null ? null : `(${idTitle},gt,${after})`].filter(
      (each) => each !== null,
    );
    const where = conditions.length === 0 ? {} : { where: conditions.join('~and') };
    const { body, text } = await requests.read(path, { limit: String(limit), sort: idTitle, ...where, ...fields });
    const { list, pageInfo } = listOf(body);
    if (list.length === 0) return;
    const ids = list.map((record) => idOf(idTitle, record));
    refuseDisorder(ids, after);
    yield { list, text };
    // A count that came before or after the page may be wrong about the last one; a page that is full may not be the last.
    if (pageInfo?.isLastPage === true && list.length < Math.min(limit, pageInfo.pageSize ?? limit)) return;
    after = ids[ids.length - 1];
    limit = Math.max(1, Math.min(limitMax, limit * 4, Math.floor((pageLength * list.length) / text.length)));
  }
}

/** What is answered to a list. */
export interface List {
  readonly list: readonly Record_[];
  readonly pageInfo?: { readonly pageSize?: number; readonly totalRows?: number; readonly isLastPage?: boolean };
}

/** The answer as a list. @throws RequestFailure */
export function listOf(body: unknown): List {
  const found = body as Partial<List> | null;
  if (!Array.isArray(found?.list)) throw new RequestFailure(null, 'NO_LIST', 'none');
  return found as List;
}

/** A server that ignored the filter or the order would be walked in a circle, or left in the middle. */
function refuseDisorder(ids: readonly Id[], after: Id | null): void {
  let before = after ?? Number.NEGATIVE_INFINITY;
  for (const id of ids) {
    if (id <= before) throw new Damage(id, 'came out of the order that was asked for');
    before = id;
  }
}

/** Titles are joined by commas; where one has a comma in it, or they do not fit into a URL, all columns come. */
export function fieldsOf(titles: readonly string[]): { fields?: string } {
  return titles.some((title) => title.includes(',')) || encodeURIComponent(titles.join()).length > 4_000
    ? {}
    : { fields: [...new Set(titles)].join(',') };
}
