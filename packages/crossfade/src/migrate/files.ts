import { type Dirent, readdirSync } from 'node:fs';
import { CrossfadeError } from '../core/errors.ts';
import type { Direction, Migration, Script } from './model.ts';
import { LaterScript, readScript, unusable } from './script.ts';

/** What is odd in a folder and does not keep it from running. */
export interface FileFinding {
  readonly code: 'gap' | 'missing-up' | 'missing-down' | 'empty' | 'gone';
  readonly message: string;
  readonly path: string | null;
}

/** A folder of migrations, read whole. */
export interface Migrations {
  readonly folder: string;
  /** Ascending by version. */
  readonly all: readonly Migration[];
  readonly findings: readonly FileFinding[];
}

/** golang-migrate's layout. Letters of any language, digits and `_ . -` make a name that every shell and system takes. */
const layout = /^(\d{1,19})_([\p{L}\p{N}_.-]+)\.(up|down)\.sql$/u;

/** schema_migrations.version is a bigint. */
const versionMax = 2n ** 63n - 1n;

/** From here on a version is a time (seconds since 1970, or 20260131120000), and times leave gaps. */
const timestampMin = 1_000_000_000n;

interface Named {
  readonly file: Dirent;
  readonly version: bigint;
  readonly name: string;
  readonly direction: Direction;
}

/**
 * Reads every migration of a folder. Files that do not end in `.sql`, hidden files and folders are passed over; links
 * are followed, since that is how Kubernetes mounts a ConfigMap.
 *
 * @throws CrossfadeError E_MIGRATION_FILES for names that do not fit, two files for one place, and files that cannot be
 * read: one error that names every one of them.
 */
export function readMigrations(folder: string): Migrations {
  return read(folder, true);
}

/**
 * As {@link readMigrations}, for a start: down files are read when somebody looks into them, and one that cannot be used
 * is refused then. Reading is most of what a start with nothing to do costs, and most starts never go down.
 */
export function readUpFiles(folder: string): Migrations {
  return read(folder, false);
}

function read(folder: string, isWhole: boolean): Migrations {
  const faults: string[] = [];
  const named = list(folder).flatMap((file) => parseName(file, faults));
  const groups = Map.groupBy(named, ({ version }) => version);
  const all = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, files]) => migration(folder, version, files, isWhole, faults));
  if (faults.length > 0) throw unusable(folder, faults);
  return { folder, all, findings: [...gaps(all), ...all.flatMap((each) => halves(each, isWhole))] };
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && name.toLowerCase().endsWith('.sql'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CrossfadeError(
      'E_MIGRATION_FILES',
      `The folder of migrations ${folder} cannot be read (${code}). Nothing was run. Name it with --dir, or make its first migration with: crossfade migrate new NAME`,
      { folder, faults: [] },
    );
  }
}

function parseName(file: Dirent, faults: string[]): Named[] {
  const [, digits = '', name = '', direction = ''] = layout.exec(file.name) ?? [];
  if (digits === '') {
    faults.push(`${file.name}: the name is not of the form 000001_name.up.sql or 000001_name.down.sql`);
    return [];
  }
  const version = BigInt(digits);
  if (version > versionMax) {
    faults.push(`${file.name}: the version is larger than ${versionMax}`);
    return [];
  }
  return [{ file, version, name, direction: direction as Direction }];
}

function migration(
  folder: string,
  version: bigint,
  files: readonly Named[],
  isWhole: boolean,
  faults: string[],
): Migration {
  const names = new Set(files.map(({ name }) => name));
  const twice = files.filter((a) => files.some((b) => a !== b && a.direction === b.direction));
  if (twice.length > 0)
    faults.push(`${twice.map(({ file }) => file.name).join(', ')}: version ${version} is there twice`);
  else if (names.size > 1)
    faults.push(
      `${files.map(({ file }) => file.name).join(', ')}: version ${version} has two names, so they may not belong together`,
    );
  const half = (wanted: Direction): Script | null => {
    const found = files.find(({ direction }) => direction === wanted);
    if (found === undefined) return null;
    if (wanted === 'down' && !isWhole) return new LaterScript(folder, found.file);
    const script = readScript(folder, found.file);
    if (typeof script !== 'string') return script;
    faults.push(`${found.file.name}: ${script}`);
    return null;
  };
  return { version, name: files[0]?.name ?? '', up: half('up'), down: half('down') };
}

function gaps(all: readonly Migration[]): FileFinding[] {
  return all.flatMap(({ version }, i) => {
    const before = all[i - 1]?.version ?? 0n;
    if (version >= timestampMin || version <= before + 1n) return [];
    const missing = version === before + 2n ? `${before + 1n}` : `${before + 1n} to ${version - 1n}`;
    return [{ code: 'gap', message: `There is no migration ${missing} before ${version}.`, path: null }];
  });
}

function halves({ version, name, up, down }: Migration, isWhole: boolean): FileFinding[] {
  const findings: FileFinding[] = [];
  if (up === null)
    findings.push({
      code: 'missing-up',
      message: `${version}_${name} has no .up.sql: it cannot be applied.`,
      path: down?.path ?? null,
    });
  if (down === null)
    findings.push({
      code: 'missing-down',
      message: `${version}_${name} has no .down.sql: it cannot be undone.`,
      path: up?.path ?? null,
    });
  for (const script of isWhole ? [up, down] : [up])
    if (script !== null && script.sql.trim() === '')
      findings.push({ code: 'empty', message: `${script.path} is empty: it changes nothing.`, path: script.path });
  return findings;
}
