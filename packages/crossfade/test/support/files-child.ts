import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { filesDriver } from '../../src/drivers/files/files.ts';
import { openStore } from '../../src/store/store.ts';
import { bodyOf, familySchema, type Family, readFamily } from './files-family.ts';

/**
 * A process that holds a folder of documents: `hold DIR`, or `write DIR START`, which changes families of records until
 * somebody kills it, and says before each write what it is about to do and afterwards that it is done; or `mirror DIR
 * START`, which mirrors records at growing versions, every fifth a removal, and says the same; or `large DIR`, which
 * replaces one record by a large one and prints the code of its failure.
 */
const [mode, dir, start = '1'] = process.argv.slice(2);
const driver = filesDriver({ dir });
const store = openStore(familySchema, driver);
const say = (what: unknown): void => void writeSync(1, `${JSON.stringify(what)}\n`);

// A process that is killed keeps nothing of what it has compiled, and the next one compiles it again.
flushCompileCache();
try {
  await store.open();
  say('open');
  if (mode === 'hold') setInterval(() => undefined, 60_000);
  if (mode === 'write') await writeOn();
  if (mode === 'mirror') await mirrorOn();
  if (mode === 'large')
    await store.write([{ kind: 'put', collection: 'parents', row: { id: 'a', n: 2, body: bodyOf(2, 1_000_000) } }]);
} catch (error) {
  const { code, facts } = error as { code?: string; facts?: unknown };
  say({ code, facts });
  process.exitCode = 1;
}

async function writeOn(): Promise<never> {
  for (let n = Number(start); ; n++) {
    const id = `p${n % 5}`;
    const before = await readFamily(store, id);
    const act = async (after: Family | null, write: () => Promise<unknown>): Promise<void> => {
      say({ id, after });
      await write();
      say('done');
    };
    if (before === null || n % 7 < 3)
      await act({ n, body: n, children: before?.children ?? 0 }, () =>
        store.write([{ kind: 'put', collection: 'parents', row: { id, n, body: bodyOf(n) } }]),
      );
    else if (n % 7 === 3) await act(null, () => store.write([{ kind: 'remove', collection: 'parents', key: [id] }]));
    else if (n % 7 === 4)
      await act({ ...before, n }, () => store.write([{ kind: 'patch', collection: 'parents', key: [id], set: { n } }]));
    else
      await act({ ...before, children: before.children + 1 }, () =>
        store.write([{ kind: 'insert', collection: 'children', row: { parent: id, number: before.children } }]),
      );
  }
}

async function mirrorOn(): Promise<never> {
  await driver.mirror.begin(1n);
  for (let version = Number(start); ; version++) {
    const id = `p${version % 3}`;
    const row = version % 5 === 0 ? null : { id, n: version, body: bodyOf(version) };
    say({ id, version });
    await driver.mirror.apply(1n, [{ collection: 'parents', key: [id], row, version: BigInt(version) }]);
    say('done');
  }
}
