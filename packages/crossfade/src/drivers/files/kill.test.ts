import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { killsOr } from '../../../test/harness/kills.ts';
import { type Family, familySchema, readFamily } from '../../../test/support/files-family.ts';
import { openStore } from '../../store/store.ts';
import { filesDriver } from './files.ts';

const child = join(import.meta.dirname, '../../../test/support/files-child.ts');
const kills = killsOr(50);

/** What a child has said: what it was told is done, and what it was about to do when it died. */
interface Said {
  done: number;
  readonly acknowledged: Map<string, Family | null>;
  pending: { readonly id: string; readonly after: Family | null } | null;
}

/** Kills the child after so many of its lines, and hears what else it has said. */
async function writeUntilKilled(dir: string, start: number, lines: number, said: Said): Promise<void> {
  const process_ = spawn(process.execPath, [child, 'write', dir, String(start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const ended = once(process_, 'exit');
  let heard = 0;
  for await (const line of createInterface({ input: process_.stdout })) {
    hear(JSON.parse(line), said);
    if (++heard === lines) process_.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
}

function hear(what: unknown, said: Said): void {
  if (what === 'open') return;
  if (what !== 'done') {
    said.pending = what as Said['pending'];
    return;
  }
  const { id, after } = said.pending as NonNullable<Said['pending']>;
  said.acknowledged.set(id, after);
  said.pending = null;
  said.done++;
}

test(
  `a writing process that is killed ${kills} times loses nothing acknowledged and leaves nothing torn`,
  async () => {
    const dir = tempFolder('killed-');
    const said: Said = { done: 0, acknowledged: new Map(), pending: null };
    let inFlight = 0;
    for (let kill = 0; kill < kills; kill++) {
      // Prime steps, so that each kind of write is met at each of its stages.
      await writeUntilKilled(dir, 1 + kill * 1_000 + (kill % 7), 2 + ((kill * 13) % 29), said);
      const driver = filesDriver({ dir });
      const store = openStore(familySchema, driver);
      await store.open();
      expect(driver.damaged()).toEqual([]);
      for (const [id, acknowledged] of said.acknowledged) {
        const held = await readFamily(store, id);
        if (said.pending?.id === id) expect([acknowledged, said.pending.after]).toContainEqual(held);
        else expect(held).toEqual(acknowledged);
        said.acknowledged.set(id, held);
      }
      if (said.pending !== null) {
        inFlight++;
        said.acknowledged.set(said.pending.id, await readFamily(store, said.pending.id));
      }
      said.pending = null;
      await store.close();
      const parents = readdirSync(join(dir, 'parents'));
      const documents = parents.filter((name) => name.endsWith('.json')).map((name) => name.replace('.json', ''));
      const attachments = parents.filter((name) => name.endsWith('.bin')).map((name) => name.split('.')[0]);
      expect(attachments.sort()).toEqual(documents.sort());
      expect(parents).toHaveLength(documents.length + attachments.length);
      expect(readdirSync(dir).sort()).toEqual(['.lock', 'children', 'parents']);
    }
    expect(said.done).toBeGreaterThan(kills);
    expect(inFlight).toBeGreaterThan(0);
  },
  kills * 30_000,
);
