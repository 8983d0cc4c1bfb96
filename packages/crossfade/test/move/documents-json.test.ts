import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportSchema } from '../../src/export/export.ts';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase } from '../harness/postgres.ts';
import { documents, jsonFile, targetOf } from '../support/documents.ts';

/** Values of one member that no column of one scalar type tells apart, as they are spelled in JSON. */
const odd: Readonly<Record<string, readonly string[]>> = {
  text: ['1', '"1"', '"x"'],
  zero: ['0', '"-0"'],
  truth: ['true', '"true"', '1'],
  object: ['{"a":[1.5,null]}', '"{}"'],
};
/** PostgreSQL's json keeps these to the letter; a record of a store does not, and says so. */
const kept = {
  nul: ['"a\\u0000b"', '1'],
  half: ['"\\ud800"', '1'],
  huge: ['1e400', '2'],
  negative: ['-0', '"-0"'],
  digits: ['-0', '0.10000000000000000001'],
};

test.each(['rich', 'plain'] as const)(
  'members of several kinds stay what they are, there and back: %s',
  async (types) => {
    const database = await freshDatabase();
    const [target, json] = [targetOf(database), { ...odd, ...kept }];
    const tables = Object.entries(json).map(([name, values]) => {
      const records = values.map((value, id) => `{"id":${id},"v":${value}}`);
      return `${JSON.stringify(name)}:[${records.join()}]`;
    });
    const source = `json:${jsonFile(`{${tables.join()}}`)}`;
    expect(await move({ source, target, types })).toMatchObject({ verdict: 'equal', exitCode: 0, warnings: [] });
    for (const [name, values] of Object.entries(json)) {
      const { rows } = await database.query(`select v::text from ${name} order by id`);
      const expected = values.map((value) => value.replaceAll(/([:,])/g, name === 'object' ? '$1 ' : '$1'));
      expect(
        rows.map(({ v }) => v),
        name,
      ).toEqual(expected);
    }
    const folder = join(tempFolder(), 'back');
    const except = Object.keys(kept);
    expect(await exportSchema({ from: target, to: `files:${folder}`, except })).toMatchObject({ verdict: 'equal' });
    for (const [name, values] of Object.entries(odd)) {
      const files = readdirSync(join(folder, name)).sort();
      const texts = files.map((file) => readFileSync(join(folder, name, file), 'utf8'));
      const spelled = texts.map((text) => /"v":\s*(.*?)\s*}$/s.exec(text.trim())?.[1]?.replaceAll(/([:,]) /g, '$1'));
      expect(spelled, name).toEqual(values);
    }
  },
);

test('a column of text that takes such members is warned of, in the plan and in the report; bytes beside others are refused', async () => {
  const database = await freshDatabase();
  const target = targetOf(database);
  const source = `json:${jsonFile('[{"id":1,"v":"x"},{"id":2,"v":2}]')}`;
  const spelled = expect.stringMatching(/"app\.v" is of several kinds .*quotation marks.*Make it jsonb or json/);
  expect(await plan({ source, rules: ['app.v=text'] })).toMatchObject({ warnings: [spelled] });
  await database.query('create table app (id integer primary key, v text)');
  expect((await move({ source, target })).warnings).toContainEqual(spelled);
  expect((await database.query('select v from app order by id')).rows).toEqual([{ v: '"x"' }, { v: '2' }]);
  const bytes = Buffer.from('abc');
  const photo = { file: 'a.photo.00000000.bin', bytes: 3, sha256: sha256(bytes) };
  const folder = documents({ 'p/a.json': { photo }, 'p/a.photo.00000000.bin': bytes, 'p/b.json': { photo: 'abc' } });
  await expect(plan({ source: `files:${folder}` })).rejects.toMatchObject({
    code: 'E_SOURCE_UNREADABLE',
    message: expect.stringMatching(/"photo" of p is bytes in some records .*Nothing was moved\. Give it one kind/),
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
