import { existsSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CrossfadeError } from '../core/errors.ts';
import type { Entry, ReadEntries } from './entry.ts';
import { check } from './check.ts';
import { filesEntries } from './files-entries.ts';
import { jsonEntries } from './json-entries.ts';
import { type Laid, lay } from './lay.ts';
import { nocodbEntries } from './nocodb-entries.ts';
import { nocodbName, nocodbPlace, nocodbToken } from './nocodb-place.ts';
import { privateFolder, stagingFailure, stagingFolder } from './private-folder.ts';
import { realFolder, sourceFailure } from './read-file.ts';

/** A source that is no database, as a private SQLite file that holds every value of it. */
export interface Staged extends Laid {
  readonly path: string;
  remove(): void;
}

/** The sources that are laid first, by the scheme of their name. */
const schemes: Readonly<Record<string, (place: string, signal?: AbortSignal) => Promise<ReadEntries>>> = {
  files: async (place) => {
    const dir = await realFolder(place);
    return () => filesEntries(dir);
  },
  json: (place) => Promise.resolve(() => jsonEntries(place)),
  nocodb: async (place, signal) => {
    const [base, token] = [nocodbPlace(place), nocodbToken()];
    return () => nocodbEntries(base, token, signal);
  },
};

/** Every scheme that a source may have; a path has none. */
export const sourceSchemes = ['sqlite', ...Object.keys(schemes)];

/**
 * A name of a source, taken apart: `files:data` is `{ scheme: 'files', place: '/…/data' }`. A path is one of SQLite. No
 * secret is in the place of a base of NocoDB, whatever was named.
 */
export function partsOf(source: string): { readonly scheme: string; readonly place: string } {
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(source);
  const scheme = found?.[1] ?? 'sqlite';
  if (found !== null && scheme === 'nocodb') return { scheme, place: nocodbName(found[2]) };
  if (found !== null && sourceSchemes.includes(scheme)) return { scheme, place: resolve(found[2]) };
  return { scheme: 'sqlite', place: resolve(source) };
}

/** The source's name as reports and lists have it: absolute, and with its scheme where it is no SQLite file. */
export function sourceName(source: string): string {
  const { scheme, place } = partsOf(source);
  return scheme === 'sqlite' ? place : `${scheme}:${place}`;
}

/** What a plan, a migration or a file is called after the source. */
export function sourceTitle(source: string): string {
  const { place } = partsOf(source);
  return basename(place, extname(place));
}

/** The source in the words of a command line in its folder. */
export function shortName(source: string): string {
  const { scheme, place } = partsOf(source);
  if (scheme === 'sqlite') return basename(place);
  return `${scheme}:${scheme === 'nocodb' ? place : basename(place)}`;
}

/** Whether a source has to be laid before it is moved. */
export function isStaged(source: string): boolean {
  return partsOf(source).scheme !== 'sqlite';
}

/** A mistyped scheme would be taken for a path. @throws CrossfadeError E_USAGE */
export function refuseUnknownScheme(source: string): void {
  const { scheme: known, place } = partsOf(source);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(relative('', place))?.[1];
  if (scheme === undefined || known !== 'sqlite' || existsSync(place)) return;
  throw new CrossfadeError(
    'E_USAGE',
    `There is no kind of source ${JSON.stringify(`${scheme}:`)}, and no file of that name. Nothing was done. Name a SQLite file by its path, or one of: ${sourceSchemes.map((each) => `${each}:`).join(', ')}.`,
    { scheme },
  );
}

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
  readonly signal?: AbortSignal;
}

/**
 * Lays a source, reads it again and compares. @throws CrossfadeError the E_SOURCE_ errors, E_EXPORT_INVALID, E_STAGING_FAILED
 */
export async function stage(source: string, { folder, signal }: StageOptions = {}): Promise<Staged> {
  const { scheme, place } = partsOf(source);
  const readAll = await schemes[scheme](place, signal);
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
