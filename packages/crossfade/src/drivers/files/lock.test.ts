import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { familySchema } from '../../../test/support/files-family.ts';
import { openStore } from '../../store/store.ts';
import { filesDriver } from './files.ts';

const child = join(import.meta.dirname, '../../../test/support/files-child.ts');
const storeOn = (dir: string) => openStore(familySchema, filesDriver({ dir }));

/** A process that opens the folder, with the first line that it says. */
async function holder(dir: string) {
  const process_ = spawn(process.execPath, [child, 'hold', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: process_.stdout }), 'line')) as [string];
  return { process: process_, said: JSON.parse(line) as unknown };
}

describe('a folder has one store at a time', () => {
  test('a second process is refused and told who holds it, until the first one is killed', async () => {
    const dir = tempFolder('held-');
    const { process: first, said } = await holder(dir);
    expect(said).toBe('open');
    await expect(storeOn(dir).open()).rejects.toMatchObject({
      code: 'E_STORE_BUSY',
      message: expect.stringContaining(`process ${first.pid}`),
      facts: { pid: first.pid, startedAt: expect.stringMatching(/^\d{4}-/) },
    });
    const ended = once(first, 'exit');
    first.kill('SIGKILL');
    await ended;
    // What the killed one has left names a dead process, and holds nobody up.
    expect(existsSync(join(dir, '.owner'))).toBe(true);
    const store = storeOn(dir);
    await store.open();
    await store.close();
    expect(existsSync(join(dir, '.owner'))).toBe(false);
  });

  test('of processes that open it at once, one gets it', async () => {
    const dir = tempFolder('raced-');
    const said = (await Promise.all(Array.from({ length: 4 }, () => holder(dir)))).map((each) => each.said);
    expect(said.filter((each) => each === 'open')).toHaveLength(1);
    expect(said.filter((each) => (each as { code?: string }).code === 'E_STORE_BUSY')).toHaveLength(3);
  });

  test('a second store of one process is refused, also by another path, and may have it afterwards', async () => {
    const dir = tempFolder('twice-');
    const link = join(tempFolder('link-'), 'link');
    symlinkSync(dir, link);
    const [first, second] = [storeOn(dir), storeOn(link)];
    await first.open();
    const refusal = { code: 'E_STORE_BUSY', facts: { pid: process.pid } };
    await expect(second.open()).rejects.toMatchObject(refusal);
    await expect(second.read('parents', ['a'])).rejects.toMatchObject(refusal);
    await first.write([{ kind: 'put', collection: 'parents', row: { id: 'a', n: 1, body: Uint8Array.of(1) } }]);
    await first.close();
    expect((await second.read('parents', ['a']))?.n).toBe(1);
    await expect(first.open()).rejects.toMatchObject(refusal);
    await second.close();
    await first.open();
    await first.close();
  });

  test('a note of an owner is no lock: of a living process, of a dead one, or half a note', async () => {
    const dir = tempFolder('notes-');
    const notes = [{ pid: process.ppid, startedAt: '2020-01-01T00:00:00.000Z' }, { pid: 4_194_305 }];
    for (const note of [...notes.map((each) => JSON.stringify(each)), '{"pid": 1']) {
      writeFileSync(join(dir, '.owner'), note);
      const store = storeOn(dir);
      await store.open();
      expect(await store.read('parents', ['a'])).toBeNull();
      await store.close();
    }
  });
});
