import { expect, test } from 'vitest';
import { migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { expandedVersion, writeOrderFiles } from '../support/order-files.ts';
import { schemaOf } from '../support/schema-of.ts';

test('the texts are plain migrations: up step by step, all the way back, up again, and no contract while old writers live', async () => {
  const [target, folder] = [await freshDatabase(), writeOrderFiles(tempFolder(), 50, 30)];
  const place = { folder, target };
  const schemas: string[][] = [];
  for (let version = 1n; version <= expandedVersion; version++) {
    await migrateTo(place, { kind: 'goto', version });
    schemas.push(await schemaOf(target));
  }
  await migrateTo(place, { kind: 'goto', version: 1n });
  const withoutPosition = (parts: readonly string[]) => parts.map((part) => part.replace(/#\d+/, ''));
  expect(withoutPosition(await schemaOf(target))).toEqual(withoutPosition(schemas[0]));
  await migrateTo(place, { kind: 'goto', version: expandedVersion });
  expect(withoutPosition(await schemaOf(target))).toEqual(withoutPosition(schemas.at(-1) ?? []));

  const refused = await refusal(migrateTo(place, { kind: 'up' }));
  expect([refused.code, refused.facts.sqlstate]).toEqual(['E_MIGRATION_FAILED', '55006']);
  expect((await schemaOf(target)).some((part) => part.includes('orders.amount '))).toBe(true);
  // An hour passes without an old writer.
  await target.query(
    `SELECT setval(oid::regclass, last_value - 3600) FROM pg_class JOIN pg_sequences ON sequencename = relname WHERE relname LIKE 'zz%'`,
  );
  await migrateTo(place, { kind: 'up' });
  expect((await target.query('SELECT sum(amount_big)::int AS sum FROM orders')).rows).toEqual([{ sum: 1_275 }]);
  expect((await schemaOf(target)).filter((part) => /trigger|zz_|orders\.amount /.test(part))).toEqual([]);
});
