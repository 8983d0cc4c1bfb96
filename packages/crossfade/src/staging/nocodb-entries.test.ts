import { once } from 'node:events';
import { createServer } from 'node:http';
import { onTestFinished, describe, expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { nocodbEntries } from './nocodb-entries.ts';

/** What a server says that is not, or not always, as NocoDB is hoped to be. */
interface Said {
  readonly tables?: unknown;
  /** Of one table, in the place of its columns. */
  readonly table?: unknown;
  readonly columns?: readonly object[];
  readonly page?: (query: URLSearchParams) => unknown;
}

/** An answer with a status of its own. */
class Status {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

const column = (title: string, uidt: string, more: object = {}) => ({ id: `c${title}`, title, uidt, ...more });
const id = column('Id', 'ID', { pk: 1 });
const word = column('word', 'SingleLineText');
const key = column('word', 'SingleLineText', { pk: 1 });
const pageOf = (list: readonly object[], totalRows: number) => ({
  list,
  pageInfo: { totalRows, pageSize: 1_000, isLastPage: list.length === totalRows },
});
const words = (length: number, from = 0) => Array.from({ length }, (_, i) => ({ word: `w${from + i}` }));

/** Every entry of a base that answers so. By default it has one table of no records. */
async function entriesOf({ tables, table, columns, page }: Said): Promise<Entry[]> {
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const answerAt: readonly (readonly [path: string, answer: () => unknown])[] = [
      ['/api/v2/meta/bases/', () => tables ?? { list: [{ id: 'm1', title: 't' }] }],
      ['/api/v2/meta/tables/', () => (table === undefined ? { columns } : table)],
      ['/api/v2/tables/', () => page?.(searchParams) ?? pageOf([], 0)],
    ];
    const answer = answerAt.find(([path]) => pathname.startsWith(path))?.[1]();
    response.writeHead(answer instanceof Status ? answer.code : 200).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const entries = [];
  for await (const entry of nocodbEntries({ url: `http://127.0.0.1:${port}`, base: 'p1' }, 'token'))
    entries.push(entry);
  return entries;
}

const recordsOf = async (said: Said): Promise<string[]> =>
  (await entriesOf(said)).flatMap((entry) => (entry.kind === 'record' ? [entry.text] : []));

describe('what is missing in an answer is never taken for nothing', () => {
  const cases: Readonly<Record<string, Said>> = {
    'a list of tables that is none': { tables: { ok: 1 } },
    'a list of tables with something else in it': { tables: { list: [null] } },
    'a table of which nothing is told': { table: null },
    'a table without columns': { table: {} },
    'a page that is none': { columns: [key], page: () => ({ ok: 1 }) },
    'a page without a count': { columns: [key], page: () => ({ list: words(1) }) },
    'a page without a count, of a table without a key': { columns: [word], page: () => ({ list: words(1) }) },
  };
  test.each(Object.entries(cases))('%s', async (_, said) => {
    await expect(entriesOf(said)).rejects.toMatchObject({
      code: 'E_SOURCE_UNREACHABLE',
      message: expect.stringMatching(/cannot be read \(NO_\w+\).* Nothing was moved\. /),
    });
  });
});

describe('a table without a key', () => {
  test('is refused by name where it is longer than one page', async () => {
    const page = () => pageOf(words(1_000), 1_001);
    await expect(entriesOf({ columns: [word], page })).rejects.toMatchObject({
      code: 'E_SOURCE_UNREADABLE',
      message: expect.stringMatching(/the table t .*1001.*no primary key/),
    });
  });

  test('comes in one order, whatever order its only page has', async () => {
    const rows = ['b', 'A', 'a', 'b', null].map((each) => ({ word: each, facts: [each] }));
    const columns = [word, column('facts', 'JSON')];
    const read = (list: readonly object[]) => recordsOf({ columns, page: () => pageOf(list, list.length) });
    const forwards = await read(rows);
    expect(forwards).toHaveLength(5);
    expect(await read(rows.toReversed())).toEqual(forwards);
  });

  test('is refused as changed where its page has not all that is counted', async () => {
    const page = () => pageOf(words(2), 3);
    await expect(entriesOf({ columns: [word], page })).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  });
});

describe('a table that is read by counting', () => {
  const columns = [key];
  const first = words(1_000);
  const secondPages: Readonly<Record<string, () => unknown>> = {
    'a record that comes again': () => pageOf(words(100, 999), 1_100),
    'no record where there are more': () => pageOf([], 1_100),
    'more records than there are': () => pageOf(words(100, 1_000), 1_050),
    'a page that is no longer there': () => new Status(422),
  };
  test.each(Object.entries(secondPages))('%s is a change', async (_, second) => {
    const page = (query: URLSearchParams) => (query.get('offset') === '0' ? pageOf(first, 1_100) : second());
    await expect(entriesOf({ columns, page })).rejects.toMatchObject({
      code: 'E_SOURCE_CHANGED',
      message: expect.stringMatching(/the table t .*Nothing was moved\. Run the same command again/),
    });
  });

  test('comes whole over pages, in the order of its key', async () => {
    const sorts: (string | null)[] = [];
    const page = (query: URLSearchParams) => {
      sorts.push(query.get('sort'));
      return pageOf(query.get('offset') === '0' ? first : words(100, 1_000), 1_100);
    };
    expect(new Set(await recordsOf({ columns, page }))).toHaveProperty('size', 1_100);
    expect(sorts).toEqual(['word', 'word']);
  });
});

describe('numbers within JSON', () => {
  const columns = [id, column('facts', 'JSON')];
  const read = (facts: unknown) => entriesOf({ columns, page: () => pageOf([{ Id: 1, facts }], 1) });

  test.each([
    ['an integer that was rounded', { n: 9007199254740992 }],
    ['one further down', [1, { deep: [{ n: -9007199254740992 }] }]],
  ])('%s makes the record unreadable', async (_, facts) => {
    expect(await read(facts)).toContainEqual(
      expect.objectContaining({ kind: 'unreadable', name: '1', why: expect.stringContaining('2^53 in "facts"') }),
    );
  });

  test('what only looks like one is left alone, and the column is remarked upon', async () => {
    const facts = { n: 9007199254740991, '9007199254740993': 'x "9007199254740993"', d: 0.5 };
    const entries = await read(facts);
    expect(entries).toContainEqual(expect.objectContaining({ kind: 'record', text: JSON.stringify({ Id: 1, facts }) }));
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'remark', text: expect.stringContaining('t.facts as floating point') }),
    );
  });
});

describe('tables that are hidden from the user of the token', () => {
  test('are told of in a remark', async () => {
    expect(await entriesOf({ columns: [id] })).toContainEqual(
      expect.objectContaining({ kind: 'remark', text: expect.stringContaining('only these were read') }),
    );
  });

  test.each([
    ['the records that are linked', { fk_related_model_id: 'mhidden', fk_mm_model_id: null }],
    ['the pairs', { fk_related_model_id: 'm1', fk_mm_model_id: 'mhidden' }],
  ])('are refused where a column links to them: %s', async (_, colOptions) => {
    const columns = [id, column('Friends', 'Links', { colOptions })];
    await expect(entriesOf({ columns })).rejects.toMatchObject({
      code: 'E_SOURCE_FORBIDDEN',
      facts: { table: 't', column: 'Friends' },
    });
  });
});
