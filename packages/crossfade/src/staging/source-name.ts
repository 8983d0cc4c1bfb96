import { existsSync } from 'node:fs';
import { basename, extname, relative, resolve } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { nocodbName } from './nocodb-place.ts';

/** Every scheme that a source may have; a path has none. */
export const sourceSchemes = ['sqlite', 'files', 'json', 'nocodb'] as const;

/** One of them. */
export type SourceScheme = (typeof sourceSchemes)[number];

/**
 * A name of a source, taken apart: `files:data` is `{ scheme: 'files', place: '/…/data' }`. A path is one of SQLite. No
 * secret is in the place of a base of NocoDB, whatever was named.
 */
export function partsOf(source: string): { readonly scheme: SourceScheme; readonly place: string } {
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(source);
  const scheme = sourceSchemes.find((each) => each === found?.[1]);
  if (found === null || scheme === undefined) return { scheme: 'sqlite', place: resolve(source) };
  return { scheme, place: scheme === 'nocodb' ? nocodbName(found[2]) : resolve(found[2]) };
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
