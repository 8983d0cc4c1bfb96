import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/harness/folders.ts';
import { bodyOf } from '../../../test/support/files-family.ts';
import { untilKilled, withStore } from '../../../test/support/files-kills.ts';

test('a mirroring process that is killed 40 times leaves no older record, and takes none afterwards', async () => {
  const dir = tempFolder('mirror-');
  const acknowledged = new Map<string, number>();
  // Removals that were begun and never acknowledged, in this life of the process or an earlier one: made, or not.
  const unsure = new Set<string>();
  for (let kill = 0; kill < 40; kill++) {
    let pending: { readonly id: string; readonly version: number } | null = null;
    const hear = (line: unknown): void => {
      if (line === 'open') return;
      if (line === 'done') {
        const { id, version } = pending as unknown as { id: string; version: number };
        acknowledged.set(id, version);
        unsure.delete(id);
        pending = null;
      } else {
        pending = line as { readonly id: string; readonly version: number };
        if (pending.version % 5 === 0) unsure.add(pending.id);
      }
    };
    await untilKilled(['mirror', dir, String(1 + kill * 1_000)], 2 + ((kill * 13) % 29), hear);
    await withStore(dir, async (store, { mirror, damaged }) => {
      expect(damaged()).toEqual([]);
      for (const [id, version] of acknowledged) {
        const older = { id, n: version - 1, body: bodyOf(version - 1) };
        const late = [{ collection: 'parents', key: [id], row: older, version: BigInt(version - 1) }];
        expect(await mirror.apply(1n, late)).toBe(0);
        const held = await store.read('parents', [id]);
        // Every fifth version of a record is its removal.
        if (held !== null) expect(held.n).toBeGreaterThanOrEqual(version);
        else if (!unsure.has(id)) expect(version % 5).toBe(0);
      }
    });
  }
  expect(acknowledged.size).toBe(3);
}, 1_200_000);
