import { CrossfadeError } from '../core/errors.ts';
import type { Target } from '../pg/target.ts';
import type { MoveOptions } from './options.ts';
import { openOptions, openSource, type OpenSource } from './source.ts';
import { defaultJobs } from './threads.ts';

/** Which source is looked at, and what ends it before its time. */
export type LookOptions = Pick<MoveOptions, 'source' | 'jobs' | 'stagingFolder' | 'signal'>;

/**
 * Opens a source for something that writes nothing, and closes it, private copy and all, however that ends: told to stop
 * it throws E_INTERRUPTED. `stop` ends what else is waited for.
 */
export async function withSource<T>(
  options: LookOptions & Pick<MoveOptions, 'showValues'>,
  target: Target | null,
  use: (source: OpenSource) => T | Promise<T>,
  stop: () => Promise<void> = async () => undefined,
): Promise<T> {
  const { source: path, jobs = defaultJobs(), signal } = options;
  try {
    const source = await openSource(path, jobs, target, openOptions(options));
    const interrupt = (): void => void Promise.all([source.close(interruption()), stop()]);
    signal?.addEventListener('abort', interrupt);
    try {
      signal?.throwIfAborted();
      return await use(source);
    } finally {
      signal?.removeEventListener('abort', interrupt);
      await source.close();
    }
  } catch (error) {
    throw signal?.aborted === true ? interruption() : error;
  }
}

/** What a look that was told to stop ends with. */
export function interruption(): CrossfadeError {
  return new CrossfadeError(
    'E_INTERRUPTED',
    'The command was interrupted. Nothing was written, and the source was not touched. Run the same command again.',
  );
}
