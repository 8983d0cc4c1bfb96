import type { Collection, Field } from '../collection.ts';
import type { Family, Side, Mapping, Part } from './mapping.ts';

const sides: readonly Side[] = ['source', 'target'];

/** What is wrong with a mapping, as the end of a sentence; null for nothing. */
export function faultOf(mapped: Mapping): string | null {
  const names = mapped.families.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `has two families ${JSON.stringify(twice)}`;
  for (const side of sides) {
    const fault = partition(mapped, side);
    if (fault !== null) return fault;
  }
  return mapped.families.map((family) => familyFault(mapped, family)).find((fault) => fault !== null) ?? null;
}

/** A record that is of no family would stay behind, and one of two would be written by both. */
function partition(mapped: Mapping, side: Side): string | null {
  const counts = new Map(Object.keys(mapped[side]).map((name) => [name, 0]));
  for (const { collection } of mapped.families.flatMap((family) => family[side])) {
    const count = counts.get(collection);
    if (count === undefined) return `names ${JSON.stringify(collection)}, which is no collection of the ${side}`;
    counts.set(collection, count + 1);
  }
  for (const [name, count] of counts)
    if (count !== 1)
      return `has the ${side}'s collection ${JSON.stringify(name)} in ${count === 0 ? 'no family' : 'several parts'}; each belongs to one`;
  return null;
}

function familyFault(mapped: Mapping, family: Family): string | null {
  const where = `family ${JSON.stringify(family.name)}`;
  if (family.source.length === 0 || family.target.length === 0) return `has a ${where} without parts on one side`;
  const stray = (family.lost ?? []).find(({ collection, field }) => !isOf(mapped, family, collection, field));
  if (stray !== undefined) return `has a ${where} that loses what its source does not have`;
  let first: readonly Field[] | null = null;
  for (const side of sides)
    for (const part of family[side]) {
      const shape = mapped[side][part.collection];
      const fault = partFault(part, shape, side);
      if (fault !== null) return `has a ${where} that ${fault}`;
      const fields = part.by.map((field) => shape.fields[field]);
      first ??= fields;
      if (fields.map(({ type }) => type).join() !== first.map(({ type }) => type).join())
        return `has a ${where} whose parts are named by values of different types`;
    }
  return null;
}

function isOf({ source }: Mapping, family: Family, collection: string, field: string | null): boolean {
  if (!family.source.some((part) => part.collection === collection)) return false;
  return field === null || Object.hasOwn(source[collection].fields, field);
}

function partFault({ collection, by }: Part, shape: Collection, side: Side): string | null {
  const named = `the ${side}'s ${JSON.stringify(collection)} by ${by.map((field) => JSON.stringify(field)).join(', ')}`;
  const unknown = by.find((field) => !Object.hasOwn(shape.fields, field));
  if (by.length === 0 || unknown !== undefined) return `finds ${named}, which are not fields of it`;
  const lists = [shape.key.slice(0, by.length), ...(shape.unique ?? []), ...(shape.indexes ?? [])];
  if (!lists.some((list) => list.join('\0') === by.join('\0')))
    return `finds ${named}, which is neither its key nor the beginning of it, a unique set or an index`;
  // In PostgreSQL each record has its unit; at the source one that has none is withheld and reported.
  if (side === 'target' && by.some((field) => shape.fields[field].nullable === true))
    return `finds ${named}, which may be null`;
  return null;
}
