import type { Constraint, IndexStmt, Node } from '../parser.ts';
import { type Catalog, type Column, type Index, unknownTable } from './catalog.ts';
import { constraintName } from './constraint-name.ts';
import { type QName, relationName, textOf } from './names.ts';
import { notNullCheck } from './proven.ts';
import {
  type Alteration,
  alterations,
  as,
  columnConstraints,
  type DefinedColumn,
  definedColumns,
  definedConstraints,
  domainConstrained,
  dropped,
  hasConstraint,
  nodesBelow,
  option,
  renamed,
} from './tree.ts';
import { serials, typeOf } from './types.ts';

/** Brings the catalogue to where it is after a statement of the migration at this place. */
export function apply(catalog: Catalog, node: Node, ordinal: number): void {
  makeTable(catalog, node, ordinal);
  makeView(catalog, node, ordinal);
  for (const added of definedColumns(node)) if (added.added) addColumn(catalog, added);
  for (const { table, constraint, columns } of definedConstraints(node))
    addConstraint(catalog, table, constraint, columns);
  for (const alteration of alterations(node)) alter(catalog, alteration);
  makeIndex(catalog, node);
  rename(catalog, node);
  fill(catalog, node);
  declare(catalog, node);
  setPolicies(catalog, node);
  const relations = ['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE', 'OBJECT_MATVIEW', 'OBJECT_VIEW'];
  for (const name of dropped(node, ...relations)) catalog.remove(name);
  for (const name of dropped(node, 'OBJECT_INDEX')) dropIndex(catalog, name);
}

function makeTable(catalog: Catalog, node: Node, ordinal: number): void {
  const created = as(node, 'CreateStmt') ?? as(node, 'CreateForeignTableStmt')?.base ?? null;
  const query = as(node, 'CreateTableAsStmt');
  const relation = created?.relation ?? query?.into?.rel ?? as(node, 'SelectStmt')?.intoClause?.rel;
  if (relation === undefined) return;
  const name = relationName(relation);
  const stands = catalog.table(name);
  // IF NOT EXISTS of what stands does nothing.
  if (stands !== null && (created?.if_not_exists === true || query?.if_not_exists === true)) return;
  const columns = new Map(definedColumns(node).map((each) => [each.column.colname ?? '', columnOf(each)]));
  const partitioned = created?.partspec !== undefined;
  const filled = created === null && query?.into?.skipData !== true;
  catalog.put({ ...unknownTable(name), columns, createdIn: ordinal, filled, partitioned });
}

/** Nobody uses a new view yet; one that may have replaced another is not known to be new. */
function makeView(catalog: Catalog, node: Node, ordinal: number): void {
  const created = as(node, 'ViewStmt');
  if (created === null || created.replace === true) return;
  catalog.put({ ...unknownTable(relationName(created.view)), createdIn: ordinal });
}

function columnOf({ column }: DefinedColumn): Column {
  const type = typeOf(column.typeName);
  const notNull =
    serials.test(type.name) || hasConstraint(column, 'CONSTR_NOTNULL', 'CONSTR_PRIMARY', 'CONSTR_IDENTITY');
  const virtual = columnConstraints(column).some((each) => each.generated_kind === 'v');
  return { type, notNull, virtual };
}

function addColumn(catalog: Catalog, added: DefinedColumn): void {
  const column = added.column.colname ?? '';
  catalog.update(added.table, (table) => ({ columns: new Map(table.columns).set(column, columnOf(added)) }));
}

