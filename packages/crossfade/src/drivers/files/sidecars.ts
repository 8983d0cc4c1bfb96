import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CrossfadeError } from '../../core/errors.ts';
import { replaceFile, syncFolder } from '../../store/durable/disk.ts';
import { LineLog } from '../../store/durable/line-log.ts';
import { EpochFence } from '../../store/live/epoch-fence.ts';
import type { FenceState } from '../../store/live/fence.ts';
import { intentFile } from '../../store/live/file-intents.ts';
import { Guards, type GuardStep } from '../../store/live/guards.ts';
import type { IntentLog } from '../../store/live/intents.ts';

/** What the live protocol keeps beside the documents. None of the files is there before its part is used. */
export interface Sidecars {
  /** `.intents` */
  readonly intents: IntentLog;
  /** `.fence`, see {@link saveFence} */
  readonly fence: EpochFence;
  /** `.mirrored`: its state is that of the guards. */
  readonly guards: Guards;
  readonly guardLog: LineLog<GuardStep>;
}

const fenceFile = '.fence';

/** Reads the sidecars of a folder that is held. @throws CrossfadeError E_STORE_DAMAGED */
export async function openSidecars(dir: string, collections: readonly string[]): Promise<Sidecars> {
  // Nothing of a process that is gone is under way: the lock says so.
  const intents = intentFile(dir, 0);
  await intents.open(collections);
  const guards = new Guards('files');
  const guardLog = new LineLog<GuardStep>({ dir, name: '.mirrored', state: () => guards.steps() });
  for (const step of await guardLog.read()) guards.retrace(step);
  return { intents, fence: new EpochFence('files', await readFence(dir)), guards, guardLog };
}

/** Waits for what is under way, and lets go of the files. */
export async function closeSidecars({ intents, guardLog }: Sidecars): Promise<void> {
  await intents.close();
  await guardLog.close();
}

/** Makes the state of the fence last: it is the old one or the new one, whenever the power goes. */
export async function saveFence(dir: string, { epoch, isSet }: FenceState): Promise<void> {
  await replaceFile(dir, fenceFile, `${JSON.stringify({ epoch: String(epoch), isSet })}\n`);
  await syncFolder(dir);
}

async function readFence(dir: string): Promise<FenceState> {
  const text = await readFile(join(dir, fenceFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return { epoch: null, isSet: false };
  try {
    const { epoch, isSet } = JSON.parse(text) as { readonly epoch: string; readonly isSet: boolean };
    if (typeof isSet !== 'boolean') throw new TypeError('no state of a fence');
    return { epoch: BigInt(epoch), isSet };
  } catch (cause) {
    throw new CrossfadeError(
      'E_STORE_DAMAGED',
      `The file ${fenceFile} in ${dir} is not what Crossfade has written. The store was not opened, because writes may be fenced. Look who leads, and move it away only if it is this store.`,
      { folder: dir, files: [fenceFile] },
      { cause },
    );
  }
}
