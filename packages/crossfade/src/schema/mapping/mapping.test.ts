import { describe, expect, test } from 'vitest';
import { collections, type Row } from '../collection.ts';
import { mapUnit } from './apply.ts';
import { identity, mapping, oneToOne } from './declare.ts';
import type { Family, Mapping } from './mapping.ts';
import { roundTrip } from './round-trip.ts';
import { mappingHash, unitOf, unitOfKey } from './unit.ts';

const source = collections({
  chats: {
    fields: {
      id: { type: 'text' },
      owner: { type: 'text' },
      open: { type: 'integer' },
      colour: { type: 'text', nullable: true },
    },
    key: ['id'],
  },
  notes: {
    fields: { Id: { type: 'integer' }, chat: { type: 'text', nullable: true }, text: { type: 'text' } },
    key: ['Id'],
    indexes: [['chat']],
  },
});
const target = collections({
  sessions: { fields: { session_id: { type: 'text' }, is_open: { type: 'boolean' } }, key: ['session_id'] },
  participants: {
    fields: { session_id: { type: 'text' }, user: { type: 'text' }, role: { type: 'text' } },
    key: ['session_id', 'user'],
  },
  summaries: { fields: { session_id: { type: 'text' }, text: { type: 'text' } }, key: ['session_id'] },
});

/** A session and its owner are one record of the source: derived on the way there, put together on the way back. */
const sessions: Family = {
  name: 'sessions',
  source: [{ collection: 'chats', by: ['id'] }],
  target: [
    { collection: 'sessions', by: ['session_id'] },
    { collection: 'participants', by: ['session_id'] },
  ],
  forward: ({ chats }) => ({
    sessions: chats.map(({ id, open }) => ({ session_id: id, is_open: open === 1 })),
    participants: chats.map(({ id, owner }) => ({ session_id: id, user: owner, role: 'owner' })),
  }),
  backward: ({ sessions: rows, participants }) => ({
    chats: rows.map(({ session_id, is_open }) => ({
      id: session_id,
      owner: participants.find(({ role }) => role === 'owner')?.user ?? null,
      open: is_open === true ? 1 : 0,
      colour: null,
    })),
  }),
  lost: [{ collection: 'chats', field: 'colour', why: 'the new shape has no colours' }],
};

/** Several notes of one chat become one summary: the last one counts. */
const summaries: Family = {
  name: 'summaries',
  source: [{ collection: 'notes', by: ['chat'] }],
  target: [{ collection: 'summaries', by: ['session_id'] }],
  forward: ({ notes }) => ({
    summaries: notes.slice(-1).map(({ chat, text }) => ({ session_id: chat, text })),
  }),
  backward: ({ summaries: rows }) => ({
    notes: rows.map(({ session_id, text }) => ({ Id: 1, chat: session_id, text })),
  }),
};

const whole = mapping({ source, target, families: [sessions, summaries] });
const chat: Row = { id: 'a', owner: 'mara', open: 1, colour: 'red' };

describe('a unit', () => {
  test('is derived, and put together again', () => {
    const unit = { family: 'sessions', key: ['a'] };
    const there = mapUnit(whole, 'source', unit, { chats: [chat] });
    expect(there).toEqual({
      sessions: [{ session_id: 'a', is_open: true }],
      participants: [{ session_id: 'a', user: 'mara', role: 'owner' }],
    });
    expect(mapUnit(whole, 'target', unit, there)).toEqual({ chats: [{ ...chat, colour: null }] });
  });

  test('without records has none on the other side', () => {
    expect(mapUnit(whole, 'source', { family: 'sessions', key: ['a'] }, { chats: [] })).toEqual({
      sessions: [],
      participants: [],
    });
  });

  test('is named by a record; by its key where the key says it; by nothing where a field is null', () => {
    expect(unitOf(whole, 'target', 'participants', { session_id: 'a', user: 'x', role: 'y' })).toEqual({
      family: 'sessions',
      key: ['a'],
    });
    expect(unitOfKey(whole, 'target', 'participants', ['a', 'x'])).toEqual({ family: 'sessions', key: ['a'] });
    expect(unitOfKey(whole, 'source', 'notes', [1])).toBeNull();
    expect(unitOf(whole, 'source', 'notes', { Id: 1, chat: null, text: '' })).toBeNull();
  });

  test.each<[string, Family['forward']]>([
    [
      'throws',
      () => {
        throw new Error('mara');
      },
    ],
    ['answers another unit', () => ({ sessions: [{ session_id: 'mara', is_open: true }] })],
    ['answers another family', () => ({ summaries: [{ session_id: 'a', text: 'mara' }] })],
    ['answers no list', () => ({ sessions: 'mara' }) as never],
    ['answers nothing', () => undefined as never],
  ])('is withheld where the mapping %s, and no value is repeated', (_, forward) => {
    const bad = mapping({ source, target, families: [{ ...sessions, forward }, summaries] });
    const run = () => mapUnit(bad, 'source', { family: 'sessions', key: ['a'] }, { chats: [chat] });
    expect(run).toThrow(expect.objectContaining({ code: 'E_UNIT_UNMAPPED', facts: { family: 'sessions' } }));
    expect(run).not.toThrow(/mara/);
  });
});

