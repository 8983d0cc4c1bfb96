import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { move } from '../../src/move/move.ts';
import { plan } from '../../src/move/plan.ts';
import { retry } from '../../src/move/retry.ts';
import { verify } from '../../src/move/verify.ts';
import { tempFolder } from '../harness/folders.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { addDocument, documents, targetOf } from '../support/documents.ts';

/** Moves a source under quarantine, and gives the list of what was withheld. */
async function withheld(source: string, database: TestDatabase): Promise<string> {
  const quarantineFile = join(tempFolder('withheld-'), 'list.jsonl');
  const report = await move({ source, target: targetOf(database), badValues: 'quarantine', quarantineFile });
  expect(report.exitCode).toBe(4);
  return quarantineFile;
}

test('a mended document that gives a member another form is refused: its values would be spelled otherwise', async () => {
  const database = await freshDatabase();
  const folder = documents({ 'notes/a.json': { text: 'x', n: 1 }, 'notes/b.json': '{"text": "to' });
  const source = `files:${folder}`;
  const target = targetOf(database);
  const planFile = join(tempFolder('plan-'), 'plan.json');
  writeFileSync(planFile, JSON.stringify(await plan({ source })));
  const rejects = await withheld(source, database);
  addDocument(folder, 'notes/b.json', { text: 5, n: 2 });
  const refusal = {
    message: expect.stringMatching(/"notes".*"text" laid as text.* as json now\. Nothing was done\. .*--schema/),
  };
  await expect(retry({ rejects, target })).rejects.toMatchObject({ code: 'E_REJECTS_INVALID', ...refusal });
  const comparison = verify({ source, target, quarantine: rejects });
  await expect(comparison).rejects.toMatchObject({ code: 'E_REJECTS_INVALID', ...refusal });
  const planned = {
    code: 'E_PLAN_INVALID',
    message: expect.stringMatching(/"notes".*"text" laid as text.* as json now/),
  };
  await expect(verify({ source, target, plan: planFile })).rejects.toMatchObject(planned);
  await expect(move({ source, target, plan: planFile, schema: 'other' })).rejects.toMatchObject(planned);
  expect((await database.query('select id, text, n from notes')).rows).toEqual([{ id: 'a', text: 'x', n: 1 }]);
  addDocument(folder, 'notes/b.json', { text: 'y', n: 2 });
  expect(await retry({ rejects, target })).toMatchObject({ verdict: 'equal', exitCode: 0 });
  expect(await verify({ source, target, plan: planFile })).toMatchObject({ verdict: 'equal' });
  expect((await database.query('select text from notes order by id')).rows).toEqual([{ text: 'x' }, { text: 'y' }]);
});
