import { type NastyCase, moves, sqlite } from './case.ts';

const long = 'a_name_that_is_far_longer_than_the_sixty_three_bytes_that_postgresql_keeps_of_it';

/** Names that have to be quoted, shortened or changed, and tables of a strange shape. */
export const names: readonly NastyCase[] = [
  {
    name: 'two table names and two column names that are the same in their first 63 bytes',
    build: sqlite(
      `create table ${long}_one (${long}_x integer, ${long}_y text)`,
      `create table ${long}_two (a integer)`,
      `insert into ${long}_one values (1, 'y')`,
      `insert into ${long}_two values (2)`,
    ),
    expect: moves({ [`${long}_one.${long}_x`]: 'integer', [`${long}_two.a`]: 'integer' }, 2, {
      warns: [`${long}_one`, `${long}_x`],
    }),
    sees: {
      "select count(*), count(distinct relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace":
        ['2|2'],
    },
  },
  {
    name: 'a name of 30 three-byte characters is cut at a character, not within one',
    build: sqlite(`create table "${'あ'.repeat(30)}" (a integer)`, `insert into "${'あ'.repeat(30)}" values (1)`),
    expect: moves({}, 1, { warns: ['あ'.repeat(30)] }),
    sees: {
      "select octet_length(relname::text) <= 63, relname like 'あああ%' from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace":
        ['t|t'],
    },
  },
  {
    name: 'names of the system columns: ctid, xmin, tableoid',
    build: sqlite(
      'create table t (id integer primary key, ctid text, xmin integer, tableoid text)',
      "insert into t values (1, 'c', 2, 'o')",
    ),
    expect: moves({ 't.ctid': 'text' }, 1, { warns: ['ctid', 'xmin', 'tableoid'] }),
    sees: { 'select t.* from t': ['1|c|2|o'] },
  },
  {
    name: 'reserved words as names',
    build: sqlite(
      'create table "order" ("select" integer primary key, "user" text, "desc" text)',
      'create table "table" ("primary" integer references "order" ("select"))',
      'create index "group" on "order" ("user" desc)',
      `insert into "order" values (1, 'u', 'd')`,
      'insert into "table" values (1)',
    ),
    expect: moves({ 'order.user': 'text' }, 2),
    sees: { 'select "select", "user", "desc" from "order"': ['1|u|d'] },
  },
  {
    name: 'a table named like an attack',
    build: sqlite(
      'create table survivor (a integer)',
      `create table "x""; drop table survivor; --" ("a'b""c" text, "d e" integer default 5, "%s$1?:x" text)`,
      `insert into "x""; drop table survivor; --" values ('one', 2, 'three')`,
    ),
    expect: moves({}, 1),
    sees: {
      'select count(*) from survivor': ['0'],
      [`select "a'b""c", "d e", "%s$1?:x" from "x""; drop table survivor; --"`]: ['one|2|three'],
    },
  },
  {
    name: 'a table whose name is HTML and terminal colour',
    build: sqlite(
      'create table "<img onerror=alert(1)>\u001b[31m" (a integer)',
      'insert into "<img onerror=alert(1)>\u001b[31m" values (1)',
    ),
    expect: moves({}, 1),
    sees: { "select count(*) from pg_class where relname like '<img%'": ['1'] },
  },
  {
    name: 'an empty table name and an empty column name',
    build: sqlite('create table "" ("" integer, b text)', `insert into "" values (1, 'b')`),
    expect: moves({}, 1, { warns: ['unnamed'] }),
    sees: { "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace": ['1'] },
  },
  {
    name: 'capitals and spaces are kept',
    build: sqlite(
      'create table "User Accounts" ("FirstName" text, "lastName" text)',
      `insert into "User Accounts" values ('A', 'b')`,
    ),
    expect: moves({ 'User Accounts.FirstName': 'text' }, 1),
    sees: { 'select "FirstName", "lastName" from "User Accounts"': ['A|b'] },
  },
  {
    name: 'names that collide once they are snake case',
    build: sqlite(
      'create table "UserNames" ("firstName" text, "first_name" text)',
      'create table user_names (a integer)',
      `insert into "UserNames" values ('camel', 'snake')`,
    ),
    options: { names: 'snake' },
    expect: moves({ 'UserNames.firstName': 'text' }, 1),
    sees: {
      'select first_name from user_names': ['camel'],
      "select count(distinct relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace": [
        '2',
      ],
    },
  },
  {
    name: 'an index that has the name of another table',
    build: sqlite(
      'create table a (x integer)',
      'create index idx on a (x)',
      'create table t_pkey (x integer)',
      'create table t (id integer primary key, u text unique)',
      'create table t_u_key (x integer)',
      "insert into t values (1, 'u')",
    ),
    expect: moves({}, 1),
    sees: { "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace": ['4'] },
    refuses: { "insert into t (u) values ('u')": '23505' },
  },
  {
    name: 'columns named rowid, oid and _rowid_, which hide the real one',
    build: sqlite(
      'create table t (rowid text, oid text, _rowid_ text)',
      "insert into t values ('a', 'b', 'c'), ('a', 'b', 'c')",
    ),
    expect: moves({ 't.rowid': 'text' }, 2),
    sees: { 'select * from t': ['a|b|c', 'a|b|c'] },
  },
  {
    name: 'columns without a type, and types that nobody knows',
    build: sqlite('create table t (a, b "long words (1,2)", c unknowntype)', "insert into t values ('a', 5, 1.5)"),
    expect: moves({ 't.a': 'text', 't.b': 'integer' }, 1),
    sees: { 'select a, b, c from t': ['a|5|1.5'] },
  },
  {
    name: 'views, triggers, full-text search and its shadow tables: named, not moved',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      "insert into t values (1, 'x')",
      'create view v as select * from t',
      "create trigger g after insert on t begin update t set a = 'y'; end",
      'create virtual table f using fts5(body)',
      "insert into f values ('words')",
      'create virtual table r using rtree(id, x0, x1)',
    ),
    expect: moves({ 't.a': 'text' }, 1, {
      notMoved: [
        'v',
        'g',
        'f',
        'f_data',
        'f_idx',
        'f_content',
        'f_docsize',
        'f_config',
        'r',
        'r_rowid',
        'r_node',
        'r_parent',
      ],
    }),
    sees: { "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace": ['t'] },
  },
  {
    name: 'a view and a trigger that no longer work do not hinder the tables',
    build: sqlite(
      'create table t (id integer primary key, a text)',
      'create table old (b integer)',
      'create view v as select b from old',
      'create trigger g after insert on t begin insert into old values (1); end',
      'pragma legacy_alter_table = on',
      'drop table old',
      'create view w as select no_such_function(a) from t',
    ),
    expect: moves({ 't.a': 'text' }, 0, { notMoved: ['v', 'w', 'g'] }),
  },
  {
    name: "SQLite's own tables of statistics and sequences are no tables of the user",
    build: sqlite(
      'create table t (id integer primary key autoincrement, a text)',
      'create index i on t (a)',
      "insert into t values (1, 'x')",
      'analyze',
    ),
    expect: moves({ 't.a': 'text' }, 1),
    sees: { "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace": ['t'] },
  },
];
