import { ident, literal } from '../../../core/sql-text.ts';
import type { FieldType } from '../../../schema/collection.ts';
import type { Table } from '../table.ts';
import type { Trigger } from './objects.ts';

/** The triggers that note keys, and the one that keeps TRUNCATE away. */
export const captureTriggers = { row: 'crossfade_capture', truncate: 'crossfade_capture_truncate' } as const;

/** The function of a table is named by the table's oid: a table that was rebuilt has none. */
export function captureFunction(oid: string): string {
  return `crossfade.${ident(`store_capture_${oid}`)}`;
}

/** Types that a session prints by its settings. */
const printedBySettings: readonly FieldType[] = ['timestamptz', 'timestamp', 'date'];

/**
 * The function that notes what is written into a table of a collection. Entries are only ever inserted, so that a
 * writer waits for nobody and fails for nobody. Writes of one key wait for each other in the table itself, before they
 * draw a counter, so its counters have the order of its commits.
 */
export function makeCaptureFunction(place: string, table: Table, oid: string): string {
  const { name, shape } = table;
  const key = (row: 'NEW' | 'OLD'): string =>
    `ARRAY[${shape.key.map((field) => keyText(row, field, shape.fields[field].type)).join(', ')}]`;
  const note = (row: 'NEW' | 'OLD'): string =>
    `INSERT INTO crossfade.store_outbox (place, collection, key) VALUES (${literal(place)}, ${literal(name)}, ${key(row)});`;
  const settings = shape.key.some((field) => printedBySettings.includes(shape.fields[field].type))
    ? " SET timezone = 'UTC' SET DateStyle = 'ISO, YMD'"
    : '';
  const body = `BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'CF002', MESSAGE = 'crossfade: what is written here is captured, and TRUNCATE would not be; use DELETE';
  ELSIF TG_OP = 'DELETE' THEN
    ${note('OLD')}
  ELSE
    ${note('NEW')}
    IF TG_OP = 'UPDATE' THEN
      IF ${key('OLD')} <> ${key('NEW')} THEN
        ${note('OLD')}
      END IF;
    END IF;
  END IF;
  RETURN NULL;
END`;
  return `CREATE OR REPLACE FUNCTION ${captureFunction(oid)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp${settings} AS ${literal(body)}`;
}

/** As the codecs read it. */
function keyText(row: 'NEW' | 'OLD', field: string, type: FieldType): string {
  const cell = `${row}.${ident(field)}`;
  return type === 'boolean' ? `CASE WHEN ${cell} THEN 't' ELSE 'f' END` : `${cell}::text COLLATE "C"`;
}

/** The triggers of a table that call its function. */
export function triggersOf(oid: string): { readonly row: Trigger; readonly truncate: Trigger } {
  const calls = `${captureFunction(oid)}()`;
  return {
    row: { name: captureTriggers.row, fires: 'AFTER INSERT OR UPDATE OR DELETE', each: 'ROW', calls, where: 'ALWAYS' },
    truncate: { name: captureTriggers.truncate, fires: 'BEFORE TRUNCATE', each: 'STATEMENT', calls, where: 'ALWAYS' },
  };
}
