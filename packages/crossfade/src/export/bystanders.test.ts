import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../../test/harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { targetOf } from '../../test/support/documents.ts';
import { exportSchema } from './export.ts';
import type { ExportReport } from './exported.ts';

/** One statement for everything that can stand in a schema or on a table, and what the report has to say of it. */
const things: readonly [string, ...string[]][] = [
  [
    'create schema app; create table app.two (x int, y int, primary key (x, y)); create table app.other (id int primary key)',
  ],
  ['create view app.a_view as select 1 as x', 'view a_view'],
  ['create materialized view app.b_view as select 1 as x', 'materialized view b_view'],
  [
    'create foreign data wrapper w; create server far foreign data wrapper w; create foreign table app.remote (x int) server far',
    'foreign table remote',
  ],
  ['create extension citext schema app', 'extension citext'],
  ['create sequence app.lonely', 'sequence lonely'],
  ["create function app.g() returns trigger language plpgsql as 'begin return new; end'", 'function g()'],
  ["create procedure app.h() language sql as 'select 1'", 'procedure h()'],
  ['create aggregate app.total(int) (sfunc = int4pl, stype = int)', 'aggregate total(integer)'],
  ['create operator app.=== (leftarg = int, rightarg = int, function = int4eq)', 'operator ===(integer,integer)'],
  ['create operator family app.fam using hash', 'operator family fam USING hash'],
  [
    'create operator class app.cla for type int using hash family app.fam as operator 1 =',
    'operator class cla USING hash',
  ],
  ["create collation app.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)", 'collation loose'],
  ["create conversion app.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8", 'conversion conv'],
  ['create text search configuration app.conf (copy = simple)', 'text search configuration conf'],
  ['create text search dictionary app.dict (template = simple)', 'text search dictionary dict'],
  ['create text search template app.temp (lexize = dsimple_lexize)', 'text search template temp'],
  [
    'create text search parser app.pars (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)',
    'text search parser pars',
  ],
  ["create type app.mood as enum ('glad')", 'enum mood'],
  ['create type app.couple as (a int, b int)', 'composite type couple'],
  ['create type app.span as range (subtype = int)', 'range span'],
  ['create domain app.positive as int check (value > 0)', 'domain positive'],
  [
    `create table app.t (id int generated always as identity primary key, a int, b int, c text, p app.positive, twice int generated always as (a * 2) stored, n bigserial,
       unique nulls not distinct (a), constraint late unique (b) deferrable, constraint whole foreign key (a, b) references app.two match full,
       constraint apart exclude using gist (span_of with &&), span_of int4range)`,
    'NULLS NOT DISTINCT of unique key t_a_key of t',
    'DEFERRABLE of unique key late of t',
    'MATCH FULL of foreign key whole of t',
    'exclusion constraint apart of t',
    'domain of p of t',
    'generated column twice of t',
    'counting of n of t',
    'GENERATED ALWAYS of id of t',
  ],
  ['alter table app.t add constraint unproved check (a > 5) not valid', 'check unproved of t'],
  ['alter table app.t add constraint loose_end foreign key (b) references app.other not valid'],
  [
    'create table app.parted (id int primary key, at int) partition by range (id); create table app.parted_1 partition of app.parted for values from (0) to (9)',
    'partition parted_1',
  ],
  ['create table app.base (id int); create table app.heir (more int) inherits (app.base)', 'inheritance heir of base'],
  ['create trigger watch before insert on app.t for each row execute function app.g()', 'trigger watch on t'],
  [
    'create constraint trigger watch_late after insert on app.t deferrable for each row execute function app.g()',
    'trigger watch_late on t',
  ],
  ['create rule nothing as on delete to app.other do instead nothing', 'rule nothing on other'],
  [
    'create policy mine on app.other using (true); alter table app.other enable row level security',
    'policy mine on other',
    'row security other',
  ],
  ['create statistics app.stat on a, b from app.t', 'statistics object stat'],
  ['create index included on app.t (a) include (b)', 'INCLUDE of index included of t'],
  ['create index hashed on app.t using hash (c)', 'index hashed of t'],
  [
    "comment on column app.t.a is 'x'; comment on table app.t is 'y'; comment on constraint late on app.t is 'z'",
    'comment t.a',
    'comment t',
    'comment late on t',
  ],
  [
    "comment on index app.other_pkey is 'x'; comment on index app.late is 'y'; comment on index app.included is 'z'",
    'comment other_pkey',
    'comment late',
    'comment included',
  ],
  ["comment on schema app is 'x'", 'comment app'],
  // No provider of labels comes with PostgreSQL.
  [
    `set allow_system_table_mods = on; insert into pg_seclabel (objoid, classoid, objsubid, provider, label) values
       ('app.t'::regclass, 'pg_class'::regclass, 2, 'p', 'x'), ('app'::regnamespace, 'pg_namespace'::regclass, 0, 'p', 'x'); reset allow_system_table_mods`,
    'security label t.a',
    'security label app',
  ],
  [
    'create domain app.lo as oid; create table app.scan (id int primary key, image oid, "Other" app.lo); select lo_create(0)',
    'domain lo',
    'domain of Other of scan',
    'numbers of large objects scan.image',
    'numbers of large objects scan."Other"',
  ],
  ['grant select (a) on app.t to public', 'privileges t'],
  ['grant usage on app.t_n_seq to public', 'privileges sequence t_n_seq'],
  ['grant usage on schema app to public', 'privileges schema app'],
  [
    'alter default privileges in schema app grant select on tables to public',
    'default acl for role postgres in schema app on tables',
  ],
  ['alter default privileges revoke execute on functions from public', 'default acl for role postgres on functions'],
  [
    'create publication pub for table app.other; create publication all_of for tables in schema app',
    'publication relation other in publication pub',
    'publication namespace app in publication all_of',
  ],
];

