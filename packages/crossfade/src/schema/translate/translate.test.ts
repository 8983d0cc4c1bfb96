import { expect, test } from 'vitest';
import type { PgType, SourceIndexPart } from '../model.ts';
import type { ColumnEnv } from './term.ts';
import { indexPart, translateExpression, translateGenerated } from './translate.ts';

const column = (name: string, type: PgType, more: Partial<ColumnEnv> = {}): [string, ColumnEnv] => [
  name.toLowerCase(),
  { name, type, collation: 'BINARY', ...more },
];
const columns = new Map<string, ColumnEnv>([
  column('i', 'integer'),
  column('b', 'bigint'),
  column('u', 'boolean'),
  column('d', 'double precision'),
  column('m', 'numeric'),
  column('t', 'text'),
  column('n', 'text', { collation: 'NOCASE' }),
  column('r', 'text', { collation: 'RTRIM' }),
  column('a', 'text', { collation: 'german' }),
  column('g', 'uuid'),
  column('c', 'date'),
  column('w', 'timestamptz'),
  column('p', 'timestamp'),
  column('y', 'bytea'),
  column('j', 'jsonb'),
  column('k', 'json'),
  column('Full Name', 'text'),
  column('flag', 'boolean', { stored: ['text'] }),
  column('both', 'boolean', { stored: ['integer', 'text'] }),
  column('status', 'text', { declared: 'STRING' }),
  column('code', 'text', { declared: 'TEXT' }),
  column('num', 'integer', { declared: 'INTEGER' }),
  column('any', 'integer', { declared: '' }),
  column('ratio', 'double precision', { declared: 'NUMERIC' }),
  column('mixed', 'text', { declared: 'TEXT', stored: ['text', 'blob'] }),
  column('epoch', 'timestamptz', { stored: ['integer'] }),
  column('sent', 'timestamptz', { shape: 40_000 }),
  column('several', 'timestamptz', { shape: -2 }),
  column('vienna', 'timestamptz', { zoned: true }),
  column('gen', 'integer', { generated: true }),
  column('grüße', 'text'),
]);

const check = (sql: string) => translateExpression(sql, { columns, purpose: 'check' });

test.each([
  ['i > 0', '("i" > 0)'],
  ['u', '"u"'],
  ['u = 1', '("u" = true)'],
  ['u IN (0, 1)', '("u" IN (false, true))'],
  ['deleted = 0', null],
  ['i', '("i" <> 0)'],
  ['i IN (1, 2, NULL)', '("i" IN (1, 2, NULL))'],
  ["T LIKE 'a%'", '(pg_catalog.lower("t" COLLATE "C") LIKE \'a%\')'],
  ["t LIKE '%@%'", '("t" COLLATE "C" LIKE \'%@%\')'],
  ["t GLOB '[0-9]*x'", '("t" COLLATE "C" ~ \'^[0-9].*x$\')'],
  ["t > 'm'", '(("t" COLLATE "C") > (\'m\' COLLATE "C"))'],
  ["n = 'ABC'", '(pg_catalog.lower("n" COLLATE "C") = \'abc\')'],
  ["r = 'x '", '(pg_catalog.rtrim("r" COLLATE "C", \' \') = \'x\')'],
  ['"full name" <> \'\'', '("Full Name" <> \'\')'],
  ["grüße = 'ß'", '("grüße" = \'ß\')'],
  ['json_valid(j)', '(CASE WHEN "j" IS NOT NULL THEN true END)'],
  ["typeof(i) = 'integer'", "((CASE WHEN \"i\" IS NULL THEN 'null' ELSE 'integer' END) = 'integer')"],
  ["c >= '2020-01-31'", '("c" >= \'2020-01-31\'::date)'],
  ["w >= '2020-01-31T10:00:00Z'", '("w" >= \'2020-01-31T10:00:00Z\'::timestamptz)'],
  ["sent > '2020-01-31 10:00:00'", '("sent" > \'2020-01-31 10:00:00+00\'::timestamptz)'],
  ["p < '2020-01-31 10:00:00'", '("p" < \'2020-01-31 10:00:00\'::timestamp)'],
  ["j <> '{}'", '("j" <> \'{}\'::jsonb)'],
  ["t = 'it''s \\'", "(\"t\" = E'it''s \\\\')"],
  ["flag IN ('t', 'F')", '("flag" IN (true, false))'],
  ["status IN ('open', 'closed')", "(\"status\" IN ('open', 'closed'))"],
  ['code = 5', '("code" = \'5\')'],
  ["num = '5'", '("num" = 5)'],
  ['b + 1 > 0', '(("b"::numeric + 1) > 0)'],
  ['i / 0', 'NULL::boolean'],
  ['i % b = 1', '(("i"::bigint % NULLIF("b", 0)) = 1)'],
  ['(i IS NULL) + (t IS NULL) = 1', '(((("i" IS NULL)::integer) + (("t" IS NULL)::integer)) = 1)'],
  ['several IS NOT NULL AND k IS NULL AND a IS NULL', null],
  ['several IS NOT NULL AND k IS NULL', '(("several" IS NOT NULL) AND ("k" IS NULL))'],
])('%s becomes %s', (sql, expected) => {
  const result = check(sql);
  expect(result.ok ? result.sql : null).toBe(expected);
});

