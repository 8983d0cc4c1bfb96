import type { Collection, Key } from '../../../schema/collection.ts';
import { cellOf } from './cells.ts';
import { operand, type Sql } from './scan-query.ts';

/** Where keys lie: each bound is one comparison of row values, which is one range of the key's index. */
export interface KeyBounds {
  readonly '>'?: Key | null;
  readonly '<'?: Key | null;
  readonly '<='?: Key | null;
}

/** The condition that a key lies within all of the bounds; one that is null or missing is none. */
export function withinBounds(shape: Collection, bounds: KeyBounds): Sql {
  const given = Object.entries(bounds).filter((bound): bound is [string, Key] => bound[1] !== null);
  const fields = shape.key.map((field) => operand(shape, field)).join(', ');
  const places = shape.key.map(() => '?').join(', ');
  return {
    text: ['1', ...given.map(([is]) => `(${fields}) ${is} (${places})`)].join(' AND '),
    values: given.flatMap(([, key]) => shape.key.map((field, i) => cellOf(shape.fields[field].type, key[i]))),
  };
}

/**
 * The condition that a row has no whole key and would lie within the bounds, NULL being the least: no comparison of row
 * values finds it. Null where there can be none.
 *
 * @param nullable the fields of the key whose columns may be NULL
 */
export function keylessWithin(shape: Collection, nullable: readonly string[], bounds: KeyBounds): Sql | null {
  const [first, ...others] = shape.key;
  const { '>': after = null, '<=': upTo = null } = bounds;
  const conditions: Sql[] = [];
  if (nullable.includes(first) && after === null)
    conditions.push({ text: `${operand(shape, first)} IS NULL`, values: [] });
  const loose = others.filter((field) => nullable.includes(field));
  if (loose.length > 0) {
    const ends = Object.entries({ '>=': after, '<=': upTo }).filter((end): end is [string, Key] => end[1] !== null);
    const isNull = `(${loose.map((field) => `${operand(shape, field)} IS NULL`).join(' OR ')})`;
    conditions.push({
      text: [isNull, ...ends.map(([is]) => `${operand(shape, first)} ${is} ?`)].join(' AND '),
      values: ends.map(([, key]) => cellOf(shape.fields[first].type, key[0])),
    });
  }
  if (conditions.length === 0) return null;
  return {
    text: conditions.map(({ text }) => `(${text})`).join(' OR '),
    values: conditions.flatMap(({ values }) => values),
  };
}
