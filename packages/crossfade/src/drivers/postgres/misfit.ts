import { CrossfadeError } from '../../core/errors.ts';
import { nameFault, schemaFault } from '../../core/names.ts';
import type { CatalogTable } from './catalog.ts';
import { codecs } from './codecs.ts';
import type { Table } from './table.ts';

/** @throws TypeError for names that PostgreSQL would cut or does not hold */
export function checkNames(schema: string, tables: Iterable<Table>): void {
  const names = [...tables].flatMap(({ name, fields }) => [name, ...fields]);
  const faults = [schemaFault(schema), ...names.map(nameFault)];
  const at = faults.findIndex((fault) => fault !== null);
  if (at >= 0) throw new TypeError(`${JSON.stringify([schema, ...names][at])} cannot be used: ${faults[at]}.`);
}

/** @throws CrossfadeError E_TARGET_MISMATCH naming the first way in which the table is not that of the collection */
export function checkTable(
  schema: string,
  table: Table,
  found: CatalogTable | undefined,
  all: ReadonlyMap<string, Table>,
): void {
  const what = found === undefined ? 'is not there' : misfitOf(table, found, all);
  if (what === null) return;
  throw new CrossfadeError(
    'E_TARGET_MISMATCH',
    `The table ${schema}.${table.name} ${what}. Nothing was changed. Migrate it, correct the schema, or let the store make tables that are missing with tables: 'create'.`,
    { schema, table: table.name },
  );
}

function misfitOf(table: Table, found: CatalogTable, all: ReadonlyMap<string, Table>): string | null {
  return columnMisfit(table, found) ?? surplusMisfit(table, found) ?? relationMisfit(table, found, all);
}

function columnMisfit({ fields, shape }: Table, found: CatalogTable): string | null {
  for (const name of fields) {
    const { type, nullable = false } = shape.fields[name];
    const column = found.columns.find((each) => each.name === name);
    const label = JSON.stringify(name);
    if (column === undefined) return `has no column ${label}`;
    const wanted = codecs[type].column;
    if (column.type !== wanted) return `has a column ${label} of type ${column.type}, where ${wanted} is expected`;
    if (column.isGenerated) return `computes its column ${label} itself`;
    if (column.isLoose) return `has a column ${label} whose collation takes different texts for equal`;
    if (nullable && column.isNotNull) return `has a column ${label} that is NOT NULL, and the field may be null`;
    if (!nullable && !column.isNotNull) return `has a column ${label} that may be NULL, and the field may not`;
  }
  return null;
}

/** Other columns are left alone, as long as a record can be made without them. */
function surplusMisfit({ fields }: Table, found: CatalogTable): string | null {
  const left = found.columns.find(
    ({ name, isNotNull, hasDefault }) => !fields.includes(name) && isNotNull && !hasDefault,
  );
  return left === undefined
    ? null
    : `has a column ${JSON.stringify(left.name)} that demands a value and is not in the schema`;
}

function relationMisfit({ shape }: Table, found: CatalogTable, all: ReadonlyMap<string, Table>): string | null {
  const keys = found.unique.filter(({ columns, isImmediate }) => isImmediate && sameSet(columns, shape.key));
  if (keys.length === 0) return `has no primary key (${shape.key.join(', ')})`;
  const unique = (shape.unique ?? []).find((set) => !found.unique.some(({ columns }) => sameSet(columns, set)));
  if (unique !== undefined) return `has no unique constraint (${unique.join(', ')})`;
  const reference = (shape.references ?? []).find(
    ({ fields, to, onRemove }) =>
      !found.references.some(
        (each) =>
          each.to === to &&
          each.onRemove === onRemove &&
          sameList(each.columns, fields) &&
          sameList(each.toColumns, all.get(to)?.shape.key ?? []),
      ),
  );
  return reference === undefined
    ? null
    : `has no foreign key (${reference.fields.join(', ')}) to ${reference.to} that does on removal what the schema says`;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.join('\0') === b.join('\0');
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
