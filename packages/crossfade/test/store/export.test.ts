import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { filesDriver } from '../../src/drivers/files/files.ts';
import {
  checkExport,
  type Collections,
  collections,
  type Driver,
  exportCollections,
  importCollections,
  memoryDriver,
  openStore,
  type Store,
} from '../../src/index.ts';
import { same } from '../../src/store/suite/check.ts';
import { suiteSchema, type SuiteSchema } from '../../src/store/suite/schema.ts';
import { heldValues, nastyText } from '../../src/store/suite/values.ts';
import { tempFolder } from '../harness/folders.ts';

const drivers: Readonly<Record<string, () => Driver>> = {
  memory: memoryDriver,
  files: () => filesDriver({ dir: tempFolder('export-') }),
};

function storeOf<const S extends Collections>(schema: S, driver: Driver = memoryDriver()): Store<S> {
  const store = openStore(schema, driver);
  onTestFinished(() => store.close());
  return store;
}

async function textOf<S extends Collections>(store: Store<S>): Promise<string> {
  let text = '';
  for await (const piece of exportCollections(store)) text += piece;
  return text;
}

/** Every value that a store holds, and records that refer to each other. */
async function fill(store: Store<SuiteSchema>): Promise<void> {
  for (const [i, { type, value }] of heldValues.entries()) {
    const id = `a0eebc99-9c0b-4ef8-bb6d-${String(i).padStart(12, '0')}`;
    await store.write([{ kind: 'insert', collection: 'things', row: { id, [type]: value } as never }]);
  }
  for (const [n, word] of Object.values(nastyText).entries())
    await store.write([{ kind: 'put', collection: 'words', row: { word, n } }]);
  for (const id of ['a', 'b'])
    await store.write([
      { kind: 'insert', collection: 'people', row: { id, name: 'n', email: id, age: 1, team: null } },
    ]);
  await store.write([{ kind: 'insert', collection: 'visits', row: { person: 'a', number: 1, note: 'é\u2028' } }]);
  await store.write([{ kind: 'insert', collection: 'badges', row: { code: 9007199254740993n, person: 'b' } }]);
}

