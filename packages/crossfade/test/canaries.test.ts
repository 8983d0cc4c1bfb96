import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CrossfadeError } from '../src/core/errors.ts';
import { postgresDriver } from '../src/drivers/postgres/postgres.ts';
import { migrate } from '../src/migrate/migrate.ts';
import { migrationStatus } from '../src/migrate/status.ts';
import { tableNames } from '../src/migrate/tables.ts';
import { move } from '../src/move/move.ts';
import { retry } from '../src/move/retry.ts';
import { verify } from '../src/move/verify.ts';
import { openStore } from '../src/store/store.ts';
import { databaseOfFile } from './harness/postgres.ts';
import { migrationFolder, noTransaction } from './support/migrations.ts';
import { everythingPrintable } from './support/printed.ts';
import { mend, quarantined } from './support/rejects.ts';
import { sourceFile } from './support/sources.ts';

/** PostgreSQL quotes it in a message, a detail, a hint or a context, in each of the failures below. */
const canary = 'zz-canary-7';
const database = databaseOfFile();

/** What was thrown, which says what it is about and holds nothing of the row. */
async function expectSilent(work: Promise<unknown>, ...words: readonly string[]): Promise<CrossfadeError> {
  const error = await work.then(
    () => expect.unreachable('it fails'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CrossfadeError);
  expect(everythingPrintable(error)).not.toContain(canary);
  for (const word of words) expect(everythingPrintable(error)).toContain(word);
  return error as CrossfadeError;
}

/** Tables in a schema of their own, each of which refuses a row in its own way. */
const strict = (schema: string): string => `create schema ${schema}; set search_path = ${schema};
  create table parent (id text primary key);
  create table own (id int primary key, mail text constraint own_mail unique, note text not null,
    n int constraint own_n check (n < 10), parent text constraint own_parent references parent);
  create function own() returns trigger language plpgsql as $$ begin
    raise exception 'refused: %', new.note using detail = new.note, hint = new.note; end $$;
  create trigger refuse before insert on own for each row when (new.n = 5) execute function own();`;

/** What of a fine row must be otherwise to be refused; by what SQLSTATE, and as what by a store. */
interface Refused {
  readonly row: Readonly<Record<string, string | number | null>>;
  readonly sqlstate: string;
  readonly code: string;
}
const refusals: Readonly<Record<string, Refused>> = {
  unique: { row: { mail: canary }, sqlstate: '23505', code: 'E_UNIQUE' },
  'primary key': { row: { id: 1, note: canary }, sqlstate: '23505', code: 'E_KEY_EXISTS' },
  'NOT NULL': { row: { mail: canary, note: null }, sqlstate: '23502', code: 'E_ROW_INVALID' },
  CHECK: { row: { note: canary, n: 11 }, sqlstate: '23514', code: 'E_RECORD_REFUSED' },
  'foreign key': { row: { parent: canary }, sqlstate: '23503', code: 'E_REFERENCE' },
  trigger: { row: { note: canary, n: 5 }, sqlstate: 'P0001', code: 'E_RECORD_REFUSED' },
};
const fine = { id: 2, mail: 'm2', note: 'n2', n: 2, parent: null };

describe('a migration whose rows are refused says where, and nothing of them', () => {
  const statements: Readonly<Record<string, readonly [sql: string, sqlstate: string]>> = {
    ...Object.fromEntries(
      Object.entries(refusals).map(([name, { row, sqlstate }]) => [name, [insertOf({ ...fine, ...row }), sqlstate]]),
    ),
    cast: [`update own set n = note::int`, '22P02'],
    'retyped column': [`alter table own alter note type int using note::int`, '22P02'],
    'division in a function': [`do $$ begin perform ('${canary}' || 1)::numeric; end $$`, '22P02'],
    COPY: [`copy parent (id) from stdin;\n${canary}\n${canary}\n\\.\n`, '23505'],
    'a new unique index': [`create unique index on twice (name)`, '23505'],
    'a new foreign key': [`alter table twice add foreign key (name) references parent`, '23503'],
  };

  const schema = 'migrated';
  beforeAll(async () => {
    await database().query(`${strict(schema)} insert into own values (1, '${canary}', '${canary}', 1, null);
      create table twice (name text); insert into twice values ('${canary}'), ('${canary}')`);
  });

  test.each(Object.entries(statements))('%s', async (_, [statement, sqlstate]) => {
    const folder = migrationFolder({ '1_rows': [statement, ''] });
    const notes: string[] = [];
    const place = { target: database(), folder, schema };
    const run = migrate({ ...place, onNote: (line) => notes.push(line) });
    expect((await expectSilent(run, '1_rows.up.sql', sqlstate)).code).toBe('E_MIGRATION_FAILED');
    expect([...notes, everythingPrintable(await migrationStatus(place)), await kept(schema)].join('\n')).not.toContain(
      canary,
    );
  });

  test('outside a transaction', async () => {
    await database().query(`${strict('outside')} insert into own values (1, '${canary}', 'n', 1, null)`);
    const folder = migrationFolder({ '1_rows': [`${noTransaction}${insertOf({ ...fine, mail: canary })}`, ''] });
    const place = { target: database(), folder, schema: 'outside' };
    await expectSilent(migrate(place), '1_rows.up.sql', '23505');
    expect(everythingPrintable(await migrationStatus(place)) + (await kept('outside'))).not.toContain(canary);
    // Dirty now: what refuses the next run has read what the last one left.
    await expectSilent(migrate(place), 'E_MIGRATION_DIRTY');
  });
});

/** What the tables of a run hold. */
async function kept(schema: string): Promise<string> {
  const tables = Object.values(tableNames).map((name) => `select row_to_json(t)::text as row from ${schema}.${name} t`);
  const { rows } = await database().query(tables.join(' union all '));
  return rows.map(({ row }) => row as string).join('\n');
}

function insertOf(row: Readonly<Record<string, string | number | null>>): string {
  const values = Object.values(row).map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return `insert into own (${Object.keys(row).join(', ')}) values (${values.join(', ')})`;
}

test('a write to a store that the table refuses says by what, and nothing of the record', async () => {
  await database().query(`${strict('store')} insert into own values (1, '${canary}', '${canary}', 1, null)`);
  const fields = {
    id: { type: 'integer' },
    mail: { type: 'text', nullable: true },
    note: { type: 'text' },
    n: { type: 'integer', nullable: true },
    parent: { type: 'text', nullable: true },
  } as const;
  const schema = { own: { fields, key: ['id'] } };
  const store = openStore(schema, postgresDriver({ target: database(), schema: 'store' }));
  onTestFinished(() => store.close());
  await store.open();
  for (const { row, code } of Object.values(refusals)) {
    const write = store.write([{ kind: 'insert', collection: 'own', row: { ...fine, ...row } }]);
    await expectSilent(write, 'own', code);
  }
  const update = store.update('own', [1], (found) => ({ ...found, n: 11 }) as never);
  await expectSilent(update, '23514', 'E_RECORD_REFUSED');
});

/** A source whose rows the tables of `strict` refuse, or whose one value PostgreSQL cannot hold. */
function ownSource(row: Readonly<Record<string, string | number | null>>): string {
  const columns = 'id INTEGER PRIMARY KEY, mail TEXT, note TEXT, n INTEGER, parent TEXT';
  const source = sourceFile(
    'CREATE TABLE parent (id TEXT PRIMARY KEY)',
    `CREATE TABLE own (${columns})`,
    insertOf({ ...fine, id: 3 }),
  );
  mend(source, insertOf(row));
  return source;
}

test('a move into tables that refuse its rows, and a retry of what they refuse, say where and nothing of the rows', async () => {
  const { query: _query, drop: _drop, ...target } = database();
  for (const [name, { row }] of Object.entries(refusals).filter(([each]) => each !== 'primary key')) {
    const schema = `into_${name.toLowerCase().replace(' ', '_')}`;
    await database().query(strict(schema));
    const twice = name === 'unique' ? [insertOf({ ...fine, id: 4, ...row })] : [];
    const source = ownSource({ ...fine, ...row });
    mend(source, ...twice);
    await expectSilent(move({ source, target, schema }), 'own');
  }

  const source = ownSource(fine);
  mend(source, `update own set note = '${canary}' || char(0) where id = 2`);
  const list = await quarantined(source, database(), { schema: 'again' });
  await database().query(`alter table again.own add constraint own_n check (n < 10), add constraint own_mail unique (mail);
    insert into again.own (id, mail, note) values (9, '${canary}', 'there')`);
  mend(source, `update own set note = '${canary}', mail = '${canary}', n = 11 where id = 2`);
  const report = await retry({ rejects: list, target });
  expect(report.exitCode).toBe(4);
  const texts = [JSON.stringify(report), readFileSync(list, 'utf8')];
  mend(source, `update own set n = 1 where id = 2`);
  texts.push(JSON.stringify(await retry({ rejects: list, target })), readFileSync(list, 'utf8'));
  texts.push(JSON.stringify(await verify({ source, target, schema: 'again' })));
  for (const text of texts) {
    expect(text).toContain('own');
    expect(text).not.toContain(canary);
  }
  expect(texts.slice(0, 4).join('\n')).toMatch(/E_[A-Z_]+/);
});