describe('a round trip', () => {
  test('of what comes back tells nothing, what is declared as lost included', () => {
    expect(roundTrip(whole, { family: 'sessions', key: ['a'] }, { chats: [chat] })).toEqual([]);
  });

  test('tells fields that change, records that are missing, and records that nobody sent', () => {
    const undeclared = mapping({ source, target, families: [{ ...sessions, lost: [] }, summaries] });
    expect(roundTrip(undeclared, { family: 'sessions', key: ['a'] }, { chats: [chat] })).toEqual([
      { collection: 'chats', key: ['a'], is: 'changed', fields: ['colour'] },
    ]);
    const notes = [7, 8].map((Id) => ({ Id, chat: 'a', text: `${Id}` }));
    expect(roundTrip(whole, { family: 'summaries', key: ['a'] }, { notes })).toEqual([
      { collection: 'notes', key: [7], is: 'missing', fields: [] },
      { collection: 'notes', key: [8], is: 'missing', fields: [] },
      { collection: 'notes', key: [1], is: 'additional', fields: [] },
    ]);
  });

  test('of the identity is the identity', () => {
    const same = identity(source);
    expect(roundTrip(same, { family: 'chats', key: ['a'] }, { chats: [chat] })).toEqual([]);
  });
});

test('one record for one record, under other names', () => {
  const renamed = mapping({
    source: { notes: { fields: source.notes.fields, key: ['Id'] } },
    target: collections({ remarks: { fields: { id: { type: 'integer' }, words: { type: 'text' } }, key: ['id'] } }),
    families: [
      oneToOne({
        source: 'notes',
        target: 'remarks',
        key: { source: ['Id'], target: ['id'] },
        forward: ({ Id, text }) => ({ id: Id, words: text }),
        backward: ({ id, words }) => ({ Id: id, chat: null, text: words }),
      }),
    ],
  });
  const unit = { family: 'remarks', key: [7] };
  expect(roundTrip(renamed, unit, { notes: [{ Id: 7, chat: null, text: 'x' }] })).toEqual([]);
  expect(roundTrip(renamed, unit, { notes: [{ Id: 7, chat: 'c', text: 'x' }] })).toMatchObject([{ fields: ['chat'] }]);
});

test('the digest of a mapping is that of its collections, families and functions', () => {
  const others: Mapping[] = [
    { ...whole, source: { ...source, chats: { ...source.chats, indexes: [['owner']] } } },
    { ...whole, families: [{ ...sessions, forward: () => ({}) }, summaries] },
    { ...whole, families: [sessions] },
  ];
  expect(mappingHash(whole)).toBe(mappingHash(mapping({ source, target, families: [sessions, summaries] })));
  expect(new Set([whole, ...others].map(mappingHash)).size).toBe(4);
  const key = { source: ['id'], target: ['id'] };
  const chats = (forward: (row: Row) => Row): string => {
    const family = oneToOne({ source: 'chats', target: 'chats', key, forward, backward: (row) => row });
    const shapes = { chats: source.chats };
    return mappingHash(mapping({ source: shapes, target: shapes, families: [family] }));
  };
  expect(chats((row) => row)).not.toBe(chats((row) => ({ ...row, colour: null })));
});

test.each<[string, (given: Mapping) => Mapping, RegExp]>([
  ['a collection that nobody maps', (m) => ({ ...m, families: [sessions] }), /"notes" in no family/],
  [
    'a collection that two map',
    (m) => ({ ...m, families: [sessions, { ...summaries, source: sessions.source }] }),
    /"chats" in several parts/,
  ],
  ['a family twice', (m) => ({ ...m, families: [sessions, sessions] }), /two families "sessions"/],
  [
    'a collection that is none',
    (m) => ({ ...m, families: [{ ...sessions, source: [{ collection: 'x', by: ['id'] }] }, summaries] }),
    /"x", which is no collection of the source/,
  ],
  [
    'a side without parts',
    (m) => ({ ...m, target: { summaries: target.summaries }, families: [{ ...sessions, target: [] }, summaries] }),
    /without parts/,
  ],
  [
    'fields that are none',
    (m) => ({ ...m, families: [{ ...sessions, source: [{ collection: 'chats', by: ['x'] }] }, summaries] }),
    /not fields of it/,
  ],
  [
    'fields that find nothing',
    (m) => ({ ...m, families: [{ ...sessions, source: [{ collection: 'chats', by: ['owner'] }] }, summaries] }),
    /neither its key/,
  ],
  [
    'names of different types',
    (m) => ({ ...m, families: [sessions, { ...summaries, source: [{ collection: 'notes', by: ['Id'] }] }] }),
    /different types/,
  ],
  [
    'units of the target without a name',
    (m) => ({
      ...m,
      target: {
        ...target,
        summaries: {
          ...target.summaries,
          key: ['text'],
          indexes: [['session_id']],
          fields: { ...target.summaries.fields, session_id: { type: 'text', nullable: true } },
        },
      },
    }),
    /may be null/,
  ],
  [
    'a loss of what is not there',
    (m) => ({ ...m, families: [{ ...sessions, lost: [{ collection: 'chats', field: 'x', why: '' }] }, summaries] }),
    /loses what its source/,
  ],
])('a mapping is refused for %s', (_, change, fault) => {
  expect(() => mapping(change(whole))).toThrow(fault);
});
