import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { migrate, migrateTo } from '../../src/migrate/migrate.ts';
import { move } from '../../src/move/move.ts';
import type { MoveOptions } from '../../src/move/options.ts';
import { planMigrations } from '../../src/move/plan.ts';
import { verify } from '../../src/move/verify.ts';
import { makeAmplifier } from '../fixtures/amplifier.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { sampled } from '../harness/sample.ts';
import { themes } from '../nasty/index.ts';
import { relationsOf, schemaOf, sequencesOf } from '../support/schema-of.ts';
import { smallSource, sourceFile } from '../support/sources.ts';

type Options = Partial<Omit<MoveOptions, 'source' | 'target'>>;

/** One file in one transaction, as any runner does it. */
const apply = (database: TestDatabase, path: string) =>
  database.query(`begin;\n${readFileSync(path, 'utf8')}\ncommit;`);
const targetOf = ({ query: _query, drop: _drop, ...target }: TestDatabase) => target;
const withheld = () => ({ quarantineFile: join(tempFolder(), 'withheld.jsonl') });

/** Up, move, the second up, and the same by a move alone; then down. */
async function bothWays(source: string, options: Options = {}) {
  const [byFiles, byMove] = [await freshDatabase(), await freshDatabase()];
  const { files } = await planMigrations({ ...options, source, jobs: 1 }, { folder: join(tempFolder(), 'migrations') });
  const schema = options.schema ?? 'public';
  await apply(byFiles, files[0]);
  const filled = await move({ ...options, ...withheld(), source, target: targetOf(byFiles), jobs: 1 });
  if (files.length > 2) await apply(byFiles, files[2]);
  const moved = await move({ ...options, ...withheld(), source, target: targetOf(byMove), jobs: 1 });
  const schemas = [await schemaOf(byFiles, schema), await schemaOf(byMove, schema)];
  const sequences = [await sequencesOf(byFiles, schema), await sequencesOf(byMove, schema)];
  if (files.length > 2) await apply(byFiles, files[3]);
  await apply(byFiles, files[1]);
  return { files, filled, moved, schemas, sequences, left: await relationsOf(byFiles, schema) };
}

function expectSame(came: Awaited<ReturnType<typeof bothWays>>, exit = 0): void {
  expect([came.filled.exitCode, came.filled.verdict]).toEqual([exit, came.moved.verdict]);
  expect(came.filled.rows).toBe(came.moved.rows);
  expect(came.schemas[0]).toEqual(came.schemas[1]);
  expect(came.schemas[0].length).toBeGreaterThan(0);
  expect(came.sequences[0]).toEqual(came.sequences[1]);
  expect(came.left).toEqual([]);
}

describe('the files and then a move make what a move alone makes, and the down files leave nothing', () => {
  // The themes about schemas; what values become is decided by the same inference as in a move.
  const cases = ['References, checks, defaults', 'Names'].flatMap((theme) =>
    themes[theme].filter(({ expect: { exit }, before }) => exit === 0 && before === undefined),
  );

  test.each(sampled(cases, 4).map((nasty) => [nasty.name, nasty] as const))('%s', async (_, nasty) => {
    const built = nasty.build(tempFolder(), () => undefined);
    expectSame(await bothWays(typeof built === 'string' ? built : built.source, nasty.options));
  });

  test('a bit of everything, in a schema of its own', async () => {
    const came = await bothWays(smallSource(), { schema: 'Other "schema"', names: 'snake', gin: true });
    expectSame(came);
    expect(came.sequences[0]).toContain('person_id_seq 900');
  });

  test('the demo, as it is and as somebody wants it who has read the first report', async () => {
    const source = join(tempFolder(), 'amplifier.db');
    makeAmplifier(source, { sessions: 300 });
    expectSame(await bothWays(source));
    const rules = ['sessions.transcript=jsonb', 'sessions.transcript=empty:null', 'applications.is_active=boolean'];
    const typed = await bothWays(source, { rules, badValues: 'quarantine', gin: true });
    expectSame(typed, 4);
    expect(readFileSync(typed.files[0], 'utf8')).toMatch(
      /-- cannot be held: \d+ values of sessions.transcript as jsonb/,
    );
  });

  test('composite keys, WITHOUT ROWID, partial and expression indexes, NOCASE, 63 bytes, quotes, a circle of three', async () => {
    const long = 'ä'.repeat(31);
    const came = await bothWays(
      sourceFile(
        `CREATE TABLE "select" (a TEXT NOT NULL, b INTEGER NOT NULL, "ix""quoted" TEXT COLLATE NOCASE, PRIMARY KEY (a, b)) WITHOUT ROWID`,
        `CREATE TABLE "${long}" (id INTEGER PRIMARY KEY, "${long}" TEXT UNIQUE COLLATE NOCASE, twice INTEGER AS (id * 2) STORED)`,
        'CREATE TABLE one (id INTEGER PRIMARY KEY AUTOINCREMENT, next INTEGER NOT NULL REFERENCES two)',
        'CREATE TABLE two (id INTEGER PRIMARY KEY, next INTEGER NOT NULL REFERENCES three)',
        `CREATE TABLE three (id INTEGER PRIMARY KEY, next INTEGER NOT NULL REFERENCES one, a TEXT DEFAULT 'it''s
two lines', b INTEGER, FOREIGN KEY (a, b) REFERENCES "select")`,
        `CREATE UNIQUE INDEX part ON three (b) WHERE b > 5`,
        `CREATE INDEX expr ON "select" (lower(a), b DESC)`,
        `INSERT INTO "select" VALUES ('x', 7, 'Y')`,
        `INSERT INTO "${long}" (id, "${long}") VALUES (5, 'Z')`,
        'INSERT INTO one VALUES (11, 1), (12, 1)',
        'INSERT INTO two VALUES (1, 1)',
        `INSERT INTO three VALUES (1, 12, 'x', 7), (2, 11, NULL, 8)`,
      ),
    );
    expectSame(came);
    expect(came.files).toHaveLength(2);
    expect(came.schemas[0].filter((part) => part.includes('FOREIGN KEY'))).toEqual([
      expect.stringMatching(/^constraint one .* t f f$/),
      expect.stringMatching(/^constraint three .* t f f$/),
      expect.stringMatching(/^constraint three .* t f f$/),
      expect.stringMatching(/^constraint two .* t f f$/),
    ]);
  });
});

