import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { readMigrations } from './files.ts';

/** Where versions come from: the next number, or the time in UTC, which two branches seldom share. */
export type Numbering = 'sequence' | 'time';

/**
 * Writes the two empty files of the next migration. Without `numbering` it goes on as the folder does.
 *
 * @throws CrossfadeError E_USAGE for a name that does not fit; E_MIGRATION_FILES for a folder that cannot be used or written
 */
export function newMigration(folder: string, text: string, numbering?: Numbering, now = new Date()): string[] {
  const name = text.trim().replaceAll(/\s+/g, '_');
  if (!/^[\p{L}\p{N}_.-]+$/u.test(name))
    throw new CrossfadeError(
      'E_USAGE',
      `${JSON.stringify(text)} cannot be the name of a migration. Nothing was written. Use letters, digits and _ . - alone.`,
    );
  if (!existsSync(folder)) written(folder, () => void mkdirSync(folder, { recursive: true }));
  const last = readMigrations(folder).all.at(-1)?.version ?? 0n;
  const byTime = numbering === 'time' || (numbering === undefined && last >= 10n ** 13n);
  const stamp = now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const version = byTime && BigInt(stamp) > last ? stamp : String(last + 1n).padStart(6, '0');
  return ['up', 'down'].map((direction) => {
    const path = join(folder, `${version}_${name}.${direction}.sql`);
    // wx: what somebody else has just written stays.
    written(path, () => writeFileSync(path, '', { flag: 'wx' }));
    return path;
  });
}

/** Tells what the system refuses; its own errors would count as a defect. */
function written(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CrossfadeError(
      'E_MIGRATION_FILES',
      `${path} cannot be made (${code}). No file was replaced. ${code === 'EEXIST' ? 'Somebody has just made it: run the same command again for the next number.' : 'Name another folder with --dir, or mend its rights.'}`,
      { path },
    );
  }
}
