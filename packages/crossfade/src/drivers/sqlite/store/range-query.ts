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
