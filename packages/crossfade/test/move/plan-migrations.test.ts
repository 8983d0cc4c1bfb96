import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import type { MoveOptions } from '../../src/move/options.ts';
import { planMigrations } from '../../src/move/plan.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { themes } from '../nasty/index.ts';
import { relationsOf, schemaOf, sequencesOf } from '../support/schema-of.ts';
import { smallSource, sourceFile } from '../support/sources.ts';

type Options = Partial<Omit<MoveOptions, 'source' | 'target'>>;

/** One file in one transaction, as any runner does it. */
const apply = (database: TestDatabase, path: string) =>
  database.query(`begin;\n${readFileSync(path, 'utf8')}\ncommit;`);
const targetOf = ({ query: _query, drop: _drop, ...target }: TestDatabase) => target;

/** Up, move, the second up, and the same by a move alone; then down. */
async function bothWays(source: string, options: Options = {}) {
  const [byFiles, byMove] = [await freshDatabase(), await freshDatabase()];
  const { files } = await planMigrations({ ...options, source, jobs: 1 }, { folder: join(tempFolder(), 'migrations') });
  const schema = options.schema ?? 'public';
  await apply(byFiles, files[0]);
  const filled = await move({ ...options, source, target: targetOf(byFiles), jobs: 1 });
  if (files.length > 2) await apply(byFiles, files[2]);
  const moved = await move({ ...options, source, target: targetOf(byMove), jobs: 1 });
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
  const cases = Object.entries(themes)
    .filter(([theme]) => !['Files', 'Targets'].includes(theme))
    .flatMap(([, list]) => list.filter(({ expect: { exit }, before }) => exit === 0 && before === undefined));

  test.each(cases.map((nasty) => [nasty.name, nasty] as const))('%s', async (_, nasty) => {
    const built = nasty.build(tempFolder(), () => undefined);
    expectSame(await bothWays(typeof built === 'string' ? built : built.source, nasty.options));
  });

  test('a bit of everything, in a schema of its own', async () => {
    const came = await bothWays(smallSource(), { schema: 'Other "schema"', names: 'snake', gin: true });
    expectSame(came);
    expect(came.sequences[0]).toContain('person_id_seq 900');
  });
});
