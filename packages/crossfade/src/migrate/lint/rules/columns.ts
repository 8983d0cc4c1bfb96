import { callsVolatile, expressionOf } from '../apply.ts';
import type { Hit, Rule, Scene } from '../model.ts';
import { shown, textOf } from '../names.ts';
import { steadyFunctions } from '../steady.ts';
import { fresh } from '../fresh.ts';
import { proven } from '../proven.ts';
import { alterationsOf, type DefinedColumn, definedColumns, definedConstraints, hasConstraint } from '../tree.ts';
import { serials, shownType, typeOf } from '../types.ts';

/** Columns added to tables that others use. */
function added(scene: Scene): DefinedColumn[] {
  return definedColumns(scene.piece.node).filter((each) => each.added && !fresh(scene, each.table));
}

function hitOf({ table, column }: DefinedColumn, more: Record<string, string> = {}): Hit {
  const words = {
    table: shown(table),
    column: shown(column.colname ?? ''),
    type: shownType(typeOf(column.typeName)),
    ...more,
  };
  return { at: column.location, words };
}

function isSerial({ column }: DefinedColumn): boolean {
  return serials.test(typeOf(column.typeName).name) || hasConstraint(column, 'CONSTR_IDENTITY');
}

/** Columns that are added, and what is demanded of them. */
export const columnRules: readonly Rule[] = [
  {
    code: 'add-column-not-null',
    severity: 'error',
    title: 'ADD COLUMN NOT NULL without DEFAULT',
    reason:
      'It fails on a table with rows, since they would have no value; and programs that do not know {column} could not insert any more.',
    safe: "ALTER TABLE {table} ADD COLUMN {column} {type} NOT NULL DEFAULT '...';",
    bad: 'ALTER TABLE users ADD COLUMN name text NOT NULL;',
    downs: true,
    check: (scene) =>
      definedColumns(scene.piece.node)
        .filter((each) => each.added && !(fresh(scene, each.table) && scene.catalog.table(each.table)?.filled !== true))
        .filter((each) => hasConstraint(each.column, 'CONSTR_NOTNULL', 'CONSTR_PRIMARY') && !isSerial(each))
        .filter((each) => !hasConstraint(each.column, 'CONSTR_DEFAULT', 'CONSTR_GENERATED'))
        .map((each) => hitOf(each)),
  },
  {
    code: 'add-column-volatile-default',
    severity: 'error',
    title: 'ADD COLUMN with a volatile DEFAULT',
    reason:
      'Each row needs a value of its own from {function}(), so the whole of {table} is written anew while nobody can read it. A function that no migration declares STABLE or IMMUTABLE counts as volatile.',
    safe: `ALTER TABLE {table} ADD COLUMN {column} {type};
ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {function}();
-- then fill the rows in small batches, outside the migration`,
    bad: 'ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();',
    downs: true,
    check: (scene) =>
      added(scene).flatMap((each) => {
        const steady = (name: string): boolean => {
          const declared = scene.catalog.volatility(name);
          return declared === null ? steadyFunctions.has(name) : declared !== 'volatile';
        };
        const called = callsVolatile(expressionOf(each.column, 'CONSTR_DEFAULT'), steady);
        return called === null ? [] : [hitOf(each, { function: shown(called) })];
      }),
  },
  {
    code: 'add-column-serial',
    severity: 'error',
    title: 'ADD COLUMN of a serial or identity',
    reason: 'Each row gets a number, so the whole of {table} is written anew while nobody can read it.',
    safe: `CREATE SEQUENCE {sequence};
ALTER TABLE {table} ADD COLUMN {column} bigint;
ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT nextval('{sequence}');
ALTER SEQUENCE {sequence} OWNED BY {table}.{column};
-- then number the rows in small batches, outside the migration`,
    bad: 'ALTER TABLE users ADD COLUMN number bigserial;',
    downs: true,
    check: (scene) =>
      added(scene)
        .filter(isSerial)
        .map((each) => hitOf(each, { sequence: shown(`${each.table.name}_${each.column.colname ?? ''}_seq`) })),
  },
  {
    code: 'add-column-stored',
    severity: 'error',
    title: 'ADD COLUMN GENERATED ... STORED',
    reason:
      'The value of each row is computed and stored: the whole of {table} is written anew while nobody can read it.',
    safe: `ALTER TABLE {table} ADD COLUMN {column} {type};
-- then keep it filled by a trigger, and fill the old rows in small batches;
-- or compute it when read: GENERATED ALWAYS AS (...) VIRTUAL, from PostgreSQL 18`,
    bad: 'ALTER TABLE users ADD COLUMN folded text GENERATED ALWAYS AS (lower(email)) STORED;',
    downs: true,
    check: (scene) =>
      added(scene)
        .filter(({ column }) =>
          (column.constraints ?? []).some((each) => 'Constraint' in each && each.Constraint.generated_kind === 's'),
        )
        .map((each) => hitOf(each)),
  },
  {
    code: 'add-column-domain',
    severity: 'error',
    title: 'ADD COLUMN of a domain with a constraint',
    reason:
      'PostgreSQL asks the domain {type} of each row, so the whole of {table} is written anew while nobody can read it.',
    safe: `-- the type below the domain, and the check of the domain on the table:
ALTER TABLE {table} ADD COLUMN {column} integer;
ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} > 0) NOT VALID;
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {check};`,
    bad: 'ALTER TABLE users ADD COLUMN age positive;',
    history: ['CREATE DOMAIN positive AS integer CHECK (VALUE > 0);'],
    downs: true,
    check: (scene) =>
      added(scene)
        .filter(({ column }) => scene.catalog.isConstrainedDomain(typeOf(column.typeName).name))
        .map((each) => hitOf(each, { check: shown(`${each.table.name}_${each.column.colname ?? ''}_check`) })),
  },
  {
    code: 'set-expression-rewrites',
    severity: 'error',
    title: 'SET EXPRESSION of a stored generated column',
    reason:
      'The value of each row is computed anew, so the whole of {table} and its indexes are written anew while nobody can read it. Only a VIRTUAL column is free of that.',
    safe: `ALTER TABLE {table} ADD COLUMN {copy} {type};
-- then keep it filled by a trigger, fill the old rows in small batches, read {copy}, and drop {column} in a later migration`,
    bad: 'ALTER TABLE users ALTER COLUMN folded SET EXPRESSION AS (lower(email));',
    downs: true,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_SetExpression')
        .map(({ table, command }) => {
          const column = command.name ?? '';
          return { table, column, known: scene.catalog.table(table)?.columns.get(column) };
        })
        .filter(({ table, known }) => !fresh(scene, table) && known?.virtual !== true)
        .map(({ table, column, known }) => {
          const type = known === undefined || known.type.name === '' ? 'text' : shownType(known.type);
          return { words: { table: shown(table), column: shown(column), copy: shown(`${column}_new`), type } };
        }),
  },
  {
    code: 'set-not-null-scans',
    severity: 'error',
    title: 'SET NOT NULL without a validated CHECK',
    reason:
      'All of {table} is read while nobody can use it. With a validated CHECK ({column} IS NOT NULL) PostgreSQL knows already.',
    safe: `ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;
-- next migration
ALTER TABLE {table} VALIDATE CONSTRAINT {check};
-- next migration
ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;
ALTER TABLE {table} DROP CONSTRAINT {check};`,
    bad: 'ALTER TABLE users ALTER COLUMN name SET NOT NULL;',
    downs: true,
    check: (scene) => {
      const set = alterationsOf(scene.piece.node, 'AT_SetNotNull').map(({ table, command }) => {
        return { table, column: command.name ?? '', at: undefined as number | undefined };
      });
      const constrained = definedConstraints(scene.piece.node)
        .filter((each) => each.added && !each.inline && each.constraint.contype === 'CONSTR_NOTNULL')
        .filter(({ constraint }) => constraint.skip_validation !== true)
        .map(({ table, constraint }) => {
          return { table, column: textOf(constraint.keys?.[0]), at: constraint.location };
        });
      return [...set, ...constrained]
        .filter(({ table, column }) => !fresh(scene, table) && !proven(scene, table, column))
        .map(({ table, column, at }) => {
          const check = shown(`${table.name}_${column}_not_null`);
          return { at, words: { table: shown(table), column: shown(column), check } };
        });
    },
  },
  {
    code: 'drop-not-null',
    severity: 'note',
    title: 'DROP NOT NULL',
    reason: 'Programs that run now do not expect a NULL in {column}, and will meet the first one when it is written.',
    safe: `-- first roll out programs that take a NULL; then
-- crossfade: allow drop-not-null because all programs take a NULL
ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;`,
    bad: 'ALTER TABLE users ALTER COLUMN name DROP NOT NULL;',
    downs: false,
    check: (scene) =>
      alterationsOf(scene.piece.node, 'AT_DropNotNull')
        .filter(({ table }) => !fresh(scene, table))
        .map(({ table, command }) => ({ words: { table: shown(table), column: shown(command.name ?? '') } })),
  },
];
