import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CrossfadeError } from '../core/errors.ts';
import type { Entry, ReadEntries } from './entry.ts';
import { check } from './check.ts';
import { filesEntries } from './files-entries.ts';
import { jsonEntries } from './json-entries.ts';
import { type Laid, lay } from './lay.ts';
import { nocodbEntries } from './nocodb-entries.ts';
import { nocodbPlace, nocodbToken } from './nocodb-place.ts';
import { privateFolder, stagingFailure, stagingFolder } from './private-folder.ts';
import { realFolder, sourceFailure } from './read-file.ts';
import { partsOf, type SourceScheme, sourceName } from './source-name.ts';

/** A source that is no database, as a private SQLite file that holds every value of it. */
export interface Staged extends Laid {
  readonly path: string;
  remove(): void;
}

/** The sources that are laid first, by the scheme of their name. */
const laying: Readonly<
  Record<Exclude<SourceScheme, 'sqlite'>, (place: string, options: StageOptions) => Promise<ReadEntries>>
> = {
  files: async (place, { showValues }) => {
    const dir = await realFolder(place);
    return () => filesEntries(dir, showValues);
  },
  json: (place) => Promise.resolve(() => jsonEntries(place)),
  nocodb: async (place, { signal }) => {
    const [base, token] = [nocodbPlace(place), nocodbToken()];
    return () => nocodbEntries(base, token, signal);
  },
};

/**
 * Whether there is anything at the place of a source; of one that answers over the network, whether it can be asked.
 *
 * @throws CrossfadeError E_SOURCE_MISSING, E_USAGE, E_SECRET_IN_ARGV
 */
export function inspectPlace(source: string): void {
  const { scheme, place } = partsOf(source);
  if (scheme === 'nocodb') return void [nocodbPlace(place), nocodbToken()];
  if (existsSync(place)) return;
  throw sourceFailure(place, Object.assign(new Error(), { code: 'ENOENT' }), 'named');
}

/** How a source is laid. */
export interface StageOptions {
  /** The folder of the private copies. Default: `.crossfade/staging` below the working directory. */
  readonly folder?: string;
  /** Whether errors name documents in plain. Default: by a digest, since a name may be a person's. */
  readonly showValues?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Lays a source, reads it again and compares. @throws CrossfadeError the E_SOURCE_ errors, E_EXPORT_INVALID, E_STAGING_FAILED
 */
export async function stage(source: string, options: StageOptions = {}): Promise<Staged> {
  const { folder, signal } = options;
  const { scheme, place } = partsOf(source);
  if (scheme === 'sqlite') throw new TypeError('a file of SQLite is moved as it stands');
  const readAll = await laying[scheme](place, options);
  const read = (): AsyncIterable<Entry> => interruptible(readAll(), signal);
  const home = privateFolder(folder ?? stagingFolder);
  try {
    const path = join(home.path, 'source.sqlite');
    const laid = await lay(path, read);
    if (laid.tables.length === 0) throw empty(source);
    await check(path, sourceName(source), laid, read);
    return { ...laid, path, remove: () => home.remove() };
  } catch (error) {
    home.remove();
    throw stagingFailure(home.path, error);
  }
}

/** Entries between which a signal is looked for; a file that is read at once gives the process no other moment for it. */
const turnEntries = 1_000;

async function* interruptible(entries: AsyncIterable<Entry>, signal?: AbortSignal): AsyncGenerator<Entry, void> {
  let count = 0;
  for await (const entry of entries) {
    if (++count % turnEntries === 0) await setImmediate();
    signal?.throwIfAborted();
    yield entry;
  }
}

function empty(source: string): CrossfadeError {
  return new CrossfadeError(
    'E_SOURCE_UNREADABLE',
    `${sourceName(source)} has no records, no tables and no files. Nothing was moved. Check that this is where the application keeps its data.`,
    { source: sourceName(source) },
  );
}
