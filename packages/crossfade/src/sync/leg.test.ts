import { expect, test } from 'vitest';
import { memoryDriver } from '../drivers/memory/memory.ts';
import { collections } from '../schema/collection.ts';
import { mapping, oneToOne } from '../schema/mapping/declare.ts';
import type { Mapping } from '../schema/mapping/mapping.ts';
import { type Leg, legOf } from './leg.ts';

/** Boxes with their items, which have notes; the key of an item names its box in one release and not in the other. */
function boxes(onRemove: 'remove' | 'refuse', key: readonly ['box', 'id'] | readonly ['id']): Mapping {
  const fields = { box: { type: 'text' }, id: { type: 'text' } } as const;
  const note = {
    fields: { n: { type: 'integer' }, box: { type: 'text' }, item: { type: 'text' } },
    key: ['n'],
  } as const;
  return mapping({
    source: collections({ items: { fields, key: ['box', 'id'] }, notes: note }),
    target: collections({
      items: { fields, key, indexes: [['box']] },
      notes: {
        ...note,
        references: [{ fields: key.length === 1 ? ['item'] : ['box', 'item'], to: 'items', onRemove }],
      },
    }),
    families: [
      {
        name: 'boxes',
        source: [{ collection: 'items', by: ['box'] }],
        target: [{ collection: 'items', by: ['box'] }],
        forward: (rows) => rows,
        backward: (rows) => rows,
      },
      oneToOne({
        source: 'notes',
        target: 'notes',
        key: { source: ['n'], target: ['n'] },
        forward: (row) => row,
        backward: (row) => row,
      }),
    ],
  });
}

const legOn = (mapped: Mapping): Leg => ({
  mapping: mapped,
  from: 'source',
  leader: memoryDriver(),
  follower: memoryDriver(),
  epoch: 1n,
  stamp: () => 1n,
});

test('a record that passes between units takes nothing along that nobody would bring back', () => {
  expect(() => legOf(legOn(boxes('remove', ['id'])))).toThrow(
    expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('"notes"') as unknown }),
  );
  for (const mapped of [boxes('refuse', ['id']), boxes('remove', ['box', 'id'])])
    expect(legOf(legOn(mapped)).mapping).toBe(mapped);
});
