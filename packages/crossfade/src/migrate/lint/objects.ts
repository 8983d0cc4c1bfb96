import type { Node, ObjectType } from '../parser.ts';
import { indexName } from './apply.ts';
import { keyOf, listName, type QName, relationName, shown, textOf } from './names.ts';
import { alterations, alterationsOfAny, as, definedColumns, definedConstraints, droppedName } from './tree.ts';

/** Something that a statement makes or drops. */
export interface MadeObject {
  /** As SQL calls it: TABLE, INDEX, COLUMN... */
  readonly kind: string;
  readonly name: QName;
  /** The table that it goes away with. */
  readonly table: QName | null;
  /** Columns that it goes away with. */
  readonly columns: readonly string[];
  /** CREATE OR REPLACE: it may have been there before. */
  readonly replaced: boolean;
}

/** One and the same object has one and the same key. */
export function objectKey({ kind, name, table }: MadeObject): string {
  return JSON.stringify([kind, table === null ? null : keyOf(table), table === null ? keyOf(name) : name.name]);
}

/** The statement that undoes the making. */
export function undoing({ kind, name, table }: MadeObject): string {
  if (table !== null && kind === 'ATTRIBUTE') return `ALTER TYPE ${shown(table)} DROP ATTRIBUTE ${shown(name)};`;
  if (table !== null && /COLUMN|CONSTRAINT/.test(kind))
    return `ALTER TABLE ${shown(table)} DROP ${kind} ${shown(name)};`;
  if (table !== null && kind !== 'INDEX') return `DROP ${kind} ${shown(name)} ON ${shown(table)};`;
  return `DROP ${kind} ${shown(name)};`;
}

const plain = { table: null, columns: [], replaced: false };

/** What a statement makes; temporary tables go away by themselves. */
export function objectsMade(node: Node): MadeObject[] {
  const created = as(node, 'CreateStmt') ?? as(node, 'CreateForeignTableStmt')?.base ?? null;
  if (created !== null && created.relation?.relpersistence !== 't')
    return [{ ...plain, kind: 'TABLE', name: relationName(created.relation) }];
  const query = as(node, 'CreateTableAsStmt');
  if (query !== null && query.into?.rel?.relpersistence !== 't') {
    const kind = query.objtype === 'OBJECT_MATVIEW' ? 'MATERIALIZED VIEW' : 'TABLE';
    return [{ ...plain, kind, name: relationName(query.into?.rel) }];
  }
  return [...partsMade(node), ...namedMade(node)];
}

/** What goes away with its table. */
function partsMade(node: Node): MadeObject[] {
  const columns = definedColumns(node)
    .filter(({ added }) => added)
    .map(({ table, column }) => ({
      ...plain,
      kind: 'COLUMN',
      table,
      name: { schema: null, name: column.colname ?? '' },
    }));
  const attributes = alterationsOfAny(node, /^OBJECT_TYPE$/).flatMap(({ table, command }) => {
    const column =
      command.subtype === 'AT_AddColumn' && command.def !== undefined ? as(command.def, 'ColumnDef') : null;
    const name = { schema: null, name: column?.colname ?? '' };
    return column === null ? [] : [{ ...plain, kind: 'ATTRIBUTE', table, name }];
  });
  const constraints = definedConstraints(node)
    .filter(({ added, inline, constraint }) => added && !inline && constraint.conname !== undefined)
    .map(({ table, constraint, columns: on }) => {
      const name = { schema: null, name: constraint.conname ?? '' };
      return { ...plain, kind: 'CONSTRAINT', table, name, columns: on };
    });
  const index = as(node, 'IndexStmt');
  const trigger = as(node, 'CreateTrigStmt');
  const policy = as(node, 'CreatePolicyStmt');
  const rule = as(node, 'RuleStmt');
  const parts = [
    index && { kind: 'INDEX', on: index.relation, name: indexName(index), replaced: false },
    trigger && { kind: 'TRIGGER', on: trigger.relation, name: trigger.trigname, replaced: trigger.replace === true },
    policy && { kind: 'POLICY', on: policy.table, name: policy.policy_name, replaced: false },
    rule && { kind: 'RULE', on: rule.relation, name: rule.rulename, replaced: rule.replace === true },
  ].flatMap((each) => {
    if (each === null) return [];
    const table = relationName(each.on);
    const schema = each.kind === 'INDEX' ? table.schema : null;
    const on = (index?.indexParams ?? []).map((param) => as(param, 'IndexElem')?.name ?? '');
    return [{ kind: each.kind, table, name: { schema, name: each.name ?? '' }, columns: on, replaced: each.replaced }];
  });
  return [...columns, ...attributes, ...constraints, ...parts];
}

