import { beforeAll, expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import type { Report } from '../../src/move/report.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { numbers, sourceFile } from '../support/sources.ts';

/** One column: what 811 of its values are, by number i, and the one of row 93 that keeps them from a narrower type. */
interface Blocked {
  readonly declared: string;
  readonly most: string;
  readonly blocker: string;
  /** The type that it gets, and of the reason what follows the evidence. */
  readonly gets: string;
  readonly reason: string;
}

const uuid = `printf('00112233-4455-6677-8899-%012d', i)`;
const day = `date('2024-01-01', i || ' days')`;
const epoch = '1700000000 + i';
const object = `'{"n":' || i || '}'`;
const changed = 'duplicate keys, \\u0000, lone surrogates, -0, numbers beyond a double';
const blocked = (declared: string, most: string, blocker: string, gets: string, not: string, what: string): Blocked => {
  const reason = `; not ${not}: 1 of 812 values: rowid 93, ${what}`;
  return { declared, most, blocker, gets, reason };
};

const columns: readonly Blocked[] = [
  blocked('INTEGER', 'i', "'abc'", 'text', 'integer', 'text'),
  blocked('INTEGER', 'i', "''", 'text', 'integer', 'empty text'),
  blocked('INTEGER', 'i', "'a' || char(0)", 'text', 'integer', 'text with NUL'),
  blocked('INTEGER', 'i', "cast(x'fc' as text)", 'text', 'integer', 'text that is not UTF-8'),
  blocked('INTEGER', 'i', "'true'", 'text', 'integer', 'a word'),
  blocked('INTEGER', 'i', uuid, 'text', 'integer', 'a UUID'),
  blocked('INTEGER', 'i', day, 'text', 'integer', 'a date'),
  blocked('INTEGER', 'i', "'2024-01-01 10:00:00'", 'text', 'integer', 'a timestamp without offset'),
  blocked('INTEGER', 'i', "'2024-01-01T10:00:00Z'", 'text', 'integer', 'a timestamp'),
  blocked('INTEGER', 'i', "'[1]'", 'text', 'integer', 'JSON'),
  blocked('INTEGER', 'i', "x'61'", 'text', 'integer', 'blob'),
  blocked('INTEGER', 'i', "x'ff'", 'text', 'integer', 'blob'),
  blocked('INTEGER', 'i', '1.5', 'double precision', 'integer', 'real'),
  blocked('INTEGER', 'i', '2147483648', 'bigint', 'integer', 'beyond 32 bits'),
  blocked('DOUBLE', 'cast(i + 0.5 as real)', "'x'", 'text', 'double precision', 'text'),
  blocked('', 'i + 0.5', '9007199254740993', 'numeric', 'double precision', 'an integer that a double would round'),
  blocked('', 'i + 0.5', "'-0'", 'text', 'double precision', 'text'),
  blocked('', 'i', "'12'", 'text', 'integer', 'text'),
  blocked('BOOLEAN', 'i % 2', '2', 'integer', 'boolean', 'an integer that is neither 0 nor 1'),
  blocked('BOOLEAN', 'i % 2', "'maybe'", 'text', 'boolean', 'text'),
  blocked('DATETIME', epoch, '20240131', 'integer', 'timestamptz', 'an integer of no plausible time'),
  blocked('DATETIME', epoch, "''", 'text', 'timestamptz', 'empty text'),
  blocked('DATETIME', epoch, '2460000.5', 'double precision', 'timestamptz', 'real'),
  blocked('TEXT', day, "'2024-02-30'", 'text', 'date', 'text'),
  blocked('TEXT', day, "'2024-01-01 10:00:00'", 'text', 'date', 'a timestamp without offset'),
  blocked('TEXT', `${day} || ' 10:00:00'`, day, 'text', 'timestamptz', 'a date'),
  blocked('TEXT', uuid, `upper('a' || substr(${uuid}, 2))`, 'text', 'uuid', 'text'),
  blocked('', uuid, '5', 'text', 'uuid', 'integer'),
  blocked('TEXT', object, "'{}}'", 'text', 'jsonb', 'text'),
  blocked('TEXT', object, "'null'", 'text', 'jsonb', 'a JSON scalar'),
  blocked('TEXT', object, `'{"a":1,"a":2}'`, 'json', 'jsonb', `JSON that jsonb would change (${changed})`),
  blocked(
    'JSON',
    object,
    `'"\\u0000"'`,
    'json',
    'jsonb',
    `a JSON scalar that jsonb would change (${changed.slice(16)})`,
  ),
  blocked(
    'BLOB',
    `cast(${object} as blob)`,
    `cast('[-0]' as blob)`,
    'json',
    'jsonb',
    'JSON that jsonb would change, in a blob',
  ),
];
const keyedReason =
  '; not timestamptz: 812 of 812 values: equal values are spelled differently, and the column is part of a key or unique index';

const database = databaseOfFile();
let source: string;
let report: Report;

/** A table for each column, so that each is of 812 rows and the other value stands in row 93. */
beforeAll(async () => {
  source = sourceFile(
    ...columns.flatMap(({ declared, most, blocker }, at) => [
      `CREATE TABLE t${at} (c ${declared})`,
      `${numbers(812)} INSERT INTO t${at} SELECT CASE i WHEN 93 THEN ${blocker} ELSE ${most} END FROM n`,
    ]),
    'CREATE TABLE keyed (c DATETIME UNIQUE)',
    `${numbers(812)} INSERT INTO keyed SELECT datetime(${epoch}, 'unixepoch') || CASE i WHEN 93 THEN 'Z' ELSE '' END FROM n`,
  );
  const { query: _query, drop: _drop, ...target } = database();
  report = await move({ source, target, jobs: 1, dryRun: true });
});

test.each(columns.map((column, at) => [`${column.declared || 'nothing'} with ${column.blocker}`, column, at] as const))(
  'declared as %s: the report names the row and the kind of value that kept it from a narrower type',
  (_, { gets, reason }, at) => {
    const [column] = report.tables.find(({ source: name }) => name === `t${at}`)?.columns ?? [];
    expect(column).toEqual({ source: 'c', target: 'c', type: gets, why: expect.stringContaining(reason) as string });
    expect(column?.why.endsWith(reason), column?.why).toBe(true);
  },
);

test('where no one row is the reason, the report says how many there are', () => {
  expect(report.tables.find(({ source: name }) => name === 'keyed')?.columns[0]).toMatchObject({
    type: 'text',
    why: `all 812 values are text${keyedReason}`,
  });
});

test('the plan gives the same reasons as the report', async () => {
  const planned = await plan({ source, jobs: 1 });
  const reasonsOf = (tables: readonly { source: string; columns: readonly { why?: unknown }[] }[]) =>
    tables.map(({ source: name, columns: [column] }) => [name, column?.why]);
  expect(reasonsOf(planned.tables)).toEqual(reasonsOf(report.tables));
});
