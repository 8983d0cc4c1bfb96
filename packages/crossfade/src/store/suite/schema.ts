import { collections } from '../../schema/collection.ts';

/** What the suite keeps in a store: every type, every kind of key, unique sets and references. */
export const suiteSchema = collections({
  people: {
    fields: {
      id: { type: 'text' },
      name: { type: 'text' },
      email: { type: 'text', nullable: true },
      age: { type: 'integer', nullable: true },
      team: { type: 'text', nullable: true },
    },
    key: ['id'],
    unique: [['email']],
    indexes: [['age'], ['team', 'name']],
  },
  visits: {
    fields: { person: { type: 'text' }, number: { type: 'integer' }, note: { type: 'text', nullable: true } },
    key: ['person', 'number'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'remove' }],
  },
  badges: {
    fields: { code: { type: 'bigint' }, person: { type: 'text', nullable: true } },
    key: ['code'],
    references: [{ fields: ['person'], to: 'people', onRemove: 'refuse' }],
  },
  things: {
    fields: {
      id: { type: 'uuid' },
      text: { type: 'text', nullable: true },
      integer: { type: 'integer', nullable: true },
      bigint: { type: 'bigint', nullable: true },
      numeric: { type: 'numeric', nullable: true },
      double: { type: 'double', nullable: true },
      boolean: { type: 'boolean', nullable: true },
      timestamptz: { type: 'timestamptz', nullable: true },
      timestamp: { type: 'timestamp', nullable: true },
      date: { type: 'date', nullable: true },
      uuid: { type: 'uuid', nullable: true },
      json: { type: 'json', nullable: true },
      bytes: { type: 'bytes', nullable: true },
    },
    key: ['id'],
  },
  moments: {
    fields: { at: { type: 'timestamptz' }, day: { type: 'date' }, on: { type: 'boolean' } },
    key: ['at', 'day', 'on'],
  },
  nodes: {
    fields: { id: { type: 'text' }, parent: { type: 'text', nullable: true } },
    key: ['id'],
    references: [{ fields: ['parent'], to: 'nodes', onRemove: 'remove' }],
  },
  words: { fields: { word: { type: 'text' }, n: { type: 'integer' } }, key: ['word'] },
  'odd names; "quoted"': {
    fields: {
      'a key': { type: 'integer' },
      SELECT: { type: 'text', nullable: true },
      __proto__x: { type: 'text', nullable: true },
      constructor: { type: 'text', nullable: true },
    },
    key: ['a key'],
  },
});

/** The type of the suite's schema, for its stores. */
export type SuiteSchema = typeof suiteSchema;
