import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dualColumns } from '../../src/migrate/expand/dual-columns.ts';
import { notNullSteps } from '../../src/migrate/expand/safe-constraints.ts';
import type { Target } from '../../src/pg/target.ts';
import { amounts, ordersTable } from './orders.ts';

const bin = fileURLToPath(new URL('../../bin/crossfade.mjs', import.meta.url));
const noTransaction = '-- crossfade: no-transaction\n';
const dual = dualColumns(amounts);

/** Plain SQL that commits every few rows, so that nobody waits long for one of them. */
const fill = `${noTransaction}DO $$
DECLARE
  reached bigint := 0;
  next bigint;
BEGIN
  LOOP
    SELECT max(id) INTO next FROM (SELECT id FROM orders WHERE id > reached ORDER BY id LIMIT 500) AS batch;
    EXIT WHEN next IS NULL;
    UPDATE orders SET amount_big = ${dual.fill.set.amount_big} WHERE id > reached AND id <= next AND (${dual.fill.where});
    COMMIT;
    reached := next;
  END LOOP;
END $$;
`;

/** NOT NULL as three files: a transaction that reads the table holds no lock that anybody waits for. */
function notNull(column: string): [name: string, up: string, down: string][] {
  const [add, validate, settle] = notNullSteps({ table: 'orders', column });
  return [
    [`${column}_checked`, add.sql, `ALTER TABLE orders DROP CONSTRAINT orders_${column}_not_null_yet;`],
    [`${column}_validated`, validate.sql, 'SELECT 1;'],
    [`${column}_required`, settle.sql, `ALTER TABLE orders ALTER COLUMN ${column} DROP NOT NULL;\n${add.sql}`],
  ];
}

/** An index, a NOT NULL and another type of a column, as somebody writes them who has read the guide. */
const steps = (rows: number, quietSeconds: number): [name: string, up: string, down?: string][] => [
  ['orders', ordersTable(rows).join(';\n'), 'DROP TABLE orders'],
  [
    'customer_index',
    `${noTransaction}CREATE INDEX CONCURRENTLY orders_customer ON orders (customer, id);`,
    `${noTransaction}DROP INDEX CONCURRENTLY orders_customer;`,
  ],
  ...notNull('note'),
  [
    'expand',
    `ALTER TABLE orders ADD COLUMN amount_big bigint;\n${dual.expand}`,
    `${dual.collapse}\nALTER TABLE orders DROP COLUMN amount_big;`,
  ],
  ['fill', fill, 'SELECT 1;'],
  ...notNull('amount_big'),
  ['contract', dual.contract(quietSeconds)],
];

/** The version at which either release works; the next one is the last. */
export const expandedVersion = 10n;

/** Writes the files into a folder; the last one has no way back, and waits for old writers to be quiet. */
export function writeOrderFiles(folder: string, rows: number, quietSeconds: number): string {
  mkdirSync(folder, { recursive: true });
  for (const [index, [name, up, down]] of steps(rows, quietSeconds).entries()) {
    const stem = join(folder, `${String(index + 1).padStart(6, '0')}_${name}`);
    writeFileSync(`${stem}.up.sql`, up);
    if (down !== undefined) writeFileSync(`${stem}.down.sql`, down);
  }
  return folder;
}

/** `crossfade migrate up`, as a deployment calls it: a process of its own. Throws what it says where it fails. */
export async function migrateUp(target: Target, folder: string, lockTimeoutMs: number, files?: number): Promise<void> {
  const { host, port, user, password, database } = target;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database, PGPASSWORD: password };
  const words = ['migrate', 'up', ...(files === undefined ? [] : [String(files)]), '--dir', folder];
  await promisify(execFile)(process.execPath, [bin, ...words, '--lock-timeout', `${lockTimeoutMs}ms`], {
    env: { PATH: process.env.PATH, PGSSLMODE: 'disable', ...env },
  });
}
