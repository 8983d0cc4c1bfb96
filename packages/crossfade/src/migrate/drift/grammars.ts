import { type Kind, type SchemaDescription, type SchemaObject, text } from './description.ts';
import { alterShared, type Grammar } from './grammar.ts';
import * as code from './grammar-code.ts';
import * as tables from './grammar-tables.ts';
import * as search from './grammar-text-search.ts';
import * as types from './grammar-types.ts';

/** The grammar of every kind. */
export const grammars: Readonly<Record<Kind, Grammar>> = {
  extension: types.extension,
  collation: types.collation,
  enum: types.enumeration,
  domain: types.domain,
  'composite type': types.composite,
  'range type': types.range,
  sequence: types.sequence,
  function: code.func,
  procedure: code.procedure,
  aggregate: code.aggregate,
  cast: types.cast,
  'text search dictionary': search.dictionary,
  'text search configuration': search.configuration,
  table: tables.table,
  column: tables.column,
  'domain constraint': types.domainConstraint,
  index: tables.index,
  constraint: tables.constraint,
  'foreign key': tables.constraint,
  view: code.view,
  'materialized view': code.materialized,
  'view default': code.viewDefault,
  'column comment': code.columnComment,
  statistics: code.statistics,
  rule: code.rule,
  trigger: code.trigger,
  'partition trigger': code.partitionTrigger,
  policy: code.policy,
};

/**
 * Whether an object comes and goes with another: a part with its table, the sequence of a serial column with the column.
 * A foreign key goes with its table, but comes apart, since it needs all tables.
 */
export function belongsTo(object: SchemaObject, whole: SchemaObject): boolean {
  if (object.kind === 'sequence') {
    const owner = object.facts['owned by'];
    return whole.kind === 'column'
      ? owner === `${whole.on ?? ''}.${whole.name}`
      : whole.kind === 'table' && ownerTable(object) === whole.name;
  }
  if (object.kind === 'statistics') return whole.kind === 'table' && object.aux.table === whole.name;
  if (object.on !== whole.name) return false;
  return object.kind === 'domain constraint' ? whole.kind === 'domain' : wholes.has(whole.kind);
}

const wholes: ReadonlySet<Kind> = new Set(['table', 'view', 'materialized view', 'composite type']);

/** The table that a sequence goes with; empty when it goes with none. */
export function ownerTable({ facts }: SchemaObject): string {
  return /^(?:"(?:[^"]|"")*"|[^."]+)/.exec(text(facts['owned by']))?.[0] ?? '';
}

/** What a new function or type grants before anybody has granted anything. */
const grantedByDefault: Partial<Record<Kind, readonly string[]>> = {
  function: ['EXECUTE TO PUBLIC'],
  procedure: ['EXECUTE TO PUBLIC'],
  aggregate: ['EXECUTE TO PUBLIC'],
  enum: ['USAGE TO PUBLIC'],
  domain: ['USAGE TO PUBLIC'],
  'composite type': ['USAGE TO PUBLIC'],
  'range type': ['USAGE TO PUBLIC'],
};

/** The statements that make an object with all its parts but foreign keys. */
export function createWhole(object: SchemaObject, among: SchemaDescription): string[] {
  const parts = among.objects.filter((part) => part.kind !== 'foreign key' && belongsTo(part, object));
  const sequences = parts.filter(({ kind }) => kind === 'sequence');
  const others = parts.filter(({ kind }) => kind !== 'sequence');
  return [
    ...sequences.flatMap((each) => created(each, among)),
    ...created(object, among),
    ...sequences.map(types.ownedBy),
    // The columns of a new table stand in its CREATE TABLE.
    ...others.flatMap((each) =>
      object.kind === 'table' && each.kind === 'column' ? attributes(each) : created(each, among),
    ),
  ];
}

function created(object: SchemaObject, among: SchemaDescription): string[] {
  return [...grammars[object.kind].create(object, among), ...attributes(object)];
}

/** What no CREATE can say. */
function attributes(object: SchemaObject): string[] {
  const { address, alter } = grammars[object.kind];
  const none = { 'attribute options': [], 'foreign options': [], grants: grantedByDefault[object.kind] ?? [] };
  const bare = { ...object, facts: { ...object.facts, ...none } };
  const shared = ['owner', 'comment', 'grants']
    .filter((fact) => (object.facts[fact] ?? null) !== null)
    .flatMap((fact) => alterShared(fact, address(object), object, bare) ?? []);
  const later = ['storage', 'statistics', 'target', 'attribute options', 'foreign options', 'replica identity']
    .filter((fact) => (object.facts[fact] ?? null) !== null && !String(object.facts[fact]).startsWith('USING INDEX'))
    .flatMap((fact) => alter[fact]?.(object, bare) ?? []);
  return [...later, ...shared];
}