function namedMade(node: Node): MadeObject[] {
  const view = as(node, 'ViewStmt');
  const made = as(node, 'CreateFunctionStmt');
  const found: readonly (readonly [string, QName | null, (boolean | undefined)?])[] = [
    ['VIEW', view && relationName(view.view), view?.replace],
    [made?.is_procedure === true ? 'PROCEDURE' : 'FUNCTION', made && listName(made.funcname), made?.replace],
    ['SEQUENCE', maybe(as(node, 'CreateSeqStmt'), (each) => relationName(each.sequence))],
    ['TYPE', maybe(as(node, 'CreateEnumStmt'), (each) => listName(each.typeName))],
    ['TYPE', maybe(as(node, 'CompositeTypeStmt'), (each) => relationName(each.typevar))],
    ['TYPE', maybe(as(node, 'CreateRangeStmt'), (each) => listName(each.typeName))],
    ['DOMAIN', maybe(as(node, 'CreateDomainStmt'), (each) => listName(each.domainname))],
    ['SCHEMA', maybe(as(node, 'CreateSchemaStmt'), (each) => ({ schema: null, name: each.schemaname ?? '' }))],
    ['EXTENSION', maybe(as(node, 'CreateExtensionStmt'), (each) => ({ schema: null, name: each.extname ?? '' }))],
    ['ROLE', maybe(as(node, 'CreateRoleStmt'), (each) => ({ schema: null, name: each.role ?? '' }))],
  ];
  return found.flatMap(([kind, name, replaced = false]) => (name === null ? [] : [{ ...plain, kind, name, replaced }]));
}

function maybe<From, To>(value: From | null, read: (value: From) => To): To | null {
  return value === null ? null : read(value);
}

const kinds: Partial<Record<ObjectType, string>> = {
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_FOREIGN_TABLE: 'TABLE',
  OBJECT_ROUTINE: 'FUNCTION',
  OBJECT_FOREIGN_SERVER: 'SERVER',
};

/** What a statement drops. */
export function objectsDropped(node: Node): MadeObject[] {
  const parts = alterations(node)
    .filter(({ command }) => /^AT_Drop(Column|Constraint)$/.test(command.subtype ?? ''))
    .map(({ table, command }) => {
      const kind = command.subtype === 'AT_DropColumn' ? 'COLUMN' : 'CONSTRAINT';
      return { ...plain, kind, table, name: { schema: null, name: command.name ?? '' } };
    });
  const attributes = alterationsOfAny(node, /^OBJECT_TYPE$/)
    .filter(({ command }) => command.subtype === 'AT_DropColumn')
    .map(({ table, command }) => {
      return { ...plain, kind: 'ATTRIBUTE', table, name: { schema: null, name: command.name ?? '' } };
    });
  const subscription = as(node, 'DropSubscriptionStmt')?.subname;
  const subscribed = subscription === undefined ? [] : [{ schema: null, name: subscription }];
  const roles = (as(node, 'DropRoleStmt')?.roles ?? []).map((each) => {
    return { ...plain, kind: 'ROLE', name: { schema: null, name: as(each, 'RoleSpec')?.rolename ?? '' } };
  });
  const statement = as(node, 'DropStmt');
  const type = statement?.removeType;
  if (statement === null || type === undefined)
    return [...parts, ...attributes, ...roles, ...subscribed.map((name) => ({ ...plain, kind: 'SUBSCRIPTION', name }))];
  const kind = kinds[type] ?? type.replace('OBJECT_', '').replaceAll('_', ' ');
  return (statement.objects ?? []).map((each) => {
    if (!/^(TRIGGER|POLICY|RULE)$/.test(kind)) return { ...plain, kind, name: droppedName(each) };
    const names = (as(each, 'List')?.items ?? []).map(textOf);
    const table = { schema: names.at(-3) ?? null, name: names.at(-2) ?? '' };
    return { ...plain, kind, table, name: { schema: null, name: names.at(-1) ?? '' } };
  });
}
