import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dualColumns } from '../../src/migrate/expand/dual-columns.ts';
import { notNullSteps } from '../../src/migrate/expand/safe-constraints.ts';
import { migrateTo } from '../../src/migrate/migrate.ts';
import { refusal } from '../harness/connections.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { amounts, ordersTable } from '../support/orders.ts';
import { schemaOf } from '../support/schema-of.ts';

const dual = dualColumns(amounts);
const [add, validate, settle] = notNullSteps({ table: 'orders', column: 'amount_big' });

/** The recipe as files: each step with its way back. */
const files: Readonly<Record<string, string>> = {
  '1_orders.up.sql': ordersTable(50).join(';\n'),
  '1_orders.down.sql': 'DROP TABLE orders',
  '2_expand.up.sql': `ALTER TABLE orders ADD COLUMN amount_big bigint;\n${dual.expand}`,
  '2_expand.down.sql': `${dual.collapse}\nALTER TABLE orders DROP COLUMN amount_big;`,
  '3_fill.up.sql': `UPDATE orders SET amount_big = ${dual.fill.set.amount_big} WHERE ${dual.fill.where};`,
  '3_fill.down.sql': 'SELECT 1;',
  '4_required.up.sql': add.sql,
  '4_required.down.sql': 'ALTER TABLE orders DROP CONSTRAINT orders_amount_big_not_null_yet;',
  '5_validate.up.sql': validate.sql,
  '5_validate.down.sql': 'SELECT 1;',
  '6_settle.up.sql': settle.sql,
  '6_settle.down.sql': `ALTER TABLE orders ALTER COLUMN amount_big DROP NOT NULL;\n${add.sql}`,
  '7_contract.up.sql': dual.contract(30),
};

test('the texts are plain migrations: up step by step, all the way back, up again, and no contract while old writers live', async () => {
  const [target, folder] = [await freshDatabase(), tempFolder()];
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const place = { folder, target };
  const schemas: string[][] = [];
  for (const version of [1n, 2n, 3n, 4n, 5n, 6n]) {
    await migrateTo(place, { kind: 'goto', version });
    schemas.push(await schemaOf(target));
  }
  await migrateTo(place, { kind: 'goto', version: 1n });
  const withoutPosition = (parts: readonly string[]) => parts.map((part) => part.replace(/#\d+/, ''));
  expect(withoutPosition(await schemaOf(target))).toEqual(withoutPosition(schemas[0]));
  await migrateTo(place, { kind: 'goto', version: 6n });
  expect(withoutPosition(await schemaOf(target))).toEqual(withoutPosition(schemas[5]));

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
