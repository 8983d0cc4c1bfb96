import type { FileFinding, Migrations } from './files.ts';
import type { History, Ran } from './history.ts';

/**
 * What ran, stands, and has no file any more, the oldest first. Nobody notices where the database itself is right; a new
 * one would lack what the file made. The version of the database is judged apart: without its file nothing goes on.
 * `force` takes such a folder as it is, with a row whose checksum is unknown.
 */
export function gone({ all }: Migrations, { version, ran }: History): Ran[] {
  const files = new Set(all.map((migration) => migration.version));
  return [...ran.values()]
    .filter((row) => row.stands && version !== null && row.version < version && !files.has(row.version))
    .filter(({ direction, sha256 }) => direction !== 'down' && (direction !== 'force' || sha256 !== null))
    .toSorted((a, b) => (a.version < b.version ? -1 : 1));
}

/** A note for each of them. */
export function goneFindings(migrations: Migrations, history: History): FileFinding[] {
  return gone(migrations, history).map((row) => ({
    code: 'gone',
    message: `${label(row)} ran, and its file is gone from the folder: a new database would lack what it made, and no way leads down past it. Bring it back. If the folder is right without it: crossfade migrate force ${history.version}`,
    path: null,
  }));
}

/** As its files were called; another tool's version has no name. */
export function label({ version, name }: Pick<Ran, 'version' | 'name'>): string {
  return name === '' ? String(version) : `${version}_${name}`;
}