/** What is not translated, with a word of the reason that the report gives. */
// biome-ignore format: a table is read in rows
const refusals: [sql: string, why: string][] = [
  ['x > 0', 'not there'], ['`x` > 0', 'not there'], ['rowid > 5', 'not there'], ["t.q = 'x'", 'not there'],
  ['i > (SELECT 1)', 'subquery'], ['i IN (SELECT 1)', 'subquery'], ['EXISTS (SELECT 1)', 'subquery'],
  ['i IN other', 'another table'], ['(i, b) = (1, 2)', 'several values'],
  ["t REGEXP 'x'", 'REGEXP'], ["t MATCH 'x'", 'MATCH'], ['t LIKE t', 'constant text'],
  ["t LIKE 'a!' ESCAPE '!'", 'matches nothing'], ["t GLOB '[a'", 'matches nothing'], ["d LIKE '1%'", 'as text'],
  ["t LIKE 'x' ESCAPE 'ab'", 'one character'],
  ['t', 'truth'], ['y', 'truth'], ["'abc'", 'truth'], ['flag', 'several kinds'], ['flag = 1', 'as text'],
  ['both = 1', 'as text'], ["u = 'true'", 'boolean'],
  ['i = t', 'compared'], ["i = 'abc'", 'compared'], ["any = '5'", 'compared'], ["i < 'abc'", 'compared'],
  ['t = 5', 'compared'], ['y = t', 'compared'], ["y = 'x'", 'compared'], ['i = c', 'compared'],
  ["a = 'x'", 'belongs to the application'], ["t = 'x' COLLATE german", 'belongs to the application'],
  ["lower(t COLLATE NOCASE) = 'x'", 'COLLATE'],
  ["CASE WHEN t = 'a' COLLATE NOCASE THEN t ELSE 'b' END = 'x'", 'COLLATE'],
  ['status > \'a\'', 'several kinds'], ["status = '5'", 'several kinds'], ["length(status) > 1", 'more than text'],
  ["mixed = 'a'", 'several kinds'], ["typeof(status) = 'text'", 'several kinds'],
  ["g = 'x'", 'no such value'], ["g = 'FFFFFFFF-0000-4000-8000-00000000000A'", 'no such value'],
  ["g <> ''", 'no such value'], ["c = '2020-1-1'", 'no such value'], ["c = '2020-02-30'", 'no such value'],
  ["w = ''", 'no such value'],
  ["w = '2020-01-31'", 'date without time'], ["w > '2020-01-31'", 'date without time'],
  ["sent > '2020-01-31T10:00:00'", 'spelled'], ["several > '2020-01-31 10:00:00'", 'spelled'],
  ['several = sent', 'spelled'], ["vienna > '2020-01-31 10:00:00'", 'zone'], ['vienna > sent', 'spelled'],
  ['w > 0', 'compared'], ['epoch > 1600000000', 'several kinds'], ["coalesce(w, sent) > w", 'plain columns'],
  ["p = '2020-01-31 10:00:00Z'", 'no such value'],
  ["j > '{}'", 'order of JSON'], ["j = 'x'", 'no such value'], ["j = '{\"a\":1,\"a\":2}'", 'no such value'],
  ["k = '{}'", 'no comparison'], ['k = k', 'compared'], ['j = j', 'compared'],
  ["json_extract(j, '$.a') = 1", 'json_extract'], ["j ->> 'a' = 'x'", 'JSON'], ['json_valid(t)', 'json_valid'],
  ['length(j) > 2', 'as text'],
  ['m * 2 > 1', 'reals'], ['m / 2 > 1', 'reals'], ['ratio / 2 > 1', 'reals'], ['d % 2 = 1', 'remainder'],
  ['b > d', '2^53'], ['m > b', '2^53'], ['m > d', 'compared'], ['b * b = b * b', '64 bits'],
  ['b * b + 1 > 0', '64 bits'], ['b / i > 0', '64 bits'], ['-m > 0', 'sign'],
  ['round(d) = 1', 'round'], ["printf('%d', i) = '1'", 'printf'], ["date(t) IS NOT NULL", 'date'],
  ['random() > 0', 'random'], ['i > CURRENT_TIMESTAMP', 'current time'], ["strftime('%s', 'now') > 0", 'strftime'],
  ['abs(i, 2) > 0', 'arguments'],
  ["substr(t, 0, 1) = 'a'", 'substr'], ["substr(t, -1) = 'a'", 'substr'], ["substr(t, i) = 'a'", 'substr'],
  ["substr(y, 1) = x'00'", 'as text'], ['i << b > 0', 'shift'], ['i << -1 > 0', 'shift'],
  ["coalesce(i, 'x') = 1", 'alternatives'], ['CASE WHEN u THEN 1 ELSE t END = 1', 'alternatives'],
  ['max(n, t) = \'x\'', 'collation'], ['CAST(t AS INTEGER) > 0', 'integer is needed'],
  ['CAST(d AS TEXT) = \'1.0\'', 'as text'], ['CAST(i AS BLOB) = x\'35\'', 'cast'],
  ["t = 'a\0b'", 'NUL'], ['t = \'\uD800\'', 'Unicode'],
  ['i >', 'cannot be read: an expression is missing at the end, at character 4'], ['', 'cannot be read'],
  ['i = ?', 'parameter'], ['0.12345678901234567890123 < d', 'digits'], ['0x11111111111111111 > i', '64 bits'],
  [`${'NOT '.repeat(2_000)}i`, 'deep'], [`i${' + 1'.repeat(2_000)} > 0`, 'deep'],
];

