import { ident, literal } from '../../core/sql-text.ts';
import { Namespace } from '../../schema/naming.ts';

/** Two columns of a table that say the same in two forms while old and new readers live. */
export interface DualColumnsOptions {
  /** Default `public`. */
  readonly schema?: string;
  readonly table: string;
  readonly oldColumn: string;
  /** Must be nullable and have no default as long as the old column lives: NULL is how an old writer is told. */
  readonly newColumn: string;
  /** SQL of the new form, given SQL of the old one: ``(old) => `(${old})::bigint` ``. NULL has to give NULL. */
  readonly forward: (old: string) => string;
  /** SQL of the old form, given SQL of the new one. */
  readonly backward: (value: string) => string;
  /** The default of the old column, as SQL, where it has one: a new writer leaves the old column to it. */
  readonly oldDefault?: string;
}

/** SQL for migrations; every text is one or more statements that run in one transaction. */
export interface DualColumns {
  /** Makes the function, the trigger and the sequence that remembers the last write of an old writer. */
  readonly expand: string;
  /** Takes them away and leaves both columns: the way back, as long as the old column is there. */
  readonly collapse: string;
  /** SET and WHERE for {@link backfill}. */
  readonly fill: { readonly set: Readonly<Record<string, string>>; readonly where: string };
  /**
   * Drops the old column with the trigger. Fails and changes nothing when an old writer has written within the last
   * `quietSeconds`, or when the trigger is not that old.
   */
  readonly contract: (quietSeconds: number) => string;
  /** SQL of a query: seconds since an old writer wrote, or since `expand`, as `quiet`. */
  readonly quiet: string;
  /** SQL of a query: whether the new column lacks a row, as `missing`. Reads the whole table, under the weakest lock. */
  readonly missing: string;
  /** The part of `contract` that needs the strongest lock, for whoever has asked `missing` before. */
  readonly dropNow: (quietSeconds: number) => string;
}

/** The mark of a dollar-quoted body. */
const mark = '$crossfade$';

/**
 * The SQL that keeps an old and a new column in step, whichever of them a writer knows. A BEFORE trigger sets the other
 * column of the same row, so it causes no further update and cannot run in a circle.
 *
 * - An INSERT that leaves the new column NULL is an old writer's; any other is a new writer's.
 * - An UPDATE counts for the column that it changes. One that changes both to values that do not agree is refused
 *   (SQLSTATE 23514), because one of them would be lost.
 * - An UPDATE that changes neither fills a new column that is still empty.
 *
 * json has no equality in PostgreSQL: use jsonb. Sessions with session_replication_role = replica run no triggers.
 */
export function dualColumns(options: DualColumnsOptions): DualColumns {
  const { schema = 'public', table, oldColumn, newColumn, forward } = options;
  const names = namesOf(options);
  const place = `${ident(schema)}.${ident(table)}`;
  const remember = `SELECT pg_catalog.setval(${literal(names.sequence)}::pg_catalog.regclass, extract(epoch FROM pg_catalog.clock_timestamp())::bigint)`;
  const quiet = `SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) - last_value)::bigint AS quiet FROM ${names.sequence}`;
  const fillWhere = `${ident(newColumn)} IS NULL AND ${ident(oldColumn)} IS NOT NULL`;
  const missing = `SELECT EXISTS (SELECT FROM ${place} WHERE ${fillWhere}) AS missing`;
  const collapse = `DROP TRIGGER ${names.trigger} ON ${place};
DROP FUNCTION ${names.function}();
DROP SEQUENCE ${names.sequence};`;
  const dropNow = (quietSeconds: number): string => `LOCK TABLE ${place} IN ACCESS EXCLUSIVE MODE;
${calm(quiet, quietSeconds, oldColumn)}
${collapse}
ALTER TABLE ${place} DROP COLUMN ${ident(oldColumn)};`;
  return {
    expand: `-- When an old writer wrote last, in seconds since 1970.
CREATE SEQUENCE ${names.sequence};
GRANT SELECT, UPDATE ON SEQUENCE ${names.sequence} TO PUBLIC;
${remember};
${triggerFunction(options, names, remember)}
CREATE TRIGGER ${names.trigger} BEFORE INSERT OR UPDATE ON ${place}
  FOR EACH ROW EXECUTE FUNCTION ${names.function}();`,
    collapse,
    fill: {
      set: { [newColumn]: forward(ident(oldColumn)) },
      where: fillWhere,
    },
    quiet,
    missing,
    dropNow,
    contract: (quietSeconds) => `${complete(missing, oldColumn)}
${dropNow(quietSeconds)}`,
  };
}

