import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import type { Report } from '../../src/move/report.ts';
import { databaseOfFile } from '../harness/postgres.ts';
import { sourceFile } from '../support/sources.ts';

/** Tables p, c and s with rows, what one transaction does to them, and what comes of it. */
interface Case {
  readonly name: string;
  readonly tables: readonly string[];
  readonly does: readonly string[];
  /** The rows of c, or of s, afterwards; or that the transaction is refused. */
  readonly leaves: readonly string[] | 'refused';
  /** Where PostgreSQL does otherwise: docs/reference/types.md says so. */
  readonly inPostgres?: readonly string[] | 'refused';
  /** `ON DELETE`, `ON UPDATE`, `MATCH`, deferrable, deferred: in the letters of pg_constraint. */
  readonly catalog: readonly string[];
}

const twoParents = 'create table p (id integer primary key); insert into p values (1), (2), (9)';
const children = (clauses: string, column = 'r integer default 9') =>
  `create table c (id integer primary key, ${column} references p (id) ${clauses}); insert into c values (1, 1), (2, 2)`;
const gone = ['delete from p where id = 1'];
const renamed = ['update p set id = 5 where id = 1'];
/** Key 1 is another row's when the statement ends. */
const handedOn = ['update p set id = id - 1'];
const late = ['insert into c values (3, 77)', 'insert into p values (77)'];

const cases: readonly Case[] = [
  ...(
    [
      ['', 'a', 'refused', 'refused'],
      ['no action', 'a', 'refused', 'refused'],
      ['restrict', 'r', 'refused', 'refused'],
      ['cascade', 'c', ['2|2'], ['1|5', '2|2']],
      ['set null', 'n', ['1|NULL', '2|2'], ['1|NULL', '2|2']],
      ['set default', 'd', ['1|9', '2|2'], ['1|9', '2|2']],
    ] as const
  ).flatMap(([action, letter, onDelete, onUpdate]): Case[] => {
    const clause = action === '' ? '' : `on delete ${action} on update ${action}`;
    const both = { tables: [twoParents, children(clause)], catalog: [`${letter}${letter}sff`] };
    return [
      { ...both, name: `delete under "${action}"`, does: gone, leaves: onDelete },
      { ...both, name: `update under "${action}"`, does: renamed, leaves: onUpdate },
    ];
  }),
  {
    name: 'different actions for delete and update',
    tables: [twoParents, children('on update cascade on delete set null')],
    does: ['update p set id = 5 where id = 1', 'delete from p where id = 2'],
    leaves: ['1|5', '2|NULL'],
    catalog: ['ncsff'],
  },
  {
    name: 'a default without a parent',
    tables: [twoParents, children('on delete set default', 'r integer default 8')],
    does: gone,
    leaves: 'refused',
    catalog: ['dasff'],
  },
  {
    name: 'NULL set where NULL may not be',
    tables: [twoParents, children('on delete set null', 'r integer not null')],
    does: gone,
    leaves: 'refused',
    catalog: ['nasff'],
  },
  {
    name: 'NO ACTION looks when the statement ends',
    tables: [twoParents, children('on update no action'), 'delete from c where id = 2'],
    does: handedOn,
    leaves: ['1|1'],
    catalog: ['aasff'],
  },
  {
    name: 'RESTRICT does not wait for the end of the statement',
    tables: [twoParents, children('on update restrict'), 'delete from c where id = 2'],
    does: handedOn,
    leaves: 'refused',
    catalog: ['arsff'],
  },
  {
    name: 'RESTRICT, the children first',
    tables: [twoParents, children('on delete restrict')],
    does: ['delete from c where r = 1', ...gone],
    leaves: ['2|2'],
    catalog: ['rasff'],
  },
  {
    name: 'RESTRICT within one table whose rows go in one statement',
    tables: [
      'create table s (id integer primary key, up integer references s on delete restrict)',
      'insert into s values (1, null), (2, 1), (3, 2)',
    ],
    does: ['delete from s'],
    leaves: 'refused',
    inPostgres: [],
    catalog: ['rasff'],
  },
  {
    name: 'a child before its parent, deferred',
    tables: [twoParents, children('deferrable initially deferred')],
    does: late,
    leaves: ['1|1', '2|2', '3|77'],
    catalog: ['aastt'],
  },
  {
    name: 'a child before its parent, deferred, and the parent never comes',
    tables: [twoParents, children('deferrable initially deferred')],
    does: late.slice(0, 1),
    leaves: 'refused',
    catalog: ['aastt'],
  },
  ...['', 'deferrable', 'deferrable initially immediate', 'not deferrable initially deferred'].map((clause) => ({
    name: `a child before its parent under "${clause}"`,
    tables: [twoParents, children(clause)],
    does: late,
    leaves: 'refused' as const,
    catalog: ['aasff'],
  })),
  {
    name: 'NO ACTION, deferred, the parent first',
    tables: [twoParents, children('on delete no action deferrable initially deferred')],
    does: [...gone, 'delete from c where r = 1'],
    leaves: ['2|2'],
    catalog: ['aastt'],
  },
  {
    name: 'RESTRICT, deferred, the parent first: not deferred at all',
    tables: [twoParents, children('on delete restrict deferrable initially deferred')],
    does: [...gone, 'delete from c where r = 1'],
    leaves: 'refused',
    catalog: ['rastt'],
  },
  ...['', 'match simple', 'match full', 'match partial'].map((clause) => ({
    name: `half a composite key is NULL under "${clause}", which SQLite reads and does not mind`,
    tables: [
      "create table p (x integer, y text, primary key (x, y)); insert into p values (1, 'a')",
      `create table c (id integer primary key, x integer, y text, foreign key (x, y) references p ${clause} on delete cascade)`,
      "insert into c values (1, 1, 'a'), (2, 77, null)",
    ],
    does: ["insert into c values (3, null, 'b')", 'delete from p'],
    leaves: ['2|77|NULL', '3|NULL|b'],
    catalog: ['casff'],
  })),
  {
    name: 'a composite key without a parent',
    tables: [
      "create table p (x integer, y text, primary key (y, x)); insert into p values (1, 'a')",
      'create table c (id integer primary key, x integer, y text, foreign key (y, x) references p)',
    ],
    does: ["insert into c values (1, 1, 'a')", "insert into c values (2, 2, 'a')"],
    leaves: 'refused',
    catalog: ['aasff'],
  },
  {
    name: 'REFERENCES without columns means the primary key, whatever comes before it in the table',
    tables: [
      "create table p (n integer unique, id text primary key not null); insert into p values (1, 'k')",
      "create table c (id integer primary key, r text references p on update cascade); insert into c values (1, 'k')",
    ],
    does: ["update p set id = 'l'"],
    leaves: ['1|l'],
    catalog: ['acsff'],
  },
  {
    name: 'a tree in one table: the root takes all with it',
    tables: [
      'create table s (id integer primary key, up integer references s on delete cascade)',
      'insert into s values (1, null), (2, 1), (3, 2), (4, null), (5, 5)',
    ],
    does: ['delete from s where id = 1'],
    leaves: ['4|NULL', '5|5'],
    catalog: ['casff'],
  },
  {
    name: 'two tables in a circle',
    tables: [
      'create table p (id integer primary key, r integer references c on delete set null deferrable initially deferred)',
      'create table c (id integer primary key, r integer not null references p on delete cascade)',
      'insert into c values (1, 1), (2, 2)',
      'insert into p values (1, 1), (2, 1)',
    ],
    does: ['insert into p values (3, 3)', 'insert into c values (3, 3)', 'delete from p where id = 1'],
    leaves: ['2|2', '3|3'],
    catalog: ['casff', 'nastt'],
  },
];