/** What PostgreSQL 18 brought. */
const since18: typeof things = [
  [
    'create table app.spans (id int4range, at daterange, primary key (id, at without overlaps))',
    'WITHOUT OVERLAPS of primary key of spans',
    'primary key by id of spans',
    'primary key by at of spans',
  ],
  [
    'create table app.free (id int primary key, v int generated always as (id * 2)); alter table app.free add constraint unkept check (id > 0) not enforced',
    'check unkept of free',
    'generated column v of free',
  ],
  [
    'insert into app.other values (1); create table app.gaps (id int primary key, v int); insert into app.gaps values (1, null); alter table app.gaps add constraint filled not null v not valid',
    'not null filled of gaps',
  ],
];

let database: TestDatabase;
let report: ExportReport;
let planted: typeof things;

beforeAll(async () => {
  database = await freshDatabase();
  const { rows } = await database.query("select current_setting('server_version_num')::int >= 180000 as is18");
  // Before the default privileges, which each later table would get.
  planted = rows[0]?.is18 === true ? things.toSpliced(1, 0, ...since18) : things;
  for (const [statement] of planted) await database.query(statement);
  report = await exportSchema({
    from: targetOf(database),
    to: `sqlite:${join(tempFolder(), 'copy.db')}`,
    schema: 'app',
  });
  return () => database.drop();
});

test('what stands in a schema and is not carried over is named, each thing once, and nothing else', () => {
  const said = [
    ...report.notMoved.map(({ kind, name }) => `${kind} ${name}`),
    ...report.notTranslated.map(({ what }) => what),
  ];
  expect(said.toSorted()).toEqual(planted.flatMap(([, ...names]) => names).toSorted());
});

/** Catalogs whose entries belong to a table and are no objects by themselves, and what becomes of them. */
const partsOfTables = {
  pg_attribute: 'columns',
  pg_class: 'tables',
  pg_index: 'indexes',
  pg_sequence: 'counters',
  pg_inherits: 'inheritance',
  pg_partitioned_table: 'partition',
  pg_foreign_table: 'foreign table',
  pg_statistic: 'of the planner',
  pg_type: 'row types',
  pg_subscription_rel: 'a state of replication',
};

test('every catalog whose entries belong to a schema or a table has something planted here', async () => {
  const { rows } = await database.query(
    `select distinct fktable::regclass::text as catalog, case when pktable = 'pg_namespace'::regclass then fkcols[1] end as schema
       from pg_get_catalog_foreign_keys() where pktable in ('pg_namespace'::regclass, 'pg_class'::regclass) and not is_array`,
  );
  const bare: string[] = [];
  for (const { catalog, schema } of rows) {
    const isBook = ['pg_depend', 'pg_shdepend', 'pg_description', 'pg_seclabel', 'pg_shseclabel'].includes(
      catalog as string,
    );
    if (isBook || (schema === null && catalog in partsOfTables)) continue;
    const of = schema === null ? 'true' : `${schema} = 'app'::regnamespace`;
    const found = await database.query(`select from ${catalog} where ${of} limit 1`);
    if (found.rowCount === 0) bare.push(catalog as string);
  }
  expect(rows.length).toBeGreaterThan(20);
  expect(bare).toEqual([]);
});
