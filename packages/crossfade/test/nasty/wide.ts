import { type NastyCase, moves, refused, sqlite } from './case.ts';

const columns = (count: number, type: string) => Array.from({ length: count }, (_, i) => `c${i} ${type}`).join(', ');
const values = (count: number, value: string) => Array.from({ length: count }, () => value).join(', ');

/** Shapes at the limits of a PostgreSQL table. */
export const wide: readonly NastyCase[] = [
  {
    name: 'a thousand columns',
    build: sqlite(`create table t (${columns(1_000, 'integer')})`, `insert into t values (${values(1_000, '7')})`),
    expect: moves({ 't.c999': 'integer' }, 1),
    sees: { 'select c0, c500, c999 from t': ['7|7|7'] },
  },
  {
    name: 'a thousand columns in a UTF-16 database, which is read cell by cell',
    build: sqlite(
      "pragma encoding = 'UTF-16le'",
      `create table t (${columns(1_000, 'integer')})`,
      `insert into t values (${values(1_000, '7')})`,
    ),
    expect: moves({ 't.c999': 'integer' }, 1),
    sees: { 'select c0, c500, c999 from t': ['7|7|7'] },
  },
  {
    name: '1,601 columns, one more than PostgreSQL has room for',
    build: sqlite(`create table t (${columns(1_601, 'integer')})`, `insert into t values (${values(1_601, '7')})`),
    expect: refused('E_TARGET_REFUSED'),
  },
  {
    name: 'a row of 1,000 texts, too wide for a page of PostgreSQL',
    build: sqlite(
      `create table t (${columns(1_000, 'text')})`,
      `insert into t values (${values(1_000, "'fourteen bytes'")})`,
    ),
    expect: refused('E_TARGET_REFUSED'),
  },
];
