import { expect, test } from 'vitest';
import { nocodbName, nocodbPlace } from './nocodb-place.ts';
import { partsOf, shortName, sourceName, sourceTitle } from './source-name.ts';

test('an address names a server and a base, as the browser shows it too', () => {
  for (const address of [
    'https://host/p1a2b3c4',
    'https://host/p1a2b3c4/',
    'https://host/dashboard/#/nc/p1a2b3c4',
    'https://host/dashboard/#/nc/p1a2b3c4/mabcdefg?rowId=1',
    'https://host/#/wabcdefg/p1a2b3c4/mabcdefg',
  ])
    expect(nocodbPlace(nocodbName(address))).toEqual({ url: 'https://host', base: 'p1a2b3c4' });
  expect(nocodbPlace(nocodbName('http://host:8080/below/p1'))).toEqual({ url: 'http://host:8080/below', base: 'p1' });
});

test('a name is the same however often it is taken, and the same in reports, plans and commands', () => {
  const name = 'nocodb:https://host/p1a2b3c4';
  expect([sourceName(name), sourceName(sourceName(name)), shortName(name)]).toEqual([name, name, name]);
  expect(sourceTitle(name)).toBe('p1a2b3c4');
  expect(partsOf(name)).toEqual({ scheme: 'nocodb', place: 'https://host/p1a2b3c4' });
});

test.each([
  ['https://me:secret@host/p1', 'E_SECRET_IN_ARGV'],
  ['https://secret@host/p1', 'E_SECRET_IN_ARGV'],
  ['https://host/p1?token=secret', 'E_SECRET_IN_ARGV'],
  ['me:secret@host/p1', 'E_USAGE'],
  ['host:8080/secret', 'E_USAGE'],
  ['https://host', 'E_USAGE'],
  ['', 'E_USAGE'],
])('%s is refused, and its secret is in no name', (address, code) => {
  const name = nocodbName(address);
  expect([name, nocodbName(name)].join()).not.toContain('secret');
  expect(() => nocodbPlace(nocodbName(name))).toThrow(expect.objectContaining({ code }));
});
