import { type Node, type RangeVar, scanSync } from '../parser.ts';
import { ident } from '../../core/sql-text.ts';

/** A name as a statement writes it; `schema` is null where it leaves it out. */
export interface QName {
  readonly schema: string | null;
  readonly name: string;
}

/** The text of a String node. */
export function textOf(node: Node | undefined): string {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : '';
}

/** A relation's name. */
export function relationName(relation: RangeVar | undefined): QName {
  return { schema: relation?.schemaname ?? null, name: relation?.relname ?? '' };
}

/** The name that a list of strings spells: its last two parts. */
export function listName(nodes: readonly Node[] | undefined): QName {
  const parts = (nodes ?? []).map(textOf);
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? '' };
}

/** Under what the catalogue keeps a name. A name without a schema is taken for one of `public`, as most are. */
export function keyOf(name: QName): string {
  return JSON.stringify([name.schema ?? 'public', name.name]);
}

/** A name as it may stand in SQL, with quotes only where it needs them: it is there to be read and copied. */
export function shown(name: QName | string): string {
  if (typeof name === 'string') return plain(name) ? name : quoted(name);
  return name.schema === null ? shown(name.name) : `${shown(name.schema)}.${shown(name.name)}`;
}

/** Several names, as in a list of columns. */
export function shownAll(names: readonly string[]): string {
  return names.map(shown).join(', ');
}

function plain(name: string): boolean {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) return false;
  return scanSync(name).tokens[0]?.keywordName !== 'RESERVED_KEYWORD';
}

function quoted(name: string): string {
  return name === '' ? '""' : ident(name);
}
