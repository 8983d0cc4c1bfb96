import type { ColumnDef, TypeName } from 'libpg-query';
import type { Hit, Rule, Scene } from '../model.ts';
import { type QName, shown } from '../names.ts';
import {
  alterationsOf,
  as,
  type DefinedColumn,
  definedColumns,
  definedConstraints,
  fresh,
  nodesBelow,
} from '../tree.ts';
import { shownType, type SqlType, type TypeChange, typeChange, typeOf } from '../types.ts';

/** A column that changes its type. */
interface Changed {
  readonly table: QName;
  readonly column: string;
  readonly from: SqlType | null;
  readonly to: SqlType;
  readonly at: number | undefined;
  readonly does: TypeChange | 'computes';
}

function changed(scene: Scene): Changed[] {
  return alterationsOf(scene.piece.node, 'AT_AlterColumnType').flatMap(({ table, command }) => {
    const definition = command.def === undefined ? null : as(command.def, 'ColumnDef');
    if (definition === null || fresh(scene, table)) return [];
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

/** Columns with their types, by what a rule objects to. */
function typed(scene: Scene, wrong: (type: SqlType) => boolean): Hit[] {
  const columns = definedColumns(scene.piece.node).map(({ table, column }) => {
    return { table, column: column.colname ?? '', type: typeOf(column.typeName) };
  });
  const altered = changed(scene).map(({ table, column, to }) => ({ table, column, type: to }));
  return [...columns, ...altered]
    .filter(({ type }) => wrong(type))
    .map(({ table, column, type }) => {
      const words = {
        table: shown(table),
        column: shown(column),
        type: shownType(type),
        limit: `${type.mods[0] ?? 1}`,
      };
      return { at: type.at, words };
    });
}

const serials = /^(small|big)?serial[248]?$/;
const narrow = /^(int2|int4|serial|serial4|smallserial|serial2)$/;

/** The columns of primary keys, and those that count up, that a statement defines. */
function keyColumns(scene: Scene): DefinedColumn[] {
  const keys = definedConstraints(scene.piece.node)
    .filter(({ constraint }) => /PRIMARY|IDENTITY/.test(constraint.contype ?? ''))
    .flatMap(({ columns }) => columns);
  return definedColumns(scene.piece.node).filter(
    ({ column }) => keys.includes(column.colname ?? '') || serials.test(typeOf(column.typeName).name),
  );
}

/** What every type rule shows: the right type in a table of its own. */
const inTable = (type: string): string => `CREATE TABLE {table} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  {column} ${type}
);`;

/** A fault of taste or of meaning in a column's type. */
function typeRule(
  rule: Omit<Rule, 'bad' | 'downs' | 'check' | 'safe'> & { bad: string; good: string; wrong: RegExp },
): Rule {
  const { bad, good, wrong, ...rest } = rule;
  const sql = `CREATE TABLE visits (id bigint PRIMARY KEY, value ${bad});`;
  const check = (scene: Scene): Hit[] => typed(scene, (type) => wrong.test(`${type.name} ${type.mods.length}`));
  return { ...rest, safe: inTable(good), bad: sql, downs: false, check };
}

/** Types: what a change of one does, and which ones are traps. */
export const typeRules: readonly Rule[] = [
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
    code: 'cast-cuts',
    severity: 'warning',
    title: 'A cast to varchar(n), char(n) or bit(n)',
    reason: 'A cast cuts what is longer than {limit} and reports nothing; an assignment would refuse it.',
    safe: 'UPDATE users SET code = name WHERE code IS NULL;',
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
  typeRule({
    code: 'timestamp-without-zone',
    severity: 'warning',
    title: 'TIMESTAMP without time zone',
    reason:
      '{column} drops the offset of what it is given: the same moment is stored as different times. timestamptz takes the same space.',
    bad: 'timestamp',
    good: 'timestamptz',
    wrong: /^timestamp /,
  }),
  typeRule({
    code: 'char-padded',
    severity: 'warning',
    title: 'CHAR(n)',
    reason: '{column} is filled up with blanks, and blanks at its end do not count: values come back changed.',
    bad: 'char(10)',
    good: 'text',
    wrong: /^bpchar /,
  }),
  typeRule({
    code: 'varchar-limit',
    severity: 'note',
    title: 'VARCHAR(n)',
    reason:
      'The limit {limit} saves no space, and lowering it later writes the table anew. A CHECK on text can be changed under load.',
    bad: 'varchar(50)',
    good: 'text CHECK (length({column}) <= {limit})',
    wrong: /^varchar 1/,
  }),
  typeRule({
    code: 'money-type',
    severity: 'warning',
    title: 'MONEY',
    reason:
      'What {column} shows and takes depends on lc_monetary, and it knows no currency: after a restore elsewhere amounts mean something else.',
    bad: 'money',
    good: 'numeric(12, 2)',
    wrong: /^money /,
  }),
  typeRule({
    code: 'json-type',
    severity: 'note',
    title: 'JSON instead of JSONB',
    reason:
      '{column} is parsed at every reading, has no equality (SELECT DISTINCT and GROUP BY fail) and no GIN index. json is right only where each byte must stay.',
    bad: 'json',
    good: 'jsonb',
    wrong: /^json /,
  }),
  typeRule({
    code: 'serial-type',
    severity: 'note',
    title: 'SERIAL instead of IDENTITY',
    reason:
      'The sequence behind {column} has rights and an owner of its own, and an INSERT with a number leaves it behind. GENERATED ALWAYS AS IDENTITY refuses that.',
    bad: 'bigserial',
    good: 'bigint GENERATED BY DEFAULT AS IDENTITY',
    wrong: /serial/,
  }),
  {
    code: 'int-key',
    severity: 'warning',
    title: 'A key that runs out',
    reason:
      '{column} ends at {limit}; rows that were deleted and inserts that failed count too. The change to bigint later writes the table anew.',
    safe: 'CREATE TABLE {table} ({column} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);',
    bad: 'CREATE TABLE visits (id integer PRIMARY KEY);',
    downs: false,
    check: (scene) =>
      keyColumns(scene)
        .map((each) => ({ ...each, type: typeOf(each.column.typeName) }))
        .filter(({ type }) => narrow.test(type.name))
        .map(({ table, column, type }) => {
          const limit = /2|small/.test(type.name) ? '32,767' : '2,147,483,647';
          return { at: type.at, words: { table: shown(table), column: shown(column.colname ?? ''), limit } };
        }),
  },
];
