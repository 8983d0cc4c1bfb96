import { expect, test } from 'vitest';
import { refusal } from '../../test/harness/connections.ts';
import { freshDatabase } from '../../test/harness/postgres.ts';
import { migrationFolder, versionOf } from '../../test/support/migrations.ts';
import { migrate } from './migrate.ts';

const folder = () =>
  migrationFolder({
    '1_users.up.sql': 'CREATE TABLE users (email text NOT NULL);',
    '2_seed.up.sql': "INSERT INTO users VALUES ('admin@example.org'), ('user@example.org');",
  });

test('what a service relies on is asked when the schema stands, also where there is nothing to do', async () => {
  const options = { folder: folder(), target: await freshDatabase(), schema: 'shop' };
  const confirm = {
    'the tables': "SELECT to_regclass('shop.users') IS NOT NULL",
    'two users': 'SELECT count(*) = 2 FROM users',
  };
  expect((await migrate({ ...options, confirm })).ran).toHaveLength(2);
  expect((await migrate({ ...options, confirm })).ran).toHaveLength(0);
});

test('everything that is not so is named, and the version stays', async () => {
  const target = await freshDatabase();
  const options = { folder: folder(), target };
  const error = await refusal(
    migrate({
      ...options,
      confirm: {
        'two users': 'SELECT count(*) = 2 FROM users',
        'three users': 'SELECT count(*) = 3 FROM users',
        'no answer': 'SELECT NULL::boolean',
        'no row': 'SELECT true WHERE false',
        'two rows': 'SELECT true FROM users',
      },
    }),
  );
  expect(error).toMatchObject({
    code: 'E_MIGRATION_UNCONFIRMED',
    facts: { names: ['three users', 'no answer', 'no row', 'two rows'] },
  });
  expect(error.message).toContain('three users; no answer; no row; two rows');
  expect(await versionOf(target)).toBe('2 false');
});

test.each([
  ['a query that fails', 'SELECT * FROM nowhere', '42P01'],
  ['a query that writes', "INSERT INTO users VALUES ('x') RETURNING true", '25006'],
  ['two statements', 'COMMIT; DELETE FROM users', '42601'],
])('%s confirms nothing and changes nothing', async (name, statement, sqlstate) => {
  const target = await freshDatabase();
  const error = await refusal(migrate({ folder: folder(), target, confirm: { [name]: statement } }));
  expect(error).toMatchObject({ code: 'E_MIGRATION_UNCONFIRMED', facts: { names: [name] } });
  expect(error.message).toContain(`${name} (PostgreSQL refused the query: SQLSTATE ${sqlstate})`);
  const { rows } = await target.query('select count(*)::int as users from users');
  expect(rows).toEqual([{ users: 2 }]);
});