test('rows that no constraint would let in put it into a second migration, for new rows alone', async () => {
  const came = await bothWays(
    sourceFile(
      'CREATE TABLE p (id INTEGER PRIMARY KEY)',
      'CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, n INTEGER CHECK (n > 0 -- above\n), m INTEGER CHECK (m > 0))'.replace(
        '\\n',
        '\n',
      ),
      'PRAGMA ignore_check_constraints = ON',
      'INSERT INTO p VALUES (1)',
      'INSERT INTO c VALUES (1, 1, 1, 1), (2, 99, -1, 1)',
    ),
  );
  expectSame(came);
  expect(came.files.map((path) => path.replace(/.*\//, ''))).toEqual([
    '000001_app.up.sql',
    '000001_app.down.sql',
    '000002_app_after_move.up.sql',
    '000002_app_after_move.down.sql',
  ]);
  expect(readFileSync(came.files[2], 'utf8').match(/NOT VALID/g)).toHaveLength(2);
});

test('a unique index that rows break stops the move with its name, and nothing is published', async () => {
  const lies = themes['Keys and indexes'].find(({ name }) => name.includes('UNIQUE index that lies'));
  const source = lies?.build(tempFolder(), () => undefined) as string;
  const database = await freshDatabase();
  const { files } = await planMigrations({ source, jobs: 1 }, { folder: join(tempFolder(), 'm') });
  await apply(database, files[0]);
  await expect(move({ source, target: targetOf(database), jobs: 1 })).rejects.toMatchObject({
    code: 'E_TARGET_MISMATCH',
    facts: { table: 't', sqlstate: '23505', constraint: 't_a' },
  });
  expect((await database.query('select * from t')).rows).toEqual([]);
});

test('the file reads well: a column a line, evidence where the type is another, what was left out at the end', async () => {
  const { files } = await planMigrations(
    { source: smallSource(), jobs: 1 },
    { folder: join(tempFolder(), 'm') },
    'crossfade move app.db',
  );
  const up = readFileSync(files[0], 'utf8');
  expect(up).toMatch(/^-- The schema that a move makes/);
  expect(up).toContain('--   crossfade move app.db\n');
  expect(up).toMatch(
    /\n {2}"id" {9}integer {10}GENERATED BY DEFAULT AS IDENTITY NOT NULL,\n {2}-- declared TEXT|\n {2}"id" +integer +GENERATED BY DEFAULT AS IDENTITY NOT NULL,\n/,
  );
  expect(up).toMatch(/\n {2}-- declared JSON: [^\n]+\n {2}"prefs" +jsonb/);
  expect(up).toMatch(/\n-- not moved: view people: [^\n]+\n$/);
  expect(up.split('\n').filter((line) => line.includes('"born"'))).toHaveLength(1);
  expect(readFileSync(files[1], 'utf8')).not.toMatch(/CASCADE/);
});

test('a name with a line break in it does not get out of its comment', async () => {
  const came = await bothWays(
    sourceFile('CREATE TABLE "t\nCREATE TABLE stray (x int); --" (id INTEGER PRIMARY KEY, "c\r\nx" VARCHAR(9))'),
  );
  expectSame(came);
  expect(came.schemas[0].some((part) => part.includes('stray.'))).toBe(false);
});

test('with crossfade migrate: up, move, verify, down; only the tables of migrations are left', async () => {
  const [source, database, folder] = [smallSource(), await freshDatabase(), join(tempFolder(), 'migrations')];
  await planMigrations({ source, jobs: 1 }, { folder });
  const target = targetOf(database);
  await migrate({ folder, target });
  expect((await move({ source, target, jobs: 1 })).exitCode).toBe(0);
  expect((await verify({ source, target, jobs: 1 })).verdict).toBe('equal');
  expect((await database.query(`INSERT INTO person (email) VALUES ('n') RETURNING id`)).rows).toEqual([{ id: 901 }]);
  await migrateTo({ folder, target }, { kind: 'down', count: 'all' });
  const left = await relationsOf(database);
  expect(left.filter((name) => !/^(schema|crossfade)_migration/.test(name))).toEqual([]);
});

test('foreign keys of one name, some of them in a circle and some deferrable, are what they were after the move', async () => {
  const source = sourceFile(
    'CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER, c INTEGER, CONSTRAINT fk FOREIGN KEY (b) REFERENCES b)',
    'CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER, CONSTRAINT fk FOREIGN KEY (a) REFERENCES a)',
    'CREATE TABLE c (id INTEGER PRIMARY KEY, a INTEGER, CONSTRAINT fk FOREIGN KEY (a) REFERENCES a DEFERRABLE INITIALLY DEFERRED)',
    'INSERT INTO a VALUES (1, 1, 1)',
    'INSERT INTO b VALUES (1, 1)',
    'INSERT INTO c VALUES (1, 1)',
  );
  expectSame(await bothWays(source));
  const [database, folder] = [await freshDatabase(), join(tempFolder(), 'migrations')];
  const { files } = await planMigrations({ source, jobs: 1 }, { folder });
  await apply(database, files[0]);
  await database.query(
    'ALTER TABLE a ADD CONSTRAINT later FOREIGN KEY (c) REFERENCES c DEFERRABLE; ALTER TABLE b ALTER CONSTRAINT fk DEFERRABLE INITIALLY IMMEDIATE',
  );
  const before = await schemaOf(database);
  expect((await move({ source, target: targetOf(database), jobs: 1 })).exitCode).toBe(0);
  expect(await schemaOf(database)).toEqual(before);
});

test('an orphan in a circle ends the move, and the foreign keys are as they were', async () => {
  const source = sourceFile(
    'CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b)',
    'CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a)',
    'INSERT INTO a VALUES (1, 1), (2, 1)',
    'INSERT INTO b VALUES (1, 2)',
  );
  const [database, folder] = [await freshDatabase(), join(tempFolder(), 'migrations')];
  const { files } = await planMigrations({ source, jobs: 1 }, { folder });
  await apply(database, files[0]);
  const before = await schemaOf(database);
  const db = new DatabaseSync(source, { enableForeignKeyConstraints: false });
  db.exec('UPDATE a SET b = 99 WHERE id = 2');
  db.close();
  await expect(move({ source, target: targetOf(database), jobs: 1 })).rejects.toMatchObject({
    code: 'E_TARGET_MISMATCH',
    facts: { sqlstate: '23503', table: 'a', constraint: 'a_b_fkey' },
  });
  expect(await schemaOf(database)).toEqual(before);
  expect((await database.query('SELECT FROM a')).rowCount).toBe(0);
});

test('a key over values that may be too long for an index comes after the move', async () => {
  const long = themes['Keys and indexes'].find(({ name }) => name.includes('too long for an index entry'));
  const source = long?.build(tempFolder(), () => undefined) as string;
  const database = await freshDatabase();
  const { files } = await planMigrations({ source, jobs: 1 }, { folder: join(tempFolder(), 'm') });
  await apply(database, files[0]);
  expect((await move({ source, target: targetOf(database), jobs: 1 })).exitCode).toBe(0);
  await expect(apply(database, files[2])).rejects.toMatchObject({ code: '54000' });
});
