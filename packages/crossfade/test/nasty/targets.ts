import { type NastyCase, moves, refused, sqlite, stops } from './case.ts';

const source = sqlite('create table t (id integer primary key, a text)', "insert into t values (1, 'one'), (2, 'two')");

/** What already stands in the target. Nothing of it is ever dropped, emptied or changed. */
export const targets: readonly NastyCase[] = [
  {
    name: 'a table of that name with a row in it',
    build: source,
    before: "create table t (id integer, a text); insert into t values (7, 'theirs')",
    expect: refused('E_TARGET_NOT_EMPTY'),
    sees: { 'select id, a from t': ['7|theirs'] },
  },
  {
    name: 'an empty table of that name that can hold the values is filled',
    build: source,
    before: "create table t (a text not null, id bigint primary key, more text default 'd')",
    expect: moves({ 't.id': 'bigint' }, 2),
    sees: {
      'select id, a from t order by id': ['1|one', '2|two'],
      "select count(*) from pg_constraint where contype = 'p' and conrelid = 't'::regclass": ['1'],
    },
  },
  {
    name: 'an empty table of that name whose column is too narrow for one value',
    build: sqlite(
      'create table t (id integer primary key, a integer)',
      'insert into t values (1, 5), (2, 9007199254740993)',
    ),
    before: 'create table t (id integer primary key, a integer)',
    expect: stops({ 't.a': 'E_TYPE_UNFIT' }),
    sees: { 'select count(*) from t': ['0'] },
  },
  {
    name: 'an empty table of that name that lacks a column',
    build: source,
    before: 'create table t (id integer)',
    expect: refused('E_TARGET_MISMATCH'),
    sees: { 'select count(*) from t': ['0'] },
  },
  {
    name: 'a view of that name',
    build: source,
    before: 'create view t as select 1 as id',
    expect: refused('E_TARGET_MISMATCH'),
    sees: { 'select id from t': ['1'] },
  },
  {
    name: 'tables of others, and a foreign key of theirs, survive',
    build: source,
    before:
      'create table theirs (id integer primary key); insert into theirs values (1); create table more (x integer references theirs)',
    expect: moves({ 't.a': 'text' }, 2),
    sees: {
      'select id from theirs': ['1'],
      'select count(*) from more': ['0'],
      'select a from t order by id': ['one', 'two'],
    },
  },
];