const database = databaseOfFile();
let source: string;
let report: Report;
/** Tables of their own for each case, all in one source. */
const own = (sql: string, at: number) => sql.replaceAll(/\b[pcs]\b/g, (name) => `${name}${at}`);

beforeAll(async () => {
  source = sourceFile(...cases.flatMap(({ tables }, at) => tables.map((sql) => own(sql, at))));
  const { query: _query, drop: _drop, ...target } = database();
  report = await move({ source, target, jobs: 1 });
});

test('every key is made', () => {
  expect([report.verdict, report.constraints.notCreated]).toEqual(['equal', []]);
});

test.each(cases.map((one, at) => [one.name, one, at] as const))('%s', async (_, one, at) => {
  const looked = own(one.tables.some((sql) => sql.includes('table s ')) ? 's' : 'c', at);
  const transaction = ['begin', ...one.does.map((sql) => own(sql, at)), 'commit'].join('; ');
  expect(inSqlite(transaction, looked)).toEqual(one.leaves);
  expect(await inPostgres(transaction, looked)).toEqual(one.inPostgres ?? one.leaves);
  const { rows } = await database().query(
    `select concat(confdeltype, confupdtype, confmatchtype, left(condeferrable::text, 1), left(condeferred::text, 1)) as key
       from pg_constraint where contype = 'f' and conrelid::regclass::text ~ '^[pcs]${at}$' and convalidated order by 1`,
  );
  expect(rows.map(({ key }) => key)).toEqual(one.catalog);
});

function inSqlite(transaction: string, table: string): string[] | 'refused' {
  const db = new DatabaseSync(source);
  onTestFinished(() => db.close());
  db.exec('PRAGMA foreign_keys = ON');
  try {
    db.exec(transaction);
  } catch (error) {
    expect(String(error)).toMatch(/constraint failed/);
    return 'refused';
  }
  return db.prepare(`SELECT * FROM ${table} ORDER BY id`).all().map(line);
}

async function inPostgres(transaction: string, table: string): Promise<string[] | 'refused'> {
  try {
    await database().query(transaction);
  } catch (error) {
    // restrict_violation, not_null_violation, foreign_key_violation
    expect((error as { code: string }).code).toMatch(/^(23001|23502|23503)$/);
    return 'refused';
  }
  return (await database().query(`select * from ${table} order by id`)).rows.map(line);
}

function line(row: Record<string, unknown>): string {
  return Object.values(row)
    .map((value) => (value === null ? 'NULL' : String(value)))
    .join('|');
}
