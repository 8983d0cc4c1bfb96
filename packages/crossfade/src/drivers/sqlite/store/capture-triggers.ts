import type { Collection } from '../../../schema/collection.ts';
import type { SourceIndex, SourceTable } from '../../../schema/model.ts';
import { foldName } from '../../../schema/sqlite/sqlite.ts';
import { name, quoted } from '../names.ts';
import { rowidOf } from './open.ts';
import { isStranger } from './passage.ts';

/** The names of all triggers of capture begin so; the collection ends them. */
export const capturePrefix = 'crossfade.capture.';

/** The collection of a trigger of capture, by its name: `crossfade.capture.insert.people`. */
export function collectionOf(called: string): string {
  return called.slice(called.indexOf('.', capturePrefix.length) + 1);
}

/**
 * The triggers that note each written key in the journal, by name. They stand in the file and so act in every process
 * that writes to it, within its own transaction; they use nothing that SQLite 3.38 lacks.
 *
 * @throws TypeError for a unique index whose text cannot be read
 */
export function captureTriggers(collection: string, shape: Collection, table: SourceTable): Map<string, string> {
  const before = keyJson(shape, 'OLD');
  const after = keyJson(shape, 'NEW');
  const note = (key: string): string => noted(collection, `SELECT ${key}`);
  const victims = victimSelects(shape, table);
  const bodies: Readonly<Record<string, readonly [when: string, body: string]>> = {
    insert: ['AFTER INSERT', note(after)],
    update: ['AFTER UPDATE', note(after)],
    delete: ['AFTER DELETE', note(before)],
  };
  const found = Object.entries(bodies).map(([kind, [when, body]]) => trigger(kind, collection, when, isStranger, body));
  // As text, which has no collation: a column that takes 'A' for 'a' would hide that the key has changed.
  found.push(trigger('moved', collection, 'AFTER UPDATE', `${isStranger} AND (${before}) <> (${after})`, note(before)));
  if (victims.length > 0) {
    const own = rowidOf(table);
    const others = own === null ? '' : ` AND victim.${own} <> OLD.${own}`;
    const body = (more: string): string => victims.map((select) => noted(collection, `${select}${more}`)).join(' ');
    found.push(trigger('replaced', collection, 'BEFORE INSERT', isStranger, body('')));
    found.push(trigger('overrun', collection, 'BEFORE UPDATE', isStranger, body(others)));
  }
  return new Map(found);
}

function trigger(kind: string, collection: string, when: string, condition: string, body: string): [string, string] {
  const called = `${capturePrefix}${kind}.${collection}`;
  return [
    called,
    `CREATE TRIGGER ${name(called)} ${when} ON ${name(collection)} FOR EACH ROW WHEN ${condition} BEGIN ${body} END`,
  ];
}

/**
 * Two statements instead of an upsert: OR REPLACE and OR IGNORE of the statement that fires a trigger reach into it.
 * The counter is never given twice, so who has seen an entry cannot clear a later one.
 */
function noted(collection: string, select: string): string {
  const of = quoted(collection);
  const values = select.replace('SELECT ', `SELECT ${of}, `);
  return `DELETE FROM crossfade_journal WHERE collection = ${of} AND key IN (${select}); INSERT INTO crossfade_journal (collection, key) ${values};`;
}

/**
 * Replacing deletes whatever has the values of a unique index without firing its triggers, unless the connection asks
 * for it. So the keys of those records are noted before, by every unique index that the table has.
 */
function victimSelects(shape: Collection, table: SourceTable): string[] {
  const key = `SELECT ${keyJson(shape, 'victim')} FROM ${name(table.name)} AS victim WHERE `;
  const matches = table.indexes
    .filter((index) => index.unique && !isOfKey(shape.key, index))
    .map((index) => matching(index, table));
  const rowid = rowidOf(table);
  const alias = table.rowidAlias;
  const isKey = alias !== null && shape.key.length === 1 && foldName(shape.key[0]) === foldName(alias);
  if (rowid !== null && !isKey) matches.push(`victim.${rowid} = NEW.${rowid}`);
  return matches.map((match) => `${key}${match}`);
}

/** Its victim has the very key that is written, which is noted anyway. */
function isOfKey(key: readonly string[], { parts, where }: SourceIndex): boolean {
  const wanted = new Set(key.map(foldName));
  return (
    where === null &&
    parts.length === wanted.size &&
    parts.every(
      ({ column, collation }) => column !== null && wanted.has(foldName(column)) && foldName(collation) === 'binary',
    )
  );
}

function matching({ name: index, parts, where }: SourceIndex, table: SourceTable): string {
  const equal = parts.map(({ column, expression, collation }) => {
    const how = `COLLATE ${name(collation)}`;
    if (column !== null) return `victim.${name(column)} = NEW.${name(column)} ${how}`;
    if (expression === null || expression === '')
      throw new TypeError(`The unique index ${index} of ${table.name} has an expression that cannot be read.`);
    return `(${expression}\n) = (${ofNew(expression, table)}) ${how}`;
  });
  // A condition that could not be read is left out: then a few more keys are noted than need be.
  return [...equal, ...(where === null || where === '' ? [] : [`(${where}\n)`])].join(' AND ');
}

/** The expression of an index speaks of columns alone, so it is given the new row's under their own names. */
function ofNew(expression: string, table: SourceTable): string {
  const columns = table.columns.map((column) => `NEW.${name(column.name)} AS ${name(column.name)}`);
  return `SELECT (${expression}\n) FROM (SELECT ${columns.join(', ')})`;
}

/** The key as JSON: what another program has put there never makes its write fail, so a blob becomes an object. */
function keyJson({ key, fields }: Collection, row: 'OLD' | 'NEW' | 'victim'): string {
  const parts = key.map((field) => {
    const cell = `${row}.${name(field)}`;
    const truth = fields[field].type === 'boolean' ? `WHEN ${cell} = 1 THEN 'true' WHEN ${cell} = 0 THEN 'false' ` : '';
    return `CASE WHEN typeof(${cell}) = 'blob' THEN '{"blob":"' || hex(${cell}) || '"}' ${truth}ELSE json_quote(${cell}) END`;
  });
  return `'[' || ${parts.join(` || ',' || `)} || ']'`;
}
