import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { exportSchema } from '../../src/export/export.ts';
import type { ExportReport } from '../../src/export/exported.ts';
import { move } from '../../src/move/move.ts';
import { freshDatabase, type TestDatabase } from '../harness/postgres.ts';
import { targetOf } from '../support/documents.ts';
import { schemaOf } from '../support/schema-of.ts';
import type { NastyCase } from './case.ts';

/** Moves an input, copies the database into SQLite, moves the copy, and says what is different and was not named. */
export async function roundTrip(nasty: NastyCase, folder: string): Promise<readonly string[]> {
  const [first, second] = [await freshDatabase(), await freshDatabase()];
  await moveCase(nasty, first, folder);
  const to = `sqlite:${join(folder, 'round-trip.db')}`;
  const report = await exportSchema({ from: targetOf(first), to });
  const types = nasty.options?.types;
  const again = await move({
    source: to,
    target: targetOf(second),
    jobs: 1,
    ...(types === undefined ? {} : { types }),
  });
  const [schema, wanted] = [await schemaOf(second), await schemaOf(first)];
  const columns = noted(report);
  const lost = wanted.filter((part) => !schema.includes(part) && !names(report).some((name) => part.includes(name)));
  return [
    ...(again.verdict === 'equal' ? [] : [again.verdict]),
    ...lost.filter((part) => !columns.some((column) => part.startsWith(`column ${column} `))),
    ...(await rowDifferences(first, second, columns)),
  ];
}

/**
 * As {@link roundTrip}, in the form of a store, which has no types but its fields': what comes back has to be the same once
 * it is read as the type that it was. A store that does not hold a value or a table exactly refuses it by name.
 */
export async function storeRoundTrip(
  nasty: NastyCase,
  kind: 'files' | 'json',
  folder: string,
): Promise<readonly string[]> {
  const [first, second] = [await freshDatabase(), await freshDatabase()];
  await moveCase(nasty, first, folder);
  const to = `${kind}:${join(folder, 'round-trip')}`;
  const refused = await exportSchema({ from: targetOf(first), to }).then(
    () => null,
    (error: { code: string; facts: { table?: string } }) => error,
  );
  if (refused !== null)
    return ['E_ROW_INVALID', 'E_UNSUPPORTED'].includes(refused.code) && refused.facts.table !== undefined
      ? []
      : [refused.code];
  const again = await move({ source: to, target: targetOf(second), jobs: 1, types: 'plain' });
  if (again.verdict !== 'equal') return [again.verdict];
  const { rows: tables } = await first.query(
    `select relname as name, json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) order by attnum) as columns
       from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') group by 1 order by 1`,
  );
  const differences: string[] = [];
  for (const { name, columns } of tables as { name: string; columns: { name: string; type: string }[] }[]) {
    const moved = again.tables.find(({ source }) => source === name);
    const target = (column: string): string =>
      quoted(moved?.columns.find(({ source }) => source === column)?.target ?? column);
    const read = (of: (column: string) => string, isBase64: boolean, table: string): string =>
      `select array[${columns.map((column) => textOf(of(column.name), column.type, isBase64)).join(', ')}]::text as row from public.${quoted(table)}`;
    const one = await first.query(read(quoted, false, name));
    const other = await second.query(read(target, kind === 'json', moved?.target ?? name));
    const texts = ({ rows }: typeof one): string =>
      rows
        .map(({ row }) => row as string)
        .toSorted()
        .join('\n');
    if (texts(one) !== texts(other)) differences.push(`rows of ${name}`);
  }
  return differences;
}

/** SQL for the text of a value as of the type that it had. */
function textOf(column: string, type: string, isBase64: boolean): string {
  if (type === 'bytea') return `encode(${isBase64 ? `decode(${column}, 'base64')` : column}, 'hex')`;
  // An infinity is text in JSON, and beside numbers a move keeps it as JSON, quotes and all.
  if (type === 'double precision') return `btrim(${column}::text, '"')::${type}::text`;
  if (!/^jsonb?$/.test(type)) return `${column}::text::${type}::text`;
  // Members have no order there, and 1.50 is 1.5.
  return `regexp_replace(regexp_replace(${column}::text::jsonb::text, '(\\.\\d*?)0+(?!\\d)', '\\1', 'g'), '\\.(?!\\d)', '', 'g')`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function moveCase(nasty: NastyCase, database: TestDatabase, folder: string): Promise<void> {
  // Some cases become another user, who must be able to pass.
  chmodSync(folder, 0o755);
  const closers: (() => void)[] = [];
  if (nasty.before !== undefined) await database.query(nasty.before);
  const built = nasty.build(folder, (close) => closers.push(close));
  const { source, hold } = typeof built === 'string' ? { source: built, hold: () => () => {} } : built;
  const release = hold();
  try {
    await move({ ...nasty.options, source, target: targetOf(database), jobs: 1 });
  } finally {
    release();
    for (const close of closers) close();
  }
}

/** What the report names: `check t_check1 of t`, `default of k of t`. */
function names({ notTranslated }: ExportReport): string[] {
  return notTranslated.map(({ what }) => {
    const [, column, table] = /^(?:generated column|default of) (.+) of (.+)$/.exec(what) ?? [];
    return column === undefined ? (/^(?:check|index) (.+) of .+$/.exec(what)?.[1] ?? what) : `${table}.${column} `;
  });
}

/** Columns of which the report says that a move takes them for something else. */
function noted({ tables }: ExportReport): string[] {
  return tables.flatMap(({ source, columns }) =>
    columns
      .filter(({ note }) => note?.includes('a move takes it for') === true)
      .map((column) => `${source}.${column.source}`),
  );
}

/** By PostgreSQL's own text of each value; a timestamp that has become one in UTC has its offset besides. */
async function rowDifferences(
  first: TestDatabase,
  second: TestDatabase,
  columns: readonly string[],
): Promise<string[]> {
  const { rows: tables } = await first.query(
    "select relname as name, oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
  );
  const differences: string[] = [];
  for (const { name } of tables as { name: string }[]) {
    const isNoted = columns.some((column) => column.startsWith(`${name}.`));
    const [one, other] = [await rowsOf(first, name, isNoted), await rowsOf(second, name, isNoted)];
    if (one.join('\n') !== other.join('\n')) differences.push(`rows of ${name}`);
  }
  return differences;
}

async function rowsOf(database: TestDatabase, table: string, isNoted: boolean): Promise<string[]> {
  const { rows } = await database
    .query(`set timezone = 'UTC'; select t::text as row from public."${table.replaceAll('"', '""')}" t`)
    .then((found) => (found as unknown as { rows: { row: string }[] }[])[1]);
  return rows.map(({ row }) => (isNoted ? row.replace(/\+00"/, '"') : row)).toSorted();
}
