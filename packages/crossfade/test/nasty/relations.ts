import { type NastyCase, catalog, moves, rewriteSchema, sqlite } from './case.ts';

/** Foreign keys, checks, defaults, generated columns: what a schema promises beyond its types. */
export const relations: readonly NastyCase[] = [
  {
    name: 'orphans: the foreign key stands, not validated, and refuses new ones',
    build: sqlite(
      'create table p (id integer primary key)',
      'create table c (id integer primary key, p integer references p (id) on delete cascade)',
      'insert into p values (1)',
      'insert into c values (1, 1), (2, 99), (3, null)',
    ),
    expect: moves({}, 4, { notCreated: ['p'] }),
    sees: {
      'select id, p from c order by id': ['1|1', '2|99', '3|NULL'],
      "select convalidated, confdeltype from pg_constraint where contype = 'f'": ['f|c'],
    },
    refuses: { 'insert into c (p) values (77)': '23503' },
  },
  {
    name: 'tables that refer to each other and to themselves',
    build: sqlite(
      'create table a (id integer primary key, b integer references b (id), boss integer references a)',
      'create table b (id integer primary key, a integer references a (id) deferrable initially deferred)',
      'insert into b values (1, 1)',
      'insert into a values (1, 1, 1), (2, 1, 1)',
    ),
    expect: moves({}, 3),
    sees: { "select count(*) from pg_constraint where contype = 'f' and convalidated": ['3'] },
  },
  {
    name: 'a composite foreign key with a NULL in one half (MATCH SIMPLE)',
    build: sqlite(
      'create table p (x integer, y text, primary key (x, y))',
      'create table c (id integer primary key, x integer, y text, foreign key (x, y) references p on update set null)',
      "insert into p values (1, 'a')",
      "insert into c values (1, 1, 'a'), (2, 99, null)",
    ),
    expect: moves({}, 3),
    sees: { "select convalidated, confupdtype from pg_constraint where contype = 'f'": ['t|n'] },
  },
  {
    name: 'a foreign key to a column that is not unique, to a missing column and to a missing table',
    build: sqlite(
      'create table p (id integer primary key, n integer)',
      'create table c (id integer primary key, a integer references p (n), b integer references p (nowhere), d integer references gone (id))',
      'insert into p values (1, 5)',
      'insert into c values (1, 5, 1, 1)',
    ),
    expect: moves({}, 2, { notCreated: ['not unique', 'no such column', 'gone'] }),
    sees: { 'select a, b, d from c': ['5|1|1'] },
  },
  {
    name: 'a foreign key between an integer and a text that looks the same',
    build: sqlite(
      'create table p (id integer primary key)',
      'create table c (id integer primary key, p text references p (id))',
      'insert into p values (1)',
      "insert into c values (1, '1')",
    ),
    expect: moves({ 'p.id': 'integer', 'c.p': 'text' }, 2, { notCreated: ['p'] }),
    sees: { 'select p from c': ['1'] },
  },
  {
    name: 'a foreign key from a big integer to a small one, both kept',
    build: sqlite(
      'create table p (id integer primary key)',
      'create table c (id integer primary key, p integer references p)',
      'insert into p values (1)',
      'insert into c values (1, 1), (2, 9007199254740993)',
    ),
    expect: moves({}, 3, { notCreated: ['p'] }),
    sees: { 'select p from c order by id': ['1', '9007199254740993'] },
  },
  {
    name: 'rows that break their own CHECK',
    build: sqlite(
      'create table t (id integer primary key, a integer check (a > 0))',
      'pragma ignore_check_constraints = on',
      'insert into t values (1, 5), (2, -5)',
    ),
    expect: moves({ 't.a': 'integer' }, 2, { notCreated: ['check'] }),
    sees: { 'select a from t order by id': ['5', '-5'] },
  },
  {
    name: 'a CHECK that calls a function of the application',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      "insert into t values (1, 'x')",
      rewriteSchema('a text', 'a text check (own_function(a) = 1)'),
    ),
    expect: moves({ 't.a': 'text' }, 1, { notCreated: ['own_function'] }),
    sees: { 'select a from t': ['x'] },
  },
  {
    name: 'CHECKs that both understand',
    build: sqlite(
      "create table t (id integer primary key, s text not null check (s in ('on', 'off')), n integer, check (n is null or n between 1 and 5))",
      "insert into t values (1, 'on', 5), (2, 'off', null)",
    ),
    expect: moves({}, 2),
    refuses: { "insert into t (s) values ('maybe')": '23514', "insert into t (s, n) values ('on', 6)": '23514' },
  },
  {
    name: 'defaults: words of SQLite that mean time, constants, quotes, SQL text as a value',
    build: sqlite(
      `create table t (id integer primary key, a text default 'it''s', n integer default -1, at datetime default CURRENT_TIMESTAMP,
         at2 datetime default (datetime('now')), x text default '); drop table t; --', k text default (hex(randomblob(4))), z text default NULL)`,
      "insert into t values (1, 'a', 1, '2024-01-01 00:00:00', '2024-01-01 00:00:00', 'x', 'k', 'z')",
    ),
    expect: moves({ 't.at': 'timestamptz' }, 1),
    sees: {
      'insert into t default values returning id, a, n, x, length(k), z, abs(extract(epoch from now() - at)) < 60, abs(extract(epoch from now() - at2)) < 60':
        ["2|it's|-1|); drop table t; --|8|NULL|t|t"],
    },
  },
  {
    name: 'generated columns, stored and virtual, and one that cannot be translated: its values arrive all the same',
    build: sqlite(
      `create table t (id integer primary key, a integer, b integer, s integer generated always as (a + b) stored,
         v integer as (a * 2), w text as (printf('%05d', a)))`,
      'insert into t (id, a, b) values (1, 2, 3), (2, null, 3)',
    ),
    expect: moves({ 't.s': 'integer' }, 2, { notCreated: ['w'] }),
    sees: {
      'select s, v, w from t order by id': ['5|4|00002', 'NULL|NULL|00000'],
      'insert into t (a, b) values (10, 20) returning s': ['30'],
    },
  },
  {
    name: 'a column with a collation of the application',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      "insert into t values (1, 'x'), (2, 'y')",
      rewriteSchema('a text', 'a text collate own_order'),
    ),
    expect: moves({ 't.a': 'text' }, 2),
    sees: { 'select a from t order by id': ['x', 'y'], [catalog.notNull('t')]: ['id'] },
  },
  {
    name: 'a foreign key to a table that --only leaves behind',
    build: sqlite(
      'create table p (id integer primary key)',
      'create table c (id integer primary key, p integer references p (id))',
      'insert into p values (1)',
      'insert into c values (1, 1)',
    ),
    options: { only: ['c'] },
    expect: moves({ 'c.p': 'integer' }, 1, { notCreated: ['p'], notMoved: ['p'] }),
    sees: { 'select p from c': ['1'] },
  },
  {
    name: 'rows that are older than a column: they have its default',
    build: sqlite(
      'create table t (id integer primary key)',
      'insert into t values (1), (2)',
      "alter table t add column a text not null default 'late'",
      'alter table t add column b integer',
      "insert into t values (3, 'x', 3)",
    ),
    expect: moves({ 't.a': 'text', 't.b': 'integer' }, 3),
    sees: { 'select id, a, b from t order by id': ['1|late|NULL', '2|late|NULL', '3|x|3'] },
  },
  {
    name: 'a default that formats the time, and one that nobody could translate',
    build: sqlite(
      "create table t (id integer primary key, at text default (strftime('%Y-%m-%d %H:%M:%f', 'now')), r text default (printf('%04d', abs(random()) % 10)))",
      "insert into t values (1, '2024-01-01 00:00:00.000', '0001')",
    ),
    expect: moves({ 't.r': 'text' }, 1, { notCreated: ['r'] }),
    sees: { 'insert into t default values returning id, at is not null, r': ['2|t|NULL'] },
  },
  {
    name: 'a schema with comments, brackets, backticks, and a STRICT table',
    build: sqlite(
      "create table [odd name] (-- a comment, with (brackets)\n  `a b` integer /* and, more */ not null default (1 + 1), [c d] text check ([c d] <> '--'))",
      'create table s (i int, r real, t text, b blob, a any) strict',
      "insert into [odd name] values (1, 'x')",
      "insert into s values (1, 1.5, 't', x'00', 'any')",
    ),
    expect: moves({ 'odd name.a b': 'integer', 's.b': 'bytea', 's.a': 'text' }, 2),
    sees: { 'insert into "odd name" ("c d") values (\'y\') returning "a b"': ['2'] },
    refuses: { 'insert into "odd name" ("c d") values (\'--\')': '23514' },
  },
];
