import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { NocodbPlace } from './nocodb-place.ts';
import { StandInAccount } from './nocodb-stand-in-account.ts';
import { StandInLinks } from './nocodb-stand-in-links.ts';
import { type StandInColumn, StandInTable, type StandInVersion } from './nocodb-stand-in-table.ts';
import { Refused, type StoredRow, whereOf } from './nocodb-stand-in-where.ts';

/** What differs between versions. The first is held against the real one; of the other one see the notes on it. */
export const standInVersions: Readonly<Record<'0.265.1' | '0.301.3', StandInVersion>> = {
  '0.265.1': { prefix: '', writeMax: Infinity, honoursIds: true, reusesIds: true, givesIds: false },
  '0.301.3': { prefix: 'ERR_', writeMax: 100, honoursIds: false, reusesIds: false, givesIds: true },
};

const token = 'stand-in-token-of-40-characters-00000000';
const base = 'pstandin';
const [limitDefault, limitMax] = [25, 1_000];

/** A small HTTP server that answers as NocoDB does, with records in memory. */
export interface StandIn extends NocodbPlace {
  readonly port: number;
  /** Removes every record. */
  clear(): void;
  stop(): Promise<void>;
}

/** Starts one. The cases that it is tested by are those of the real one. */
export async function startStandIn(version: StandInVersion = standInVersions['0.265.1']): Promise<StandIn> {
  const bases: Bases = {
    tables: new Map(),
    links: new StandInLinks(),
    ids: [base],
    account: new StandInAccount(token),
  };
  const { tables } = bases;
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body } = await answer(bases, version, request).then(
      (found) => ({ status: 200, body: found }),
      (error: unknown) => {
        if (error instanceof Refused) return error;
        throw error;
      },
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    token,
    base,
    account: bases.account.login,
    clear: () => {
      for (const { rows } of tables.values()) rows.clear();
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Tables = Map<string, StandInTable & { readonly base?: string | undefined }>;

interface Bases {
  readonly tables: Tables;
  readonly links: StandInLinks;
  readonly ids: string[];
  readonly account: StandInAccount;
}

async function answer(
  { tables, links, ids, account }: Bases,
  version: StandInVersion,
  request: IncomingMessage,
): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const sent = await text(request);
  const refused = (status: number, name: string) =>
    new Refused(status, { error: `${version.prefix}${name}`, message: '' });
  const [, , , area, kind, id, last, , at] = pathname.split('/');
  const body = bodyOf(sent);
  if (area === 'auth') return account.answer(id, request.headers, body);
  if (!account.isKnown(request.headers)) throw refused(401, 'AUTHENTICATION_REQUIRED');
  if (area === 'meta' && kind === 'bases') {
    if (id === undefined) return { id: ids[ids.push(`${base}${ids.length}`) - 1] };
    if (!ids.includes(id)) throw refused(404, 'BASE_NOT_FOUND');
    if (request.method === 'POST') return makeTable(tables, version, id, body as never);
    const isAsked = (table: StandInTable) => !table.title.startsWith('m2m_') || searchParams.has('includeM2M');
    return { list: [...tables.values()].filter((table) => table.base === id && isAsked(table)).map(described) };
  }
  if (area === 'meta' && kind === 'columns') return dropColumn(tables, id);
  const table = tables.get(area === 'meta' ? id : kind);
  if (table === undefined) throw refused(404, 'TABLE_NOT_FOUND');
  if (area === 'meta') {
    const asked = body as Partial<StandInColumn>;
    if (last === 'columns' && asked.uidt === 'Links') {
      const pairs = links.link(table, asked, version);
      tables.set(pairs.id, Object.assign(pairs, { base: table.base }));
    } else if (last === 'columns') table.addColumn(asked);
    return { ...described(table), columns: table.columns };
  }
  if (id === 'links') return links.add(last, Number(at), body as never);
  return records(table, request.method ?? '', searchParams, body, last);
}

function bodyOf(sent: string): unknown {
  try {
    return sent === '' ? null : JSON.parse(sent);
  } catch {
    throw new Refused(400, { msg: 'Unterminated string in JSON' });
  }
}

const described = ({ id, title }: StandInTable) => ({ id, title, table_name: title });

function makeTable(
  tables: Tables,
  version: StandInVersion,
  of: string,
  { title, columns }: { readonly title: string; readonly columns: readonly Partial<StandInColumn>[] },
): unknown {
  if ([...tables.values()].some((table) => table.base === of && table.title === title))
    throw new Refused(422, { error: `${version.prefix}DUPLICATE_ALIAS`, message: '' });
  const table = new StandInTable(`m${tables.size + 1}`, title, columns, version);
  tables.set(table.id, Object.assign(table, { base: of }));
  return { ...described(table), columns: table.columns };
}

function dropColumn(tables: Tables, id: string): unknown {
  for (const table of tables.values()) table.dropColumn(id);
  return true;
}

function records(
  table: StandInTable,
  method: string,
  query: URLSearchParams,
  body: unknown,
  id: string | undefined,
): unknown {
  if (method === 'GET') {
    if (table.isBroken) throw table.error(500, 'INTERNAL_SERVER_ERROR');
    if (id === undefined) return list(table, query);
    const row = table.rows.get(Number(id));
    if (row === undefined) throw table.error(404, 'RECORD_NOT_FOUND');
    return table.shown(row, titlesOf(table));
  }
  const given = (Array.isArray(body) ? body : [body]) as readonly StoredRow[];
  const ids = writes[method](table, given).map((each) => ({ Id: each }));
  // It is there, and is said not to be.
  if (table.isBroken) throw new Refused(400, { msg: "Cannot read properties of undefined (reading 'length')" });
  return Array.isArray(body) ? ids : ids[0];
}

const writes: Readonly<Record<string, (table: StandInTable, given: readonly StoredRow[]) => number[]>> = {
  POST: (table, given) => table.insert(given),
  PATCH: (table, given) => table.update(given),
  DELETE: (table, given) => table.remove(given),
};

function list(table: StandInTable, query: URLSearchParams): unknown {
  const limit = Math.min(Number(query.get('limit') ?? limitDefault), limitMax);
  const offset = Number(query.get('offset') ?? 0);
  const titles = query.get('fields')?.split(',') ?? titlesOf(table);
  if (titles.some((title) => !titlesOf(table).includes(title))) throw table.error(404, 'FIELD_NOT_FOUND');
  const where = query.get('where');
  const matches = where === null ? () => true : whereOf(titlesOf(table), where);
  const found = ordered([...table.rows.values()].filter(matches), query.get('sort')?.split(',') ?? [], offset);
  if (offset > 0 && offset >= found.length) throw table.error(422, 'INVALID_OFFSET_VALUE');
  const page = found.slice(offset, offset + limit).map((row) => table.shown(row, titles));
  const isLastPage = offset + limit >= found.length;
  return { list: page, pageInfo: { totalRows: found.length, pageSize: limit, isFirstPage: offset === 0, isLastPage } };
}

/**
 * In the order that is asked for. What that leaves open is open: each page has an order of its own, as databases may have
 * that answer a page by a heap and the next one by a sort.
 */
function ordered(rows: readonly StoredRow[], titles: readonly string[], offset: number): StoredRow[] {
  const shuffled = rows
    .map((row) => ({ row, place: (Number(row.Id) * 7_919 * (offset + 1)) % 10_007 }))
    .sort((a, b) => a.place - b.place)
    .map(({ row }) => row);
  return shuffled.sort((a, b) => {
    const title = titles.find((each) => a[each] !== b[each]);
    return title === undefined ? 0 : compared(a[title], b[title]);
  });
}

function compared(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a ?? '') < String(b ?? '') ? -1 : 1;
}

/** Who made a record, and its order, are shown to people only. */
function titlesOf(table: StandInTable): string[] {
  return table.columns.map(({ title }) => title).filter((title) => !title.startsWith('nc_'));
}