test.each(refusals)('%s is not translated: %s', (sql, why) => {
  expect(check(sql)).toEqual({ ok: false, why: expect.stringContaining(why) });
});

test('words for a truth value are believed only in a CHECK, which every row satisfies', () => {
  const where = translateExpression("flag = 't'", { columns, purpose: 'where' });
  expect([check("flag = 't'"), where]).toEqual([
    { ok: true, sql: '("flag" = true)', type: 'boolean' },
    { ok: false, why: expect.stringContaining('as text') },
  ]);
});

test('a default sees no columns, and a value keeps its type', () => {
  expect(translateExpression('i', { columns, purpose: 'default' })).toMatchObject({ ok: false });
  expect(translateExpression('lower(t)', { columns, purpose: 'index' })).toEqual({
    ok: true,
    sql: 'pg_catalog.lower("t" COLLATE "C")',
    type: 'text',
  });
  expect(translateExpression('NULL', { columns, purpose: 'index' })).toEqual({
    ok: true,
    sql: 'NULL',
    type: 'unknown',
  });
});

// biome-ignore format: a table is read in rows
const generations: [sql: string, type: PgType, declared: string, expected: string][] = [
  ['i * 2', 'integer', 'INTEGER', '("i"::bigint * 2)::integer'],
  ['i * 2', 'bigint', 'INT', '("i"::bigint * 2)::bigint'],
  ['i * 2', 'text', 'TEXT', '(("i"::bigint * 2)::text)'],
  ['i > 0', 'boolean', 'BOOLEAN', '("i" > 0)'],
  ['i > 0', 'integer', 'INTEGER', '(("i" > 0)::integer)::integer'],
  ['d * 2', 'double precision', 'REAL', 'NULLIF("d" * 2::double precision, \'NaN\')'],
  ["t || '!'", 'text', 'TEXT', '("t" || \'!\')'],
  ["t || '!'", 'text', '', '("t" || \'!\')'],
  ['c', 'date', 'DATE', '"c"'],
  ['NULL', 'integer', 'INTEGER', 'NULL::integer'],
];

