import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../../../test/harness/postgres.ts';
import { CrossfadeError } from '../../core/errors.ts';
import { collections } from '../../schema/collection.ts';
import { openStore } from '../../store/store.ts';
import { postgresDriver } from './postgres.ts';
import { StatementFailure } from './statement.ts';

const schema = collections({
  nodes: {
    fields: { id: { type: 'text' }, parent: { type: 'text', nullable: true } },
    key: ['id'],
    references: [{ fields: ['parent'], to: 'nodes', onRemove: 'remove' }],
  },
  items: {
    fields: { id: { type: 'text' }, node: { type: 'text' } },
    key: ['id'],
    references: [{ fields: ['node'], to: 'nodes', onRemove: 'remove' }],
  },
});

test('a removal that takes along what refers to the record is made where it stands in the write', async () => {
  const store = openStore(schema, postgresDriver({ target: await freshDatabase(), tables: 'create' }));
  onTestFinished(() => store.close());
  await store.write([
    { kind: 'insert', collection: 'nodes', row: { id: 'a', parent: null } },
    { kind: 'insert', collection: 'nodes', row: { id: 'b', parent: 'a' } },
    { kind: 'insert', collection: 'items', row: { id: 'i', node: 'b' } },
  ]);
  await store.write([
    { kind: 'put', collection: 'nodes', row: { id: 'b', parent: null } },
    { kind: 'remove', collection: 'nodes', key: ['a'] },
  ]);
  expect(await store.read('nodes', ['a'])).toBeNull();
  expect(await store.read('items', ['i'])).toEqual(expect.objectContaining({ node: 'b' }));
});

test.each(['E_TARGET_LOST', 'E_TARGET_UNREACHABLE', 'E_TARGET_TLS'] as const)(
  'on a connection that stood, %s without a word of the server leaves the outcome open',
  (code) => {
    expect(new StatementFailure(new CrossfadeError(code, 'x'), true)).toMatchObject({ isLost: true, mayBeDone: true });
    expect(new StatementFailure(new CrossfadeError(code, 'x', { sqlstate: '23505' }), true).mayBeDone).toBe(
      code === 'E_TARGET_LOST',
    );
  },
);
