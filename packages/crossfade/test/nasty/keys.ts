import { type NastyCase, catalog, moves, rewriteSchema, sqlite } from './case.ts';

/** Keys, uniqueness and identities, where SQLite promises less than PostgreSQL demands. */
export const keys: readonly NastyCase[] = [
  {
    name: 'a table without a key, with duplicate rows',
    build: sqlite(
      'create table t (a integer, b text)',
      "insert into t values (1, 'x'), (1, 'x'), (1, 'x'), (null, null), (null, null)",
    ),
    expect: moves({ 't.a': 'integer', 't.b': 'text' }, 5),
    sees: { 'select a, b, count(*) from t group by 1, 2 order by 1': ['1|x|3', 'NULL|NULL|2'] },
  },
  {
    name: 'a table without rowids, its key composite and out of column order',
    build: sqlite(
      'create table t (a text, b integer, c text, primary key (c, b)) without rowid',
      "insert into t values ('one', 2, 'z'), ('two', 1, 'z'), ('three', 3, 'a')",
    ),
    expect: moves({ 't.b': 'integer' }, 3),
    sees: { 'select a from t order by a': ['one', 'three', 'two'], [catalog.constraints('t')]: ['PRIMARY KEY (c, b)'] },
  },
  {
    name: 'a table without rowids whose keys end in a blob without a byte',
    build: sqlite(
      'create table t (a integer, k blob, primary key (a, k)) without rowid',
      "with recursive n (i) as (select 1 union all select i + 1 from n where i < 200) insert into t select i, x'' from n",
    ),
    expect: moves({ 't.k': 'bytea' }, 200),
    sees: { "select count(*), min(a), max(a), count(*) filter (where k = '') from t": ['200|1|200|200'] },
  },
  {
    name: 'a table without rowids whose keys are blobs, reals, NULs and bytes that are not UTF-8 in other columns',
    build: sqlite(
      'create table t (k blob, r real, note text, primary key (k, r)) without rowid',
      "insert into t values (x'00', 1.5, 'a'), (x'', -2.25, 'b'), (x'00ff', 0.1, 'c')",
    ),
    expect: moves({ 't.k': 'bytea', 't.r': 'double precision' }, 3),
    sees: { "select encode(k, 'hex'), r, note from t order by note": ['00|1.5|a', '|-2.25|b', '00ff|0.1|c'] },
  },
  {
    name: 'NULLs in a PRIMARY KEY: kept, unique instead of primary, and said',
    build: sqlite(
      'create table t (k text primary key, v text)',
      "insert into t values (null, 'a'), (null, 'b'), ('k', 'c')",
    ),
    expect: moves({ 't.k': 'text' }, 3, { notCreated: ['primary key'] }),
    sees: { 'select k, v from t order by v': ['NULL|a', 'NULL|b', 'k|c'] },
    refuses: { "insert into t values ('k', 'd')": '23505' },
  },
  {
    name: 'an INTEGER PRIMARY KEY of negative ids only: the identity goes on from 1',
    build: sqlite('create table t (id integer primary key, v text)', "insert into t values (-5, 'a'), (-3, 'b')"),
    expect: moves({ 't.id': 'integer' }, 2),
    sees: { "insert into t (v) values ('new') returning id": ['1'] },
  },
  {
    name: 'AUTOINCREMENT without rows: the identity goes on beyond sqlite_sequence',
    build: sqlite(
      'create table t (id integer primary key autoincrement, v text)',
      "insert into t values (41, 'gone')",
      'delete from t',
    ),
    expect: moves({ 't.v': 'text' }, 0),
    sees: { "insert into t (v) values ('new') returning id": ['42'] },
  },
  {
    name: 'AUTOINCREMENT whose sqlite_sequence lies below the largest id',
    build: sqlite(
      'create table t (id integer primary key autoincrement, v text)',
      "insert into t values (7, 'a')",
      'update sqlite_sequence set seq = 3',
    ),
    expect: moves({}, 1),
    sees: { "insert into t (v) values ('new') returning id": ['8'] },
  },
  {
    name: 'an empty table with an INTEGER PRIMARY KEY',
    build: sqlite('create table t (id integer primary key, v text)'),
    expect: moves({}, 0),
    sees: { "insert into t (v) values ('new') returning id": ['1'] },
  },
  {
    name: 'the largest rowid there is',
    build: sqlite(
      'create table t (id integer primary key, v text)',
      "insert into t values (9223372036854775807, 'last'), (-9223372036854775808, 'first')",
    ),
    expect: moves({ 't.id': 'bigint' }, 2),
    sees: { 'select id, v from t order by id': ['-9223372036854775808|first', '9223372036854775807|last'] },
  },
  {
    name: 'a UNIQUE column that folds case: only ASCII folds',
    build: sqlite(
      'create table t (e text collate nocase unique)',
      "insert into t values ('Anna'), ('Ä'), ('ä'), (null), (null)",
    ),
    expect: moves({ 't.e': 'text' }, 5),
    sees: { [catalog.indexes('t')]: ['unique btree (lower((e COLLATE "C")))'] },
    refuses: { "insert into t values ('ANNA')": '23505' },
  },
  {
    name: 'a hostile lower(text) in the target does not reach the index',
    build: sqlite('create table t (e text collate nocase unique)', "insert into t values ('Anna'), ('Bert')"),
    before: `create function public.lower(text) returns text language sql immutable as $$ select 'evil' $$;
             do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$`,
    expect: moves({ 't.e': 'text' }, 2),
    sees: { "select count(*) from pg_catalog.pg_index where indrelid = 't'::regclass and indisunique": ['1'] },
    refuses: { "insert into t values ('ANNA')": '23505' },
  },
  {
    name: 'trailing spaces under RTRIM uniqueness',
    build: sqlite(
      'create table t (id integer primary key, e text collate rtrim unique)',
      "insert into t values (1, 'a'), (2, 'b  ')",
    ),
    expect: moves({ 't.e': 'text' }, 2),
    sees: { "select e || '<' from t order by id": ['a<', 'b  <'] },
    refuses: { "insert into t (e) values ('a   ')": '23505', "insert into t (e) values ('b')": '23505' },
  },
  {
    name: 'duplicates under a UNIQUE index that lies: the rows move, the index does not',
    build: sqlite(
      'create table t (a integer)',
      'create index t_a on t (a)',
      'insert into t values (1), (1), (2)',
      rewriteSchema('create index', 'create unique index')
        .replaceAll('create index', 'CREATE INDEX')
        .replaceAll('create unique index', 'CREATE UNIQUE INDEX'),
    ),
    expect: moves({ 't.a': 'integer' }, 3, { notCreated: ['t_a'] }),
    sees: { 'select count(*) from t': ['3'] },
  },
  {
    name: 'values that are equal once ASCII is folded, under a NOCASE UNIQUE that was written in later: the index is not made',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      'CREATE INDEX t_a ON t (a COLLATE NOCASE)',
      "insert into t values (1, 'Anna'), (2, 'ANNA'), (3, 'Bert')",
      rewriteSchema('CREATE INDEX', 'CREATE UNIQUE INDEX'),
    ),
    expect: moves({ 't.a': 'text' }, 3, { notCreated: ['t_a'] }),
    sees: { 'select a from t order by id': ['Anna', 'ANNA', 'Bert'] },
  },
  {
    name: 'NULLs in a NOT NULL column',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      'insert into t values (1, null)',
      rewriteSchema('a text', 'a text not null'),
    ),
    expect: moves({ 't.a': 'text' }, 1, { notCreated: ['not null'] }),
    sees: { 'select id, a from t': ['1|NULL'] },
  },
  {
    name: 'values too long for an index entry: the data moves, the UNIQUE does not',
    build: sqlite(
      'create table t (id integer primary key, a text unique)',
      'insert into t values (1, hex(randomblob(20000))), (2, hex(randomblob(20000)))',
    ),
    expect: moves({ 't.a': 'text' }, 2, { notCreated: ['a'] }),
    sees: { 'select length(a) from t': ['40000', '40000'] },
  },
  {
    name: 'partial, expression and descending indexes',
    build: sqlite(
      'create table t (id integer primary key, a text, b integer, d integer)',
      'create unique index u on t (a) where d is null',
      'create index e on t (lower(a), b desc)',
      "insert into t values (1, 'x', 1, null), (2, 'x', 1, 5)",
    ),
    expect: moves({}, 2),
    sees: { "select count(*) from pg_index where indrelid = 't'::regclass": ['3'] },
    refuses: { "insert into t (a) values ('x')": '23505' },
  },
  {
    name: 'INTEGER PRIMARY KEY DESC and INT PRIMARY KEY, which are no rowids and may be NULL',
    build: sqlite(
      'create table a (id integer primary key desc, v text)',
      'create table b (id int primary key, v text)',
      "insert into a values (null, 'x'), (5, 'y')",
      "insert into b values (5, 'z')",
    ),
    expect: moves({ 'a.id': 'integer', 'b.id': 'integer' }, 3, { notCreated: ['a'] }),
    sees: { 'select id, v from a order by v': ['NULL|x', '5|y'], [catalog.constraints('b')]: ['PRIMARY KEY (id)'] },
  },
  {
    name: 'rowids far apart, negative ones among them',
    build: sqlite(
      'create table t (id integer primary key, v text)',
      "insert into t values (-4611686018427387904, 'a'), (0, 'b'), (7, 'c'), (4611686018427387904, 'd')",
    ),
    expect: moves({ 't.id': 'bigint' }, 4),
    sees: {
      'select v from t order by id': ['a', 'b', 'c', 'd'],
      "insert into t (v) values ('new') returning id": ['4611686018427387905'],
    },
  },
  {
    name: 'GIN indexes where they are asked for',
    build: sqlite('create table t (id integer primary key, doc text)', `insert into t values (1, '{"a": [1]}')`),
    options: { gin: true },
    expect: moves({ 't.doc': 'jsonb' }, 1),
    sees: {
      "select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam where m.amname = 'gin' and i.indrelid = 't'::regclass":
        ['1'],
    },
  },
];
