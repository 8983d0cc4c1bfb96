import type {
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  Constraint,
  CreateStmt,
  DefElem,
  DropStmt,
  Node,
  RenameStmt,
} from '../parser.ts';
import { listName, type QName, relationName, textOf } from './names.ts';

/** The statements by their names in PostgreSQL's sources, such as `AlterTableStmt`. */
type Kinds = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never;

/** The fields of a node if it is of a kind, else null. */
export function as<Kind extends Kinds>(node: Node, kind: Kind): Extract<Node, Record<Kind, unknown>>[Kind] | null {
  return kind in node ? (node as Extract<Node, Record<Kind, unknown>>)[kind] : null;
}

/** One command of an ALTER TABLE, with the table. */
export interface Alteration {
  readonly table: QName;
  readonly command: AlterTableCmd;
}

/** The commands of an ALTER TABLE on a table; none for other statements and for views, indexes and types. */
export function alterations(node: Node): Alteration[] {
  return alterationsOfAny(node, /^OBJECT_(FOREIGN_)?TABLE$/);
}

/** The same for whatever ALTER takes commands for: views, indexes and types too, or what of them is asked for. */
export function alterationsOfAny(node: Node, kinds = /^OBJECT_/): Alteration[] {
  const statement: AlterTableStmt | null = as(node, 'AlterTableStmt');
  if (statement === null || !kinds.test(statement.objtype ?? '')) return [];
  const table = relationName(statement.relation);
  return (statement.cmds ?? []).flatMap((each) => {
    const command = as(each, 'AlterTableCmd');
    return command === null ? [] : [{ table, command }];
  });
}

/** The commands of one kind, such as `AT_AddColumn`. */
export function alterationsOf(node: Node, subtype: string): Alteration[] {
  return alterations(node).filter(({ command }) => command.subtype === subtype);
}

/** A column that a statement defines. */
export interface DefinedColumn {
  readonly table: QName;
  readonly column: ColumnDef;
  /** Added to a table that stands, rather than made with it. */
  readonly added: boolean;
}

/** The columns that CREATE TABLE and ADD COLUMN define. */
export function definedColumns(node: Node): DefinedColumn[] {
  const created: CreateStmt | null = as(node, 'CreateStmt');
  const made = (created?.tableElts ?? []).flatMap((each) => {
    const column = as(each, 'ColumnDef');
    return column === null ? [] : [{ table: relationName(created?.relation), column, added: false }];
  });
  const added = alterationsOf(node, 'AT_AddColumn').flatMap(({ table, command }) => {
    const column = command.def === undefined ? null : as(command.def, 'ColumnDef');
    return column === null ? [] : [{ table, column, added: true }];
  });
  return [...made, ...added];
}

/** The constraints that stand behind a column. */
export function columnConstraints(column: ColumnDef): Constraint[] {
  return (column.constraints ?? []).flatMap((each) => as(each, 'Constraint') ?? []);
}

/** Whether one of them is of a kind, such as `CONSTR_DEFAULT`. */
export function hasConstraint(column: ColumnDef, ...kinds: readonly string[]): boolean {
  return columnConstraints(column).some((each) => kinds.includes(each.contype ?? ''));
}

/** A constraint that a statement makes, of a column or of the table. */
export interface DefinedConstraint {
  readonly table: QName;
  readonly constraint: Constraint;
  /** The columns that it is on; those of a check are not told. */
  readonly columns: readonly string[];
  /** Put on a table that stands. */
  readonly added: boolean;
  /** Where the user wrote it behind the column. */
  readonly inline: boolean;
}

