import type { AlterTableCmd, ColumnDef, TypeName } from '../../parser.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { type QName, shown } from '../names.ts';
import { fresh, freshObject } from '../fresh.ts';
import { alterationsOf, alterationsOfAny, as, nodesBelow } from '../tree.ts';
import { shownType, type SqlType, type TypeChange, typeChange, typeOf } from '../types.ts';

/** A column that changes its type. */
export interface Changed {
  readonly table: QName;
  readonly column: string;
  readonly from: SqlType | null;
  readonly to: SqlType;
  readonly at: number | undefined;
  readonly does: TypeChange | 'computes';
}

/** Changes of tables that others use. */
function changed(scene: Scene): Changed[] {
  return typeChanges(scene).filter(({ table }) => !fresh(scene, table));
}

/** Every column that a statement gives another type. */
export function typeChanges(scene: Scene): Changed[] {
  return alterationsOf(scene.piece.node, 'AT_AlterColumnType').flatMap(({ table, command }) => {
    const definition = command.def === undefined ? null : as(command.def, 'ColumnDef');
    if (definition === null) return [];
    const column = command.name ?? '';
    const known = scene.catalog.table(table)?.columns.get(column)?.type;
    const from = known === undefined || known.name === '' ? null : known;
    const to = typeOf(definition.typeName);
    const does = computes(definition, column) ? 'computes' : from === null ? 'rewrites' : typeChange(from, to);
    return [{ table, column, from, to, at: definition.location, does }];
  });
}

/** USING that is more than the column itself, or the column cast to the new type. */
function computes({ raw_default: using, typeName }: ColumnDef, column: string): boolean {
  if (using === undefined) return false;
  const cast = as(using, 'TypeCast');
  const inner = cast?.arg ?? using;
  const name = as(inner, 'ColumnRef')?.fields?.at(-1);
  const plain = name !== undefined && 'String' in name && name.String.sval === column;
  const same = cast === null || JSON.stringify(bare(cast.typeName)) === JSON.stringify(bare(typeName));
  return !(plain && same);
}

function bare(type: TypeName | undefined): Partial<SqlType> {
  return { ...typeOf(type), at: 0 };
}

function changeHit({ table, column, from, to, at }: Changed): Hit {
  const words = {
    table: shown(table),
    column: shown(column),
    from: from === null ? 'its type' : shownType(from),
    to: shownType(to),
    copy: shown(`${column}_new`),
  };
  return { at, words };
}

function attributeHit({ piece }: Scene, type: QName, { name, def }: AlterTableCmd): Hit {
  const attribute = name ?? (def && as(def, 'ColumnDef')?.colname) ?? '';
  const change = /\b(?:ADD|ALTER)\s+ATTRIBUTE\b[\s\S]*/i.exec(piece.statement.sql)?.[0] ?? '';
  const words = {
    type: shown(type),
    attribute: shown(attribute),
    change: change.replaceAll(/(?<!\s)\s+CASCADE\b/gi, ''),
  };
  return { words };
}

/** What a change of type does to the rows. */
export const retypeRules: readonly Rule[] = [
  {
    code: 'change-type-rewrites',
    severity: 'error',
    title: 'A change of type that writes the table anew',
    reason:
      'All of {table} and its indexes are written anew while nobody can read it. Free are changes such as varchar(20) to varchar(50) or text, and a higher precision of numeric of the same scale: where a migration of the folder tells the old type, they are known.',
    safe: `ALTER TABLE {table} ADD COLUMN {copy} {to};
-- then let the programs write both, fill {copy} in small batches, read {copy}, and drop {column} in a later migration`,
    bad: 'ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 4);',
    downs: true,
    check: (scene) =>
      changed(scene)
        .filter(({ does }) => does === 'rewrites' || does === 'computes')
        .map(changeHit),
  },
  {
    code: 'change-type-loses',
    severity: 'error',
    title: 'A change of type that rounds or cuts values',
    reason: 'PostgreSQL changes the values of {column} to fit {to} where {from} held more, and reports nothing.',
    safe: `ALTER TABLE {table} ADD COLUMN {copy} {to};
-- then fill {copy} in small batches, refusing what does not fit, and drop {column} in a later migration`,
    bad: 'ALTER TABLE orders ALTER COLUMN total TYPE numeric(10, 0);',
    history: ['CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2));'],
    downs: false,
    check: (scene) =>
      changed(scene)
        .filter(({ does }) => does === 'loses')
        .map(changeHit),
  },
  {
    code: 'attribute-cascades',
    severity: 'error',
    title: 'ALTER TYPE ... ADD or ALTER ATTRIBUTE ... CASCADE',
    reason:
      'Every table that is made OF {type} is altered with it, all in one transaction under ACCESS EXCLUSIVE locks, and written anew where {attribute} gets another type.',
    safe: `-- ALTER TABLE ... NOT OF for each table, one a file; alter it as any table under load; then
ALTER TYPE {type} {change};`,
    bad: 'ALTER TYPE place ALTER ATTRIBUTE zip TYPE text CASCADE;',
    downs: true,
    check: (scene) =>
      alterationsOfAny(scene.piece.node, /^OBJECT_TYPE$/)
        .filter(({ command }) => /^AT_(Add|Alter)Column/.test(command.subtype ?? ''))
        .filter(({ table, command }) => command.behavior === 'DROP_CASCADE' && !freshObject(scene, table))
        .map(({ table, command }) => attributeHit(scene, table, command)),
  },
  {
    code: 'cast-cuts',
    severity: 'warning',
    title: 'A cast to varchar(n), char(n) or bit(n)',
    reason: 'A cast cuts what is longer than {limit} and reports nothing; an assignment would refuse it.',
    safe: '-- assign without the cast: what is longer than {limit} is refused',
    bad: 'UPDATE users SET code = name::varchar(5) WHERE code IS NULL;',
    downs: false,
    check: (scene) => {
      const hits: Hit[] = [];
      if (scene.piece.kind === 'InsertStmt' && !scene.piece.statement.sql.includes('::')) return [];
      for (const [kind, fields] of nodesBelow(scene.piece.node)) {
        if (kind !== 'TypeCast' || 'A_Const' in (fields.arg as object)) continue;
        const type = typeOf(fields.typeName as TypeName);
        if (/^(varchar|bpchar|bit|varbit)$/.test(type.name) && type.mods.length > 0)
          hits.push({ at: type.at, words: { limit: `${type.mods[0]}` } });
      }
      return hits;
    },
  },
];
