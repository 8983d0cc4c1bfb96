import { type NastyCase, moves, sqlite } from './case.ts';

const id = '00112233-4455-6677-8899-aabbccddeeff';
const case_ = (name: string, type: 'uuid' | 'text', ...values: string[]): NastyCase => ({
  name,
  build: sqlite(
    'create table t (id integer primary key, u text)',
    ...values.map((value, i) => `insert into t values (${i + 1}, '${value}')`),
  ),
  expect: moves({ 't.u': type }, values.length),
  sees: { 'select u::text from t order by id': values },
});

/** UUIDs: the type prints one spelling, so only that one may become it. */
export const uuids: readonly NastyCase[] = [
  case_(
    'canonical UUIDs, of any version, nil and max included',
    'uuid',
    id,
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ),
  case_('one UUID in capitals', 'text', id, id.toUpperCase()),
  case_('UUIDs in braces and without hyphens, which PostgreSQL would take', 'text', `{${id}}`, id.replaceAll('-', '')),
  case_('one value that is a UUID but for its last sign', 'text', id, `${id.slice(0, -1)}g`),
  {
    name: 'UUID keys, referred to by a table without rows and by a column of NULLs: types agree on both sides',
    build: sqlite(
      'create table p (id text primary key not null)',
      'create table empty (p text references p (id))',
      'create table nulls (id integer primary key, p text references p (id))',
      `insert into p values ('${id}')`,
      'insert into nulls values (1, null)',
    ),
    expect: moves({}, 2),
    refuses: {
      "insert into empty (p) values ('ffffffff-ffff-ffff-ffff-ffffffffffff')": '23503',
      "insert into nulls (p) values ('ffffffff-ffff-ffff-ffff-ffffffffffff')": '23503',
    },
  },
  {
    name: 'an orphan that is no UUID, referring to UUID keys: both sides stay text, the key is not validated',
    build: sqlite(
      'create table p (id text primary key not null)',
      'create table t (id integer primary key, p text references p (id))',
      `insert into p values ('${id}')`,
      `insert into t values (1, '${id}'), (2, 'gone')`,
    ),
    expect: moves({ 'p.id': 'text', 't.p': 'text' }, 3, { notCreated: ['t'] }),
    sees: { 'select p from t order by id': [id, 'gone'] },
    refuses: { "insert into t (p) values ('new')": '23503' },
  },
];
