import { type NastyCase, moves, sqlite, stops, accounts } from './case.ts';

const flag = (declared: string, ...values: string[]) =>
  sqlite(
    `create table t (id integer primary key, f ${declared})`,
    ...values.map((value, i) => `insert into t values (${i + 1}, ${value})`),
  );
const seen = (...values: string[]) => ({ 'select f::text from t order by id': values });

/** What a column that says boolean really holds. */
export const booleans: readonly NastyCase[] = [
  {
    name: '0, 1 and NULL under BOOLEAN',
    build: flag('boolean', '0', '1', 'null'),
    expect: moves({ 't.f': 'boolean' }, 3),
    sees: seen('false', 'true', 'NULL'),
  },
  {
    name: "'t' and 'f' under BOOL",
    build: flag('bool', "'t'", "'f'"),
    expect: moves({ 't.f': 'boolean' }, 2),
    sees: seen('true', 'false'),
  },
  {
    name: "'true' and 'false' under BOOLEAN",
    build: flag('boolean not null', "'true'", "'false'"),
    expect: moves({ 't.f': 'boolean' }, 2),
    sees: seen('true', 'false'),
  },
  {
    name: '0 and 1 in an INTEGER column with the default FALSE',
    build: flag('integer not null default false', '0', '1'),
    expect: moves({ 't.f': 'boolean' }, 2),
    sees: seen('false', 'true'),
  },
  {
    name: 'nothing but 0 and 1 in a plain INTEGER column stays integer',
    build: flag('integer', '0', '1'),
    expect: moves({ 't.f': 'integer' }, 2),
    sees: seen('0', '1'),
  },
  {
    name: '2 under BOOLEAN',
    build: flag('boolean', '0', '1', '2'),
    expect: moves({ 't.f': 'integer' }, 3),
    sees: seen('0', '1', '2'),
  },
  {
    name: "1, 'true', 'yes', 2 and '' under BOOLEAN",
    build: flag('boolean', '1', "'true'", "'yes'", '2', "''"),
    expect: moves({ 't.f': 'text' }, 5),
    sees: seen('1', 'true', 'yes', '2', ''),
  },
  {
    name: '2 under a rule that says boolean',
    build: flag('boolean', '0', '2'),
    options: { rules: ['t.f=boolean'] },
    expect: stops({ 't.f': 'E_TYPE_UNFIT' }),
  },
  {
    name: '2 under rules that say boolean, and NULL for what does not fit',
    build: flag('boolean', '0', '2'),
    options: { rules: ['t.f=boolean', 't.f=invalid:null'] },
    expect: accounts({ altered: 1 }, { 't.f': 'boolean' }, 2),
    sees: seen('false', 'NULL'),
  },
  {
    name: 'a boolean column in a CHECK, an index condition and a default keeps its meaning',
    build: sqlite(
      'create table t (id integer primary key, f boolean not null default 1 check (f in (0, 1)), n text)',
      'create unique index t_n on t (n) where f = 1',
      "insert into t values (1, 1, 'a'), (2, 0, 'a')",
    ),
    expect: moves({ 't.f': 'boolean' }, 2),
    sees: { "insert into t (n) values ('b') returning f": ['t'] },
    refuses: { "insert into t (n) values ('a')": '23505' },
  },
];
