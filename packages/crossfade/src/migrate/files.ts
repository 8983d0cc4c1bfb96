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

/** A folder on its way to be read: nothing happens before the first step is asked for. */
export type Reading = Generator<void, Migrations>;

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
  const steps = readInSteps(folder, true);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * The reading of a folder in steps of one migration each, for who has something else to attend to between them. A
 * start leaves the down files to whoever looks into them, and one that cannot be used is refused then: reading is most
 * of what a start with nothing to do costs, and most starts never go down.
 *
 * @throws CrossfadeError as {@link readMigrations}, at the last step
 */
export function* readInSteps(folder: string, isWhole: boolean): Reading {
  const faults: string[] = [];
  const named: Named[] = [];
  for (const file of list(folder)) parseName(file, faults, named);
  yield;
  const all: Migration[] = [];
  for (const files of byVersion(named)) {
    all.push(migration(folder, files, isWhole, faults));
    yield;
  }
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

function parseName(file: Dirent, faults: string[], named: Named[]): void {
  const [, digits = '', name = '', direction = ''] = layout.exec(file.name) ?? [];
  const version = BigInt(digits);
  if (digits === '')
    faults.push(`${file.name}: the name is not of the form 000001_name.up.sql or 000001_name.down.sql`);
  else if (version > versionMax) faults.push(`${file.name}: the version is larger than ${versionMax}`);
  else named.push({ file, version, name, direction: direction as Direction });
}

/** By version, ascending, whatever the number of leading zeros. Names in their own order are mostly there already. */
function byVersion(named: Named[]): Named[][] {
  named.sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0));
  const groups: Named[][] = [];
  for (const each of named) {
    const last = groups.at(-1);
    if (last?.[0]?.version === each.version) last.push(each);
    else groups.push([each]);
  }
  return groups;
}

function migration(folder: string, files: readonly Named[], isWhole: boolean, faults: string[]): Migration {
  const [{ version, name }] = files;
  const of = (wanted: Direction): Named[] => files.filter(({ direction }) => direction === wanted);
  const [ups, downs] = [of('up'), of('down')];
  const twice = [ups, downs].filter(({ length }) => length > 1).flat();
  if (twice.length > 0) faults.push(`${namesOf(twice)}: version ${version} is there twice`);
  else if (files.some((file) => file.name !== name))
    faults.push(`${namesOf(files)}: version ${version} has two names, so they may not belong together`);
  const half = ([found]: readonly Named[], isLater: boolean): Script | null => {
    if (found === undefined) return null;
    if (isLater) return new LaterScript(folder, found.file);
    const script = readScript(folder, found.file);
    if (typeof script !== 'string') return script;
    faults.push(`${found.file.name}: ${script}`);
    return null;
  };
  return { version, name, up: half(ups, false), down: half(downs, !isWhole) };
}

function namesOf(files: readonly Named[]): string {
  return files.map(({ file }) => file.name).join(', ');
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