/** The constraints that CREATE TABLE and ALTER TABLE make. */
export function definedConstraints(node: Node): DefinedConstraint[] {
  const inline = definedColumns(node).flatMap(({ table, column, added }) =>
    columnConstraints(column).map((constraint) => {
      return { table, constraint, columns: [column.colname ?? ''], added, inline: true };
    }),
  );
  const created: CreateStmt | null = as(node, 'CreateStmt');
  const made = [...(created?.tableElts ?? []), ...(created?.constraints ?? [])].flatMap((each) =>
    outOfLine(relationName(created?.relation), each, false),
  );
  const added = alterationsOf(node, 'AT_AddConstraint').flatMap(({ table, command }) =>
    command.def === undefined ? [] : outOfLine(table, command.def, true),
  );
  return [...inline, ...made, ...added];
}

function outOfLine(table: QName, node: Node, added: boolean): DefinedConstraint[] {
  const constraint = as(node, 'Constraint');
  if (constraint === null) return [];
  const columns = (constraint.contype === 'CONSTR_FOREIGN' ? constraint.fk_attrs : constraint.keys) ?? [];
  return [{ table, constraint, columns: columns.map(textOf), added, inline: false }];
}

/** Every node below a value, itself included, outer before inner: `[kind, fields]`. */
export function* nodesBelow(value: unknown): Generator<[string, Record<string, unknown>]> {
  const open: unknown[] = [value];
  // A stack of its own: an expression of ten thousand ORs is as deep as it is long.
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each !== 'object' || each === null) continue;
    if (Array.isArray(each)) {
      open.push(...each.toReversed());
      continue;
    }
    for (const [kind, fields] of Object.entries(each))
      if (/^[A-Z]/.test(kind) && typeof fields === 'object' && fields !== null)
        yield [kind, fields as Record<string, unknown>];
    open.push(...Object.values(each).toReversed());
  }
}

/** An option such as `CONCURRENTLY` of REINDEX, by its name. */
export function option(options: readonly Node[] | undefined, name: string): DefElem | undefined {
  return (options ?? []).flatMap((each) => as(each, 'DefElem') ?? []).find((each) => each.defname === name);
}

/** The names that a DROP names, where it drops one kind of relation, such as `OBJECT_TABLE`. */
export function dropped(node: Node, ...kinds: readonly string[]): QName[] {
  const statement: DropStmt | null = as(node, 'DropStmt');
  if (statement === null || !kinds.includes(statement.removeType ?? '')) return [];
  return (statement.objects ?? []).map(droppedName);
}

/** The name of one object of a DROP, whatever form its kind of object gives it. */
export function droppedName(node: Node): QName {
  const withArguments = as(node, 'ObjectWithArgs');
  if (withArguments !== null) return listName(withArguments.objname);
  const type = as(node, 'TypeName');
  if (type !== null) return listName(type.names);
  const list = as(node, 'List');
  return list === null ? { schema: null, name: textOf(node) } : listName(list.items);
}

/** A domain that a statement constrains, and where. */
export interface ConstrainedDomain {
  readonly name: QName;
  readonly at: number | undefined;
}

/** The domain that a statement makes with a check or NOT NULL, or gives one. */
export function domainConstrained(node: Node): ConstrainedDomain | null {
  const created = as(node, 'CreateDomainStmt');
  const altered = as(node, 'AlterDomainStmt');
  // PostgreSQL's letters: C adds a constraint, O is SET NOT NULL.
  if (altered?.subtype === 'O') return { name: listName(altered.typeName), at: undefined };
  const names = created?.domainname ?? (altered?.subtype === 'C' ? altered.typeName : undefined);
  const constraints = created?.constraints ?? (altered?.def === undefined ? [] : [altered.def]);
  const found = constraints.flatMap((each) => as(each, 'Constraint') ?? []);
  if (names === undefined || !found.some((each) => /CHECK|NOTNULL/.test(each.contype ?? ''))) return null;
  return { name: listName(names), at: found[0]?.location };
}

/** A RENAME of one kind of object. */
export function renamed(node: Node, ...kinds: readonly string[]): RenameStmt | null {
  const statement: RenameStmt | null = as(node, 'RenameStmt');
  return statement !== null && kinds.includes(statement.renameType ?? '') ? statement : null;
}
