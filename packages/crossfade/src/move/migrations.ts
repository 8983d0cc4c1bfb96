import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { ident } from '../core/sql-text.ts';
import { breaksCheck, hasOrphan } from '../drivers/sqlite/broken.ts';
import type { Design } from '../schema/design.ts';
import type { TargetColumn, TargetForeignKey, TargetTable } from '../schema/model.ts';
import { readMigrations } from '../migrate/files.ts';
import { type Late, migrationScripts, type Script, type Scripts, stepKey } from '../schema/script.ts';
import type { Prepared } from './prepare.ts';
import { sourceTitle } from '../staging/source-name.ts';
import type { OpenSource } from './source.ts';

/** Where and under which name the migrations are to stand. */
export interface MigrationsOptions {
  readonly folder: string;
  /** Letters, digits, `_` and `-`. Default: the source's file name. */
  readonly name?: string;
  /** Take the number after the last one that stands in the folder; otherwise a folder with migrations is refused. */
  readonly next?: boolean;
}

/** Digits of a number, as in `000001_users.up.sql`. */
const numberDigits = 6;

/** The schema of a prepared move as migrations, with what its rows do not allow before they are there put last. */
export function scriptsOf(source: OpenSource, prepared: Prepared, schema: string, fillWith: string): Scripts {
  const { design, profiles, notMoved } = prepared;
  const rows = new Map(
    design.tables.map((table) => [
      table.name,
      profiles.find((profile) => profile.table.name === table.source.name)?.rows ?? 0,
    ]),
  );
  const wide = new Set(
    profiles.flatMap(({ table, evidence }) =>
      table.columns
        .filter((_, i) => evidence[i].bytesMax > limits.indexEntryBytesMax)
        .map((column) => wideKey(table.name, column.name)),
    ),
  );
  return migrationScripts({ schema, design, notMoved, rows, late: lateSteps(source, design, wide), fillWith });
}

function wideKey(table: string, column: string): string {
  return `${table}\0${column}`;
}

/** What cannot stand while the rows come, by step: rows would be refused one by one. */
function lateSteps(source: OpenSource, design: Design, wide: ReadonlySet<string>): Map<string, Late> {
  const late = new Map<string, Late>();
  for (const table of design.tables) {
    for (const name of wideIndexes(table, wide)) late.set(stepKey(table.name, name), tooLarge);
    for (const check of table.checks)
      if (breaksCheck(source.file.path, source.reader, table.source.name, check.source.expression))
        late.set(stepKey(table.name, check.name), {
          why: 'rows break it, so it holds for new rows alone',
          notValid: true,
        });
  }
  for (const table of design.tables) {
    for (const key of table.foreignKeys) {
      const parent = design.tables.find(({ name }) => name === key.parent) as TargetTable;
      if (isOrphaned(source, table, parent, key))
        late.set(stepKey(table.name, key.name), {
          why: `rows have no parent in ${key.parent}, so it holds for new rows alone; VALIDATE CONSTRAINT once they are mended`,
          notValid: true,
        });
      else if (wideIndexes(parent, wide).some((name) => late.has(stepKey(parent.name, name))))
        late.set(stepKey(table.name, key.name), {
          why: `the key of ${key.parent} that it may need stands in this file`,
          notValid: false,
        });
    }
  }
  return late;
}

const tooLarge: Late = {
  why: `values have more than ${limits.indexEntryBytesMax} bytes, which an index takes only if they can be compressed; take the statement out if the server refuses it`,
  notValid: false,
};

function wideIndexes(table: TargetTable, wide: ReadonlySet<string>): string[] {
  const isWide = (column: TargetColumn): boolean => wide.has(wideKey(table.source.name, column.source.name));
  const columns = table.columns.filter(isWide);
  const keys =
    table.primaryKey === null ? [] : [{ name: table.primaryKey.name, parts: table.primaryKey.columns.map(ident) }];
  const indexes = table.indexes.filter(({ method }) => method === 'btree');
  return [...keys, ...indexes]
    .filter(({ parts }) => columns.some(({ name }) => parts.some((part) => part.includes(ident(name)))))
    .map(({ name }) => name);
}

function isOrphaned(source: OpenSource, child: TargetTable, parent: TargetTable, key: TargetForeignKey): boolean {
  return hasOrphan(
    source.file.path,
    source.reader,
    { table: child.source.name, columns: key.columns.map((name) => sourceName(child, name)) },
    { table: parent.source.name, columns: key.parentColumns.map((name) => sourceName(parent, name)) },
  );
}

function sourceName(table: TargetTable, target: string): string {
  return (table.columns.find(({ name }) => name === target) as TargetColumn).source.name;
}

/**
 * Writes the files of the scripts and returns their paths. No file is replaced: all names are looked at first.
 * @throws CrossfadeError E_USAGE, E_REPORT_UNWRITABLE
 */
export function writeMigrations(scripts: Scripts, name: string, options: MigrationsOptions): string[] {
  const first = nextNumber(options);
  const files = [
    ...filesOf(first, name, scripts.tables),
    ...(scripts.later === null ? [] : filesOf(first + 1n, `${name}_after_move`, scripts.later)),
  ].map(({ file, text }) => ({ path: join(options.folder, file), text }));
  const taken = files.find(({ path }) => existsSync(path));
  if (taken !== undefined)
    throw refused(`${taken.path} stands there already`, 'Choose another folder or another --name.');
  try {
    mkdirSync(options.folder, { recursive: true });
    for (const { path, text } of files) writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CrossfadeError(
      'E_REPORT_UNWRITABLE',
      `The migrations could not be written to ${options.folder} (${reason}). What stands there already is unchanged. Choose a folder that you may write to.`,
      { path: options.folder, reason },
    );
  }
  return files.map(({ path }) => path);
}

function filesOf(number: bigint, name: string, script: Script): { file: string; text: string }[] {
  const stem = `${String(number).padStart(numberDigits, '0')}_${name}`;
  return [
    { file: `${stem}.up.sql`, text: script.up },
    { file: `${stem}.down.sql`, text: script.down },
  ];
}

/** The name of the migration: as given, or made of the source's file name. Throws E_USAGE before anything is read. */
export function migrationName(source: string, { name }: MigrationsOptions): string {
  if (name === undefined) {
    const stem = sourceTitle(source)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|(?<!_)_+$/g, '');
    return stem === '' ? 'first' : stem;
  }
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name)) return name;
  throw refused(`${JSON.stringify(name)} cannot be the name of a migration`, 'Use letters, digits, _ and -.');
}

/** The number of the first new file. Throws E_USAGE where migrations stand and the next number was not asked for. */
export function nextNumber({ folder, next }: MigrationsOptions): bigint {
  const last = existsSync(folder) ? readMigrations(folder).all.at(-1)?.version : undefined;
  if (last === undefined) return 1n;
  if (next === true) return last + 1n;
  throw refused(
    `${folder} holds migrations already, the last one ${last}`,
    'Take the next number with --next, or choose another folder.',
  );
}

function refused(what: string, next: string): CrossfadeError {
  return new CrossfadeError('E_USAGE', `${what}. Nothing was written. ${next}`);
}
