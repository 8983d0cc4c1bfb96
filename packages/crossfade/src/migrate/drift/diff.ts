import { type Kind, keyOf, kinds, list, type SchemaDescription, type SchemaObject } from './description.ts';
import { differences, different, renamed } from './different.ts';
import { type FactDifference, type Finding, objectName } from './finding.ts';
import { parentsOf } from './grammar-tables.ts';
import { belongsTo, createWhole, grammars, ownerTable } from './grammars.ts';

/** What is left out of a comparison. */
export interface DiffOptions {
  /** Kinds of which one side knows nothing. */
  readonly except?: readonly Kind[];
}

/**
 * What of `live` is not as `expected` says, in an order in which the statements of the findings can be run. A missing
 * table is one finding with all its parts but foreign keys, and so is a superfluous one. Pure.
 *
 * @throws TypeError when only one of the two was read with privileges: every object would differ
 */
export function diffSchemas(
  expected: SchemaDescription,
  live: SchemaDescription,
  options: DiffOptions = {},
): readonly Finding[] {
  if (expected.privileges !== live.privileges)
    throw new TypeError('Both descriptions must be read with privileges, or both without.');
  const seen = ({ kind }: SchemaObject): boolean => options.except?.includes(kind) !== true;
  const [wanted, held] = [sorted(expected.objects.filter(seen)), sorted(live.objects.filter(seen))];
  const [wantedBy, heldBy] = [byKey(wanted), byKey(held)];
  const missing = wanted.filter((object) => !heldBy.has(keyOf(object)) && !isInherited(object));
  // An extension that an administrator has put elsewhere is no part of this schema.
  const extra = held.filter(
    (object) =>
      !wantedBy.has(keyOf(object)) &&
      !isInherited(object) &&
      !(object.kind === 'extension' && object.facts.schema !== null),
  );
  const pairs = renamed(missing, extra);
  const names = new Set(pairs.flatMap(({ files, live: old }) => [files, old]));
  const changes = wanted.flatMap((files) => {
    const old = heldBy.get(keyOf(files));
    const found = old === undefined ? null : different(files, old, expected, byParents(files, wantedBy, heldBy));
    return found === null ? [] : [found];
  });
  const anew = changes.filter((change) => change.renewed).map(({ object }) => object);
  const come = [...missing, ...anew];
  const isPart = (object: SchemaObject, wholes: readonly SchemaObject[]): boolean =>
    wholes.some((whole) => whole !== object && belongsTo(object, whole));
  const forward: readonly [SchemaObject, Finding][] = [
    ...missing
      .filter((object) => !names.has(object) && (object.kind === 'foreign key' || !isPart(object, come)))
      .map((object): [SchemaObject, Finding] => [object, missingFinding(object, expected)]),
    ...changes
      .filter(({ object }) => !isPart(object, anew))
      .map((change): [SchemaObject, Finding] => [change.object, change.finding]),
    ...pairs.map((pair): [SchemaObject, Finding] => [pair.files, pair.finding]),
  ];
  const backward = extra.filter((object) => !names.has(object) && !isPart(object, [...extra, ...anew])).toReversed();
  const place = new Map(wanted.map((object, i) => [object, i]));
  return [
    ...backward.filter(isLeaf).map(extraFinding),
    ...[...forward].sort(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0)).map(([, finding]) => finding),
    ...backward.filter((object) => !isLeaf(object)).map(extraFinding),
  ];
}

/** What nothing but other leaves rests on goes first, the rest when nothing rests on it any more. */
function isLeaf({ kind }: SchemaObject): boolean {
  return kinds.indexOf(kind) >= kinds.indexOf('domain constraint');
}

/** A column or trigger that comes and goes with that of the parent. */
function isInherited({ aux }: SchemaObject): boolean {
  return aux.inherited === true;
}

/**
 * What differs in the parents' column of the same name, or in the table of a serial column's sequence: an ALTER there
 * changes the children and the sequence too.
 */
function byParents(
  files: SchemaObject,
  wanted: ReadonlyMap<string, SchemaObject>,
  held: ReadonlyMap<string, SchemaObject>,
): FactDifference[] {
  const both = (place: Pick<SchemaObject, 'kind' | 'on' | 'name'>): FactDifference[] => {
    const [ours, theirs] = [wanted.get(keyOf(place)), held.get(keyOf(place))];
    return ours === undefined || theirs === undefined ? [] : differences(ours, theirs);
  };
  if (files.kind === 'sequence') return both({ kind: 'table', on: null, name: ownerTable(files) });
  const child = wanted.get(keyOf({ kind: 'table', on: null, name: files.on ?? '' }));
  if (!isInherited(files) || child === undefined) return [];
  return parentsOf(child).flatMap((on) => [
    ...both({ kind: files.kind, on, name: files.name }),
    // The parent of a partition's trigger is a trigger of its own, or the copy of one itself.
    ...(files.kind === 'partition trigger' ? both({ kind: 'trigger', on, name: files.name }) : []),
  ]);
}

function byKey(objects: readonly SchemaObject[]): Map<string, SchemaObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

/** By kind as they can be made, and within a kind what is needed before what needs it. */
function sorted(objects: readonly SchemaObject[]): SchemaObject[] {
  const result = new Set<SchemaObject>();
  const relations = new Map(objects.filter(({ aux }) => aux.needs !== undefined).map((each) => [each.name, each]));
  const visit = (object: SchemaObject, trail: readonly SchemaObject[]): void => {
    if (trail.includes(object)) return;
    for (const name of list(object.aux.needs)) {
      const needed = relations.get(name);
      if (needed !== undefined) visit(needed, [...trail, object]);
    }
    result.add(object);
  };
  // A view may rest on a materialized view and the other way round: the two kinds are one here.
  const rank = ({ kind }: SchemaObject): number => kinds.indexOf(kind === 'materialized view' ? 'view' : kind);
  for (const object of [...objects].sort((a, b) => rank(a) - rank(b))) visit(object, []);
  return [...result];
}

function missingFinding(object: SchemaObject, among: SchemaDescription): Finding {
  return {
    kind: object.kind,
    object: objectName(object),
    change: 'missing',
    facts: [],
    sql: createWhole(object, among),
    notes: object.kind === 'column' ? lastNote(object, among) : [],
  };
}

function lastNote({ name, on }: SchemaObject, among: SchemaDescription): string[] {
  const table = among.objects.find((object) => object.kind === 'table' && object.name === on);
  const columns = list(table?.aux.columns);
  const next = columns[columns.indexOf(name) + 1];
  return next === undefined ? [] : [`An added column comes last; in the files it stands before ${next}.`];
}

function extraFinding(object: SchemaObject): Finding {
  const { drop, loses } = grammars[object.kind];
  return {
    kind: object.kind,
    object: objectName(object),
    change: 'extra',
    facts: [],
    sql: drop(object),
    notes: loses === undefined ? [] : [`The drop loses ${loses}.`],
  };
}