describe('an export is imported', () => {
  for (const [from, source] of Object.entries(drivers)) {
    for (const [to, target] of Object.entries(drivers)) {
      test(`from ${from} into ${to}, every value equal`, async () => {
        const [first, second] = [storeOf(suiteSchema, source()), storeOf(suiteSchema, target())];
        await fill(first);
        const text = await textOf(first);
        const report = await importCollections(second, text);
        expect(report).toMatchObject({ things: heldValues.length, people: 2, moments: 0 });
        expect(await textOf(second)).toBe(text);
        for (const collection of Object.keys(suiteSchema) as (keyof SuiteSchema)[])
          same(await second.scan(collection, { limit: 1_000 }), await first.scan(collection, { limit: 1_000 }));
      });
    }
  }

  test('and is one document of JSON, with counts that any program finds', async () => {
    const store = storeOf(suiteSchema);
    await fill(store);
    const document = JSON.parse(await textOf(store)) as Record<string, never>;
    expect(document).toMatchObject({ format: 'crossfade-export', version: 1, count: expect.any(Number) });
    const { people, badges } = document.collections as Record<string, { records: unknown[]; count: number }>;
    expect(people).toMatchObject({ count: 2, records: [{ id: 'a' }, { id: 'b' }] });
    expect(badges.records).toEqual([{ code: '9007199254740993', person: 'b' }]);
  });

  test('equal records make equal documents, whatever order their JSON and their schema were written in', async () => {
    const one = { a: { type: 'text' }, j: { type: 'json' } } as const;
    const other = { j: { type: 'json' }, a: { type: 'text' } } as const;
    const [first, second] = [
      storeOf(collections({ c: { fields: one, key: ['a'] } })),
      storeOf(collections({ c: { fields: other, key: ['a'], indexes: [['a']] } })),
    ];
    await first.write([{ kind: 'put', collection: 'c', row: { a: 'k', j: { x: 1, y: { p: 1, q: 2 } } } }]);
    await second.write([{ kind: 'put', collection: 'c', row: { j: { y: { q: 2, p: 1 }, x: 1 }, a: 'k' } }]);
    expect(await textOf(second)).toBe(await textOf(first));
  });

  test('from a file, in pieces, with 100,000 records', async () => {
    const schema = collections({ c: { fields: { n: { type: 'integer' }, text: { type: 'text' } }, key: ['n'] } });
    const [first, second] = [storeOf(schema), storeOf(schema)];
    for (let from = 0; from < 100_000; from += 1_000)
      await first.write(
        Array.from({ length: 1_000 }, (_, i) => ({
          kind: 'insert',
          collection: 'c',
          row: { n: from + i, text: `é ${from + i}` },
        })) as never,
      );
    const file = join(tempFolder(), 'export.json');
    await pipeline(exportCollections(first), createWriteStream(file));
    // Pieces that end in the midst of a character.
    const source = () => createReadStream(file, { highWaterMark: 1_001 });
    expect(await importCollections(second, source)).toEqual({ c: 100_000 });
    const last = await second.scan('c', { descending: true, limit: 1 });
    expect(last.rows).toEqual([{ n: 99_999, text: 'é 99999' }]);
    await expect(checkExport(schema, source)).resolves.toEqual({ c: 100_000 });
  });

  for (const [name, driver] of Object.entries(drivers)) {
    test(`with references in a circle and to itself, into ${name}`, async () => {
      const schema = collections({
        teams: {
          fields: { id: { type: 'text' }, head: { type: 'text', nullable: true } },
          key: ['id'],
          references: [{ fields: ['head'], to: 'people', onRemove: 'refuse' }],
        },
        people: {
          fields: {
            id: { type: 'text' },
            team: { type: 'text', nullable: true },
            boss: { type: 'text', nullable: true },
          },
          key: ['id'],
          references: [
            { fields: ['team'], to: 'teams', onRemove: 'refuse' },
            { fields: ['boss'], to: 'people', onRemove: 'refuse' },
          ],
        },
      });
      const first = storeOf(schema);
      await first.write([
        { kind: 'put', collection: 'teams', row: { id: 't', head: 'b' } },
        { kind: 'put', collection: 'people', row: { id: 'a', team: 't', boss: 'b' } },
        { kind: 'put', collection: 'people', row: { id: 'b', team: 't', boss: null } },
        { kind: 'put', collection: 'people', row: { id: 'c', team: null, boss: 'c' } },
      ]);
      const text = await textOf(first);
      const second = storeOf(schema, driver());
      await importCollections(second, text);
      expect(await textOf(second)).toBe(text);
      await importCollections(second, text, { into: 'any' });
      expect(await textOf(second)).toBe(text);
    });
  }

  test('a circle of fields that are never null is refused before the first write', async () => {
    const schema = collections({
      nodes: {
        fields: { id: { type: 'text' }, next: { type: 'text' } },
        key: ['id'],
        references: [{ fields: ['next'], to: 'nodes', onRemove: 'refuse' }],
      },
    });
    const [first, second] = [storeOf(schema), storeOf(schema)];
    await first.write([{ kind: 'put', collection: 'nodes', row: { id: 'a', next: 'a' } }]);
    await expect(importCollections(second, await textOf(first))).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
    expect((await second.scan('nodes')).rows).toEqual([]);
  });

  test('only into an empty store, or into any when that is asked for, as often as one likes', async () => {
    const [first, second] = [storeOf(suiteSchema), storeOf(suiteSchema)];
    await fill(first);
    const text = await textOf(first);
    await second.write([{ kind: 'put', collection: 'words', row: { word: 'own', n: 1 } }]);
    await second.write([{ kind: 'put', collection: 'words', row: { word: 'null', n: 99 } }]);
    await expect(importCollections(second, text)).rejects.toMatchObject({
      code: 'E_TARGET_NOT_EMPTY',
      facts: { collection: 'words' },
    });
    expect((await second.scan('people')).rows).toEqual([]);
    for (const _time of [1, 2]) await importCollections(second, text, { into: 'any' });
    expect(await second.read('words', ['own'])).toEqual({ word: 'own', n: 1 });
    await second.write([{ kind: 'remove', collection: 'words', key: ['own'] }]);
    expect(await textOf(second)).toBe(text);
  });
});

