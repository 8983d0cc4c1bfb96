import { collections } from '../../src/schema/collection.ts';

/** Records that refer to each other and go with what they refer to, each with a tag of its own: what a follower must take in any order. */
export const nodes = collections({
  nodes: {
    fields: { id: { type: 'text' }, parent: { type: 'text', nullable: true }, tag: { type: 'text' } },
    key: ['id'],
    unique: [['tag']],
    references: [{ fields: ['parent'], to: 'nodes', onRemove: 'remove' }],
  },
});

/** A record of them. */
export const node = (id: string, parent: string | null, tag: string) => ({ id, parent, tag });
