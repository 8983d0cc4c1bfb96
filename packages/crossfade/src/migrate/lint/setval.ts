import type { Node } from '../parser.ts';
import { listName, type QName, textOf } from './names.ts';
import type { Piece } from './parse.ts';
import { as, nodesBelow } from './tree.ts';

/**
 * The sequences that a statement sets to a number that stands there. One that is computed, such as
 * `SELECT max(id) FROM users`, looks at the rows first; a number may lie before what was given out long ago.
 */
export function numbersSet({ node, kind, statement }: Piece): QName[] {
  // Rows of a seed are many, and nothing among them is looked for.
  if (kind !== 'SelectStmt' || !/setval/i.test(statement.sql)) return [];
  return [...nodesBelow(node)].flatMap(([each, fields]) => {
    if (each !== 'FuncCall' || listName(fields.funcname as Node[]).name !== 'setval') return [];
    const [sequence, value] = fields.args as readonly (Node | undefined)[];
    const name = value === undefined || !isNumber(value) || sequence === undefined ? null : sequenceOf(sequence);
    return name === null ? [] : [name];
  });
}

function isNumber(node: Node): boolean {
  const cast = as(node, 'TypeCast');
  if (cast?.arg !== undefined) return isNumber(cast.arg);
  const constant = as(node, 'A_Const');
  return constant !== null && constant.isnull !== true;
}

/** `'users_id_seq'`, with a cast or without, or `pg_get_serial_sequence('users', 'id')`. */
function sequenceOf(node: Node): QName | null {
  const cast = as(node, 'TypeCast');
  if (cast?.arg !== undefined) return sequenceOf(cast.arg);
  const call = as(node, 'FuncCall');
  if (call !== null) {
    const [table, column] = (call.args ?? []).map((each) => as(each, 'A_Const')?.sval?.sval);
    if (textOf(call.funcname?.at(-1)) !== 'pg_get_serial_sequence' || table === undefined) return null;
    const { schema, name } = nameOf(table);
    return { schema, name: `${name}_${column ?? ''}_seq` };
  }
  const text = as(node, 'A_Const')?.sval?.sval;
  return text === undefined ? null : nameOf(text);
}

/** A name as SQL writes it, inside a string. */
function nameOf(text: string): QName {
  const parts = text.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  const [name = '', schema = null] = parts
    .map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()))
    .toReversed();
  return { schema, name };
}