function addConstraint(catalog: Catalog, name: QName, constraint: Constraint, columns: readonly string[]): void {
  const kind = constraint.contype ?? '';
  if (/PRIMARY|UNIQUE|EXCLUSION|FOREIGN|CHECK/.test(kind)) {
    catalog.update(name, ({ indexes, constraints }) => {
      // USING INDEX names no column: they are those of the index.
      const used = indexes.find((each) => each.name === constraint.indexname && each.name !== undefined);
      const on = used === undefined ? columns : used.columns.map((column) => column ?? '');
      return { constraints: [...constraints, { name: constraintName(name, constraint, columns), kind, columns: on }] };
    });
  }
  if (/PRIMARY|NOTNULL/.test(kind) && constraint.skip_validation !== true)
    forbidNull(catalog, name, constraint, columns);
  if (/PRIMARY|UNIQUE|EXCLUSION/.test(kind)) {
    const used = constraint.indexname;
    const named = constraintName(name, constraint, columns);
    const index: Index = { name: named, columns, whole: true, unique: kind !== 'CONSTR_EXCLUSION' };
    catalog.update(name, (table) => {
      const taken = table.indexes.find((each) => each.name === used && used !== undefined);
      const others = table.indexes.filter((each) => each !== taken);
      return { indexes: [...others, { ...index, columns: taken?.columns ?? columns }] };
    });
  }
  if (kind === 'CONSTR_CHECK') {
    const check = notNullCheck(constraint);
    if (check.columns.length > 0) catalog.update(name, (table) => ({ checks: [...table.checks, check] }));
  }
}

/** A primary key says it of its columns too, and USING INDEX of those of the index. */
function forbidNull(catalog: Catalog, name: QName, { indexname }: Constraint, columns: readonly string[]): void {
  const used = catalog.table(name)?.indexes.find((each) => each.name === indexname && indexname !== undefined);
  for (const column of used?.columns ?? columns)
    if (column !== null && catalog.table(name)?.columns.has(column) === true)
      changeColumn(catalog, name, column, { notNull: true });
}

/** What a command of ALTER TABLE changes of what is known of the table. */
const changes: Readonly<Record<string, (catalog: Catalog, alteration: Alteration) => void>> = {
  AT_DropColumn: (catalog, { table, command }) => {
    const name = command.name ?? '';
    catalog.update(table, ({ columns, indexes, checks, constraints }) => ({
      constraints: constraints.filter((each) => !each.columns.includes(name)),
      columns: new Map([...columns].filter(([column]) => column !== name)),
      indexes: indexes.filter((each) => !each.columns.includes(name)),
      checks: checks.filter((each) => !each.columns.includes(name)),
    }));
  },
  AT_AlterColumnType: (catalog, { table, command }) => {
    const definition = command.def === undefined ? null : as(command.def, 'ColumnDef');
    changeColumn(catalog, table, command.name ?? '', { type: typeOf(definition?.typeName) });
  },
  AT_SetNotNull: (catalog, { table, command }) => changeColumn(catalog, table, command.name ?? '', { notNull: true }),
  AT_DropNotNull: (catalog, { table, command }) => changeColumn(catalog, table, command.name ?? '', { notNull: false }),
  AT_DropConstraint: (catalog, { table, command }) =>
    catalog.update(table, ({ indexes, checks, constraints }) => ({
      constraints: constraints.filter((each) => each.name !== command.name),
      indexes: indexes.filter((each) => each.name !== command.name),
      checks: checks.filter((each) => each.name !== command.name),
    })),
  AT_ValidateConstraint: (catalog, { table, command }) =>
    catalog.update(table, ({ checks }) => ({
      checks: checks.map((each) => (each.name === command.name ? { ...each, valid: true } : each)),
    })),
};

function alter(catalog: Catalog, alteration: Alteration): void {
  changes[alteration.command.subtype ?? '']?.(catalog, alteration);
}

function changeColumn(catalog: Catalog, name: QName, column: string, change: Partial<Column>): void {
  catalog.update(name, ({ columns }) => {
    const known = columns.get(column);
    const before = known ?? { type: { name: '', mods: [], array: false, at: 0 }, notNull: false, virtual: false };
    return { columns: new Map(columns).set(column, { ...before, ...change }) };
  });
}

function makeIndex(catalog: Catalog, node: Node): void {
  const statement: IndexStmt | null = as(node, 'IndexStmt');
  if (statement === null) return;
  const columns = (statement.indexParams ?? []).map((each) => as(each, 'IndexElem')?.name ?? null);
  const whole = statement.whereClause === undefined || impliedByKey(statement.whereClause, columns[0] ?? '');
  const unique = statement.unique === true;
  const index = { name: indexName(statement), columns, whole: whole && statement.accessMethod === 'btree', unique };
  catalog.update(relationName(statement.relation), (table) => ({ indexes: [...table.indexes, index] }));
}