interface Names {
  readonly trigger: string;
  readonly function: string;
  readonly sequence: string;
}

/** Triggers run in the order of their names: this one should see what all others have made of the row. */
function namesOf({ schema = 'public', table, oldColumn, newColumn }: DualColumnsOptions): Names {
  const space = new Namespace('relation', 'keep');
  const claim = (suffix: string): string => ident(space.claim(`zz_${table}_${oldColumn}_${newColumn}_${suffix}`));
  return {
    trigger: claim('dual'),
    function: `${ident(schema)}.${claim('in_step')}`,
    sequence: `${ident(schema)}.${claim('last_old_write')}`,
  };
}

function triggerFunction(options: DualColumnsOptions, names: Names, remember: string): string {
  const { schema = 'public', oldColumn, newColumn, forward, backward, oldDefault } = options;
  const [oldNow, newNow] = [oldColumn, newColumn].map((column) => `NEW.${ident(column)}`);
  const [oldWas, newWas] = [oldColumn, newColumn].map((column) => `OLD.${ident(column)}`);
  const [ahead, back] = [forward(oldNow), backward(newNow)];
  const byDefault = oldDefault === undefined ? '' : ` AND ${oldNow} IS DISTINCT FROM (${oldDefault})`;
  const disagree = `${newNow} IS DISTINCT FROM (${ahead}) AND ${oldNow} IS DISTINCT FROM (${back})`;
  const wrong = `RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = ${literal(`columns ${oldColumn} and ${newColumn} were written with values that do not agree`)};`;
  const body = `
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF ${newNow} IS NULL THEN
      ${newNow} := (${ahead});
      IF ${oldNow} IS NOT NULL THEN PERFORM ${remember.replace('SELECT ', '')}; END IF;
    ELSIF ${oldNow} IS NOT NULL${byDefault} AND ${disagree} THEN
      ${wrong}
    ELSIF ${oldNow} IS NULL OR ${newNow} IS DISTINCT FROM (${ahead}) THEN
      ${oldNow} := (${back});
    END IF;
  ELSIF ${oldNow} IS DISTINCT FROM ${oldWas} THEN
    IF ${newNow} IS NOT DISTINCT FROM ${newWas} THEN
      ${newNow} := (${ahead});
      PERFORM ${remember.replace('SELECT ', '')};
    ELSIF ${disagree} THEN
      ${wrong}
    END IF;
  ELSIF ${newNow} IS DISTINCT FROM ${newWas} THEN
    -- A backfill sets what the old column says already, and must not turn it round.
    IF ${newNow} IS DISTINCT FROM (${ahead}) THEN
      ${oldNow} := (${back});
    END IF;
  ELSIF ${newNow} IS NULL THEN
    ${newNow} := (${ahead});
  END IF;
  RETURN NEW;
END
`;
  return `CREATE FUNCTION ${names.function}() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, ${ident(schema)}, public, pg_temp AS ${mark}${unmarked(body)}${mark};`;
}

function calm(quiet: string, quietSeconds: number, column: string): string {
  if (!Number.isInteger(quietSeconds) || quietSeconds < 0) throw new TypeError('quietSeconds is a whole number.');
  return refuseIf(`(${quiet}) < ${quietSeconds}`, 'object_in_use', `column ${column} is still written by old writers`);
}

function complete(missing: string, column: string): string {
  return refuseIf(`(${missing})`, 'check_violation', `rows of column ${column} are not in the new column yet`);
}

function refuseIf(condition: string, errcode: string, message: string): string {
  return `DO ${mark}
BEGIN
  IF ${unmarked(condition)} THEN
    RAISE EXCEPTION USING ERRCODE = ${literal(errcode)}, MESSAGE = ${unmarked(literal(message))};
  END IF;
END
${mark};`;
}

function unmarked(body: string): string {
  if (body.includes(mark)) throw new TypeError(`An expression cannot hold ${mark}.`);
  return body;
}
