import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import { filesDriver } from '../../src/drivers/files/files.ts';
import type { FilesDriver } from '../../src/drivers/files/files.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/store.ts';
import { tempFolder } from '../harness/folders.ts';
import { type Family, familySchema, readFamily } from './files-family.ts';

const child = join(import.meta.dirname, 'files-child.ts');

/** What a child has said: what it was told is done, and what it was about to do when it died. */
interface Said {
  done: number;
  readonly acknowledged: Map<string, Family | null>;
  pending: { readonly id: string; readonly after: Family | null } | null;
}

/**
 * Lets a process write families of records and kills it, so many times in one folder, with capture installed: nothing
 * acknowledged may be lost, nothing torn be left, and a follower that reads what the entries name be equal to the store.
 *
 * @returns how many writes were acknowledged, and how many kills came amid one
 */
export async function killWriters(kills: number): Promise<{ readonly done: number; readonly inFlight: number }> {
  const dir = tempFolder('killed-');
  const said: Said = { done: 0, acknowledged: new Map(), pending: null };
  const follower = new Map<string, unknown>();
  let inFlight = 0;
  await withStore(dir, async (_store, { capture }) => capture.install());
  for (let kill = 0; kill < kills; kill++) {
    // Prime steps, so that each kind of write is met at each of its stages.
    const start = 1 + kill * 1_000 + (kill % 7);
    await untilKilled(['write', dir, String(start)], 2 + ((kill * 13) % 29), (line) => hear(line, said));
    if (said.pending !== null) inFlight++;
    await withStore(dir, async (store, driver) => {
      expect(driver.damaged()).toEqual([]);
      await compare(store, said);
      // Entries of several lives of the process come together.
      if (kill % 3 === 2 || kill === kills - 1) await follow(store, driver, follower);
    });
    compareFiles(dir);
  }
  return { done: said.done, inFlight };
}

/** Runs a child, kills it after so many of its lines, and hears everything that it has said. */
export async function untilKilled(
  words: readonly string[],
  lines: number,
  listen: (line: unknown) => void,
): Promise<void> {
  const process_ = spawn(process.execPath, [child, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void process_.kill('SIGKILL'));
  const ended = once(process_, 'exit');
  let heard = 0;
  for await (const line of createInterface({ input: process_.stdout })) {
    listen(JSON.parse(line));
    if (++heard === lines) process_.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
}

/** The store of a folder, open for one step. */
export async function withStore(
  dir: string,
  step: (store: Store<typeof familySchema>, driver: FilesDriver) => Promise<void>,
): Promise<void> {
  const driver = filesDriver({ dir });
  const store = openStore(familySchema, driver);
  await store.open();
  try {
    await step(store, driver);
  } finally {
    await store.close();
  }
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

/** Each family is as it was acknowledged; the one that was being written may be as before or after. */
async function compare(store: Store<typeof familySchema>, said: Said): Promise<void> {
  for (const [id, acknowledged] of said.acknowledged) {
    const held = await readFamily(store, id);
    if (said.pending?.id === id) expect([acknowledged, said.pending.after]).toContainEqual(held);
    else expect(held).toEqual(acknowledged);
    said.acknowledged.set(id, held);
  }
  if (said.pending !== null) said.acknowledged.set(said.pending.id, await readFamily(store, said.pending.id));
  said.pending = null;
}

/** Reads what the entries name and clears them: all of them are of the dead, so all are settled. */
async function follow(
  store: Store<typeof familySchema>,
  { capture, bulk }: FilesDriver,
  follower: Map<string, unknown>,
): Promise<void> {
  const idOf = (collection: string, key: readonly unknown[]): string => JSON.stringify([collection, ...key]);
  expect((await capture.stands()).stands).toBe(true);
  const entries = await capture.entries(1_000_000);
  for (const { collection, key, isSettled } of entries) {
    expect(isSettled).toBe(true);
    const row = await store.read(collection as 'parents', key ?? []);
    if (row === null) follower.delete(idOf(collection, key ?? []));
    else follower.set(idOf(collection, key ?? []), row);
  }
  await capture.clear(entries);
  expect(await capture.entries(1)).toEqual([]);
  const held = new Map<string, unknown>();
  for (const [collection, { key }] of Object.entries(familySchema))
    for (const row of await bulk.range(collection, { after: null, upTo: null }, 1_000_000))
      held.set(
        idOf(
          collection,
          key.map((field) => row[field]),
        ),
        row,
      );
  expect(follower).toEqual(held);
}

/** Every attachment has its document, and nothing else lies there. */
function compareFiles(dir: string): void {
  const parents = readdirSync(join(dir, 'parents'));
  const documents = parents.filter((name) => name.endsWith('.json')).map((name) => name.replace('.json', ''));
  const attachments = parents.filter((name) => name.endsWith('.bin')).map((name) => name.split('.')[0]);
  expect(attachments.sort()).toEqual(documents.sort());
  expect(parents).toHaveLength(documents.length + attachments.length);
  expect(readdirSync(dir).sort()).toEqual(['.intents', '.lock', 'children', 'parents']);
}