const small = collections({
  a: { fields: { id: { type: 'text' }, n: { type: 'bigint' }, b: { type: 'bytes', nullable: true } }, key: ['id'] },
  b: { fields: { id: { type: 'text' } }, key: ['id'] },
});

async function smallExport(): Promise<string> {
  const store = storeOf(small);
  for (const id of ['x', 'y', 'é'])
    await store.write([{ kind: 'put', collection: 'a', row: { id, n: 12n, b: Uint8Array.of(1, 2) } }]);
  await store.write([{ kind: 'put', collection: 'b', row: { id: 'secret' } }]);
  return textOf(store);
}

describe('a damaged export writes nothing', () => {
  const expectRefused = async (source: string | Uint8Array, message: RegExp = /./): Promise<void> => {
    const store = storeOf(small);
    const given =
      typeof source === 'string'
        ? source
        : async function* () {
            yield source;
          };
    const error = await importCollections(store, given).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'E_EXPORT_INVALID', message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain('secret');
    expect([(await store.scan('a')).rows, (await store.scan('b')).rows]).toEqual([[], []]);
  };

  test('whichever byte is changed, lost or added, and wherever it ends', async () => {
    const bytes = Buffer.from(await smallExport());
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      await expectRefused(changed);
      await expectRefused(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]));
      await expectRefused(Buffer.concat([bytes.subarray(0, at), Buffer.from(' '), bytes.subarray(at)]));
      await expectRefused(bytes.subarray(0, at));
    }
    await expectRefused(Buffer.concat([bytes, Buffer.from('\n')]));
  });

  test('and the message says what is wrong', async () => {
    const text = await smallExport();
    const lines = text.split('\n');
    const at = (line: number, replace: (text: string) => string): string =>
      lines.with(line, replace(lines[line])).join('\n');
    await expectRefused('', /first line/);
    await expectRefused('{"hello": 1}\n', /first line/);
    await expectRefused(`\ufeff${text}`, /first line/);
    await expectRefused(text.replace('"version":1', '"version":2'), /version 2, and this program reads version 1/);
    await expectRefused(
      at(0, (line) => line.replace(/[0-9a-f]{64}/, '0'.repeat(64))),
      /another schema/,
    );
    await expectRefused(lines.toSpliced(3, 1).join('\n'), /counts 3 records of a, and there are 2/);
    await expectRefused(
      at(2, (line) => line.replace('"12"', '"13"')),
      /another sum than the records of a/,
    );
    await expectRefused(
      at(2, (line) => line.replace('"12"', '12')),
      /line 3 is no record of a/,
    );
    await expectRefused(
      [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)].join('\n'),
      /does not come behind/,
    );
    await expectRefused(lines.toSpliced(3, 0, lines[2]).join('\n'), /does not come behind/);
    await expectRefused(
      at(2, (line) => line.replace('{', '{"more":1,')),
      /line 3 is no record of a/,
    );
    await expectRefused(`${lines.slice(0, 5).join('\n')}\n`, /line 6 is neither a record of a nor the end/);
    await expectRefused(
      at(9, (line) => line.replace('4', '5')),
      /is not the end of an export of so many records/,
    );
    await expectRefused(`${text}x`, /stands behind the end/);
    await expectRefused(Buffer.from(text, 'latin1'), /is not UTF-8/);
  });

  test('an export of another schema is refused: a field, a type, a key or a constraint', async () => {
    const text = await smallExport();
    for (const b of [
      { fields: { id: { type: 'text' }, more: { type: 'text', nullable: true } }, key: ['id'] },
      { fields: { id: { type: 'uuid' } }, key: ['id'] },
      { fields: { id: { type: 'text' } }, key: ['id'], unique: [['id']] },
    ] as const) {
      const store = storeOf(collections({ a: small.a, b }));
      await expect(importCollections(store, text)).rejects.toThrow(/another schema/);
    }
  });

  test('a source that is another one when it is read again is noticed', async () => {
    const text = await smallExport();
    const store = storeOf(small);
    let times = 0;
    const source = async function* () {
      yield times++ === 0 ? text : text.replace('"12"', '"13"');
    };
    await expect(importCollections(store, source)).rejects.toMatchObject({ code: 'E_EXPORT_INVALID' });
  });
});