test.each(generations)('%s generated into %s declared %j is %s', (sql, type, declared, expected) => {
  const result = translateGenerated(sql, columns, { type, declared });
  expect(result).toEqual({ ok: true, sql: expected, type });
});

// biome-ignore format: a table is read in rows
const ungenerated: [sql: string, type: PgType, declared: string, why: string][] = [
  ["t || '5'", 'text', 'NUMERIC', 'numeric texts'], ['i', 'boolean', 'BOOLEAN', 'generated'],
  ['i', 'uuid', 'TEXT', 'generated'], ['m', 'numeric', 'NUMERIC', 'generated'],
  ['t', 'integer', 'INTEGER', 'generated'],
  ['gen + 1', 'integer', 'INTEGER', 'another generated'], ["json_extract(j, '$.a')", 'text', 'TEXT', 'json_extract'],
  ['t COLLATE NOCASE', 'text', 'TEXT', 'COLLATE'], ['b + 1', 'bigint', 'INTEGER', 'generated'],
];

test.each(ungenerated)('%s is not generated into %s declared %j: %s', (sql, type, declared, why) => {
  expect(translateGenerated(sql, columns, { type, declared })).toEqual({
    ok: false,
    why: expect.stringContaining(why),
  });
});

const part = { column: null, expression: null, collation: 'BINARY', descending: false };

test.each([
  [{ ...part, column: 'T' }, '"t"'],
  [{ ...part, column: 't', descending: true }, '"t" DESC'],
  [{ ...part, column: 't', collation: 'nocase' }, 'pg_catalog.lower("t" COLLATE "C")'],
  [{ ...part, column: 't', collation: 'RTRIM', descending: true }, 'pg_catalog.rtrim("t" COLLATE "C", \' \') DESC'],
  [{ ...part, column: 'i', collation: 'NOCASE' }, '"i"'],
  [{ ...part, column: 'a' }, '"a"'],
  [{ ...part, expression: 'lower(t)' }, '(pg_catalog.lower("t" COLLATE "C"))'],
  [{ ...part, expression: "t || 'x'", collation: 'NOCASE' }, 'pg_catalog.lower(("t" || \'x\') COLLATE "C")'],
  [{ ...part, expression: 'coalesce(i, 0)' }, '(COALESCE("i", 0))'],
])('the index part %j is %s', (given, expected) => {
  expect(indexPart(given, columns)).toMatchObject({ ok: true, sql: expected });
});

// biome-ignore format: a table is read in rows
const partRefusals: [part: SourceIndexPart, why: string][] = [
  [{ ...part, column: 'zzz' }, 'not there'], [{ ...part, column: 'k' }, 'json has no order'],
  [{ ...part, column: 'j', collation: 'NOCASE' }, 'NOCASE'],
  [{ ...part, column: 't', collation: 'german' }, 'application'],
  [{ ...part, expression: "json_extract(j, '$.a')" }, 'json_extract'],
  [{ ...part, expression: 'i +' }, 'cannot be read'],
];

test.each(partRefusals)('the index part %j is not translated: %s', (given, why) => {
  expect(indexPart(given, columns)).toEqual({ ok: false, why: expect.stringContaining(why) });
});