/** An index WHERE column IS NOT NULL serves a foreign key as well as a whole one: no key to look for is null. */
function impliedByKey(where: Node, column: string): boolean {
  const test = as(where, 'NullTest');
  const reference = test?.nulltesttype === 'IS_NOT_NULL' && test.arg !== undefined ? as(test.arg, 'ColumnRef') : null;
  const field = reference?.fields?.at(-1);
  return field !== undefined && textOf(field) === column;
}

/** The name of an index, or the one that PostgreSQL chooses where the statement gives none. */
export function indexName(statement: IndexStmt): string {
  if (statement.idxname !== undefined && statement.idxname !== '') return statement.idxname;
  const columns = (statement.indexParams ?? []).map((each) => as(each, 'IndexElem')?.name ?? 'expr');
  return [statement.relation?.relname ?? '', ...columns, 'idx'].join('_');
}

function rename(catalog: Catalog, node: Node): void {
  const table = renamed(node, 'OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE');
  if (table !== null) {
    const from = relationName(table.relation);
    catalog.update(from, () => ({ name: { schema: from.schema, name: table.newname ?? '' } }));
  }
  const column = renamed(node, 'OBJECT_COLUMN');
  if (column !== null) {
    const to = (name: string | null): string => (name === column.subname ? (column.newname ?? '') : (name ?? ''));
    catalog.update(relationName(column.relation), ({ columns, indexes, checks, constraints }) => ({
      constraints: constraints.map((each) => ({ ...each, columns: each.columns.map(to) })),
      columns: new Map([...columns].map(([name, each]) => [to(name), each])),
      indexes: indexes.map((each) => ({ ...each, columns: each.columns.map((name) => name && to(name)) })),
      checks: checks.map((each) => ({ ...each, columns: each.columns.map(to) })),
    }));
  }
  const constraint = renamed(node, 'OBJECT_TABCONSTRAINT');
  if (constraint !== null) {
    const newName = <Named extends { readonly name: string | null }>(each: Named): Named =>
      each.name === constraint.subname ? { ...each, name: constraint.newname ?? '' } : each;
    catalog.update(relationName(constraint.relation), ({ indexes, checks, constraints }) => ({
      indexes: indexes.map(newName),
      checks: checks.map(newName),
      constraints: constraints.map(newName),
    }));
  }
}

function fill(catalog: Catalog, node: Node): void {
  const copied = as(node, 'CopyStmt');
  const relation = as(node, 'InsertStmt')?.relation ?? (copied?.is_from === true ? copied.relation : undefined);
  if (relation !== undefined) catalog.update(relationName(relation), () => ({ filled: true }));
}

function declare(catalog: Catalog, node: Node): void {
  const domain = domainConstrained(node);
  if (domain !== null) catalog.constrainDomain(domain.name.name);
  const statement = as(node, 'CreateFunctionStmt');
  if (statement === null) return;
  const volatility = textOf(option(statement.options, 'volatility')?.arg) || 'volatile';
  catalog.declare(textOf(statement.funcname?.at(-1)), volatility);
}

function setPolicies(catalog: Catalog, node: Node): void {
  const made = as(node, 'CreatePolicyStmt');
  if (made !== null)
    catalog.update(relationName(made.table), ({ policies }) => ({ policies: [...policies, made.policy_name ?? ''] }));
}

function dropIndex(catalog: Catalog, name: QName): void {
  const table = catalog.tableOfIndex(name);
  if (table === null) return;
  catalog.update(table.name, ({ indexes }) => ({ indexes: indexes.filter((each) => each.name !== name.name) }));
}

/** Whether an expression calls what may answer otherwise for each row; `known` is asked for functions of the files. */
export function callsVolatile(expression: Node | undefined, steady: (name: string) => boolean): string | null {
  for (const [kind, fields] of nodesBelow(expression)) {
    if (kind !== 'FuncCall') continue;
    const name = textOf((fields.funcname as Node[] | undefined)?.at(-1));
    if (!steady(name)) return name;
  }
  return null;
}

/** The expression behind DEFAULT, or behind GENERATED ... AS. */
export function expressionOf(column: DefinedColumn['column'], kind: string): Node | undefined {
  return columnConstraints(column).find((each) => each.contype === kind)?.raw_expr;
}
