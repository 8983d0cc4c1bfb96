import type { A_Const, Node, TypeName } from '../parser.ts';
import { textOf } from './names.ts';

/** Not types, but ways to write a column that is NOT NULL and counts up. */
export const serials = /^(small|big)?serial[248]?$/;

/** A type as a statement writes it: PostgreSQL's own name, `int4` and not `integer`. */
export interface SqlType {
  readonly name: string;
  readonly mods: readonly number[];
  readonly array: boolean;
  readonly at: number;
}

/** Reads a type's name out of the tree. */
export function typeOf(type: TypeName | undefined): SqlType {
  return {
    name: textOf(type?.names?.at(-1)),
    mods: (type?.typmods ?? []).map(integerOf),
    array: (type?.arrayBounds ?? []).length > 0,
    at: type?.location ?? 0,
  };
}

/** An integer constant; the tree leaves a zero out. */
export function integerOf(node: Node): number {
  const constant: A_Const | undefined = 'A_Const' in node ? node.A_Const : undefined;
  return constant?.ival?.ival ?? 0;
}

const spoken: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'char',
};

/** The type in SQL's words. */
export function shownType(type: SqlType): string {
  const mods = type.mods.length === 0 ? '' : `(${type.mods.join(',')})`;
  return `${spoken[type.name] ?? type.name}${mods}${type.array ? '[]' : ''}`;
}

/** What a change of type does: nothing to the rows, writes them all anew, or changes their values. */
export type TypeChange = 'free' | 'rewrites' | 'loses';

/** Types that keep every value of another and its bytes, once their modifiers are looked at. */
const sameBytes = new Set(['varchar>text', 'text>varchar', 'varchar>varchar', 'text>text', 'cidr>inet', 'xml>text']);
const byPrecision = new Set(['timestamp', 'timestamptz', 'time', 'timetz', 'interval', 'varbit']);

/** Assignment casts that round or cut without an error. */
const lossy = new Set(
  `numeric>int2 numeric>int4 numeric>int8 float4>int2 float4>int4 float4>int8 float8>int2 float8>int4 float8>int8
  numeric>float4 numeric>float8 float8>float4 int8>float4 int8>float8 int4>float4 timestamp>date timestamptz>date
  timestamptz>timestamp timestamp>time timestamptz>time timestamptz>timetz timetz>time inet>cidr`.split(/\s+/),
);

/**
 * What PostgreSQL does with a column of one type that becomes another, without a USING that computes. The exceptions
 * from the rewrite are those of `ATColumnChangeRequiresRewrite` and of the length casts that are known to do nothing.
 */
export function typeChange(from: SqlType, to: SqlType): TypeChange {
  const pair = `${from.name}>${to.name}`;
  if (from.array || to.array) return pair === `${to.name}>${to.name}` && sameMods(from, to) ? 'free' : 'rewrites';
  if (lossy.has(pair)) return 'loses';
  if (from.name === to.name && sameMods(from, to)) return 'free';
  if (from.name === 'numeric' && to.name === 'numeric') return numericChange(from, to);
  if (from.name === to.name && byPrecision.has(to.name)) return wider(from, to) ? 'free' : 'loses';
  if (sameBytes.has(pair)) return wider(from, to) ? 'free' : 'rewrites';
  return 'rewrites';
}

function numericChange(from: SqlType, to: SqlType): TypeChange {
  if (to.mods.length === 0) return 'free';
  const [precision = Infinity, scale = 0] = from.mods;
  const [newPrecision = Infinity, newScale = 0] = to.mods;
  if (from.mods.length === 0 || newScale < scale) return 'loses';
  return newScale === scale && newPrecision >= precision ? 'free' : 'rewrites';
}

/** No modifier is the widest there is. */
function wider(from: SqlType, to: SqlType): boolean {
  return (to.mods[0] ?? Infinity) >= (from.mods[0] ?? Infinity);
}

function sameMods(from: SqlType, to: SqlType): boolean {
  return JSON.stringify(from.mods) === JSON.stringify(to.mods);
}
