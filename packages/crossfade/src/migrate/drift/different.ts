import { list, type SchemaDescription, type SchemaObject, text } from './description.ts';
import { type FactDifference, type Finding, objectName } from './finding.ts';
import { alterShared } from './grammar.ts';
import { createWhole, grammars } from './grammars.ts';

/** A changed object, and whether its statements make it anew with all its parts. */
export interface Change {
  readonly object: SchemaObject;
  readonly finding: Finding;
  readonly renewed: boolean;
}

const byHand = 'PostgreSQL cannot change this in place: it takes a migration written by hand.';
const noMove = 'PostgreSQL cannot move a column. Where the order matters, it takes a new table.';

/** Compares the two states of one object; null when they are equal, but for what is `told` elsewhere. */
export function different(
  files: SchemaObject,
  live: SchemaObject,
  among: SchemaDescription,
  told: readonly FactDifference[] = [],
): Change | null {
  const known = new Set(told.map((each) => JSON.stringify(each)));
  const all = [...differences(files, live), ...columnOrder(files, live)];
  const facts = all.filter((each) => !known.has(JSON.stringify(each)));
  if (facts.length === 0) return null;
  const grammar = grammars[files.kind];
  const steps = facts.map(({ fact }) =>
    fact === 'column order'
      ? []
      : (alterShared(fact, grammar.address(files), files, live) ?? grammar.alter[fact]?.(files, live) ?? null),
  );
  const renewed = grammar.renewable && steps.includes(null);
  const sql = renewed
    ? [...grammar.drop(live), ...createWhole(files, among)]
    : // Type and collation change by one statement, as do a partition's parent and bounds.
      [...new Set(steps.flatMap((step) => step ?? []))];
  const notes = [
    ...(!renewed && steps.includes(null) ? [byHand] : []),
    ...(facts.some(({ fact }) => fact === 'column order') ? [noMove] : []),
  ];
  const finding: Finding = { kind: files.kind, object: objectName(files), change: 'different', facts, sql, notes };
  return { object: files, finding, renewed };
}

/** The facts that differ. */
export function differences(files: SchemaObject, live: SchemaObject): FactDifference[] {
  return Object.entries(files.facts).flatMap(([fact, wanted]) => {
    const held = live.facts[fact] ?? null;
    return JSON.stringify(wanted) === JSON.stringify(held) ? [] : [{ fact, files: wanted, live: held }];
  });
}

/** Of the columns that both have: a missing one is a finding of its own. */
function columnOrder(files: SchemaObject, live: SchemaObject): FactDifference[] {
  if (files.kind !== 'table') return [];
  const [wanted, held] = [list(files.aux.columns), list(live.aux.columns)];
  const [ours, theirs] = [wanted.filter((name) => held.includes(name)), held.filter((name) => wanted.includes(name))];
  return ours.join() === theirs.join() ? [] : [{ fact: 'column order', files: ours, live: theirs }];
}

/** How a constraint or index is spoken of without its name, so that two of them can be compared. */
const nameless: Partial<Record<SchemaObject['kind'], (object: SchemaObject) => string>> = {
  constraint: ({ facts }) => text(facts.definition),
  'foreign key': ({ facts }) => text(facts.definition),
  index: ({ name, facts }) => text(facts.definition).replace(` INDEX ${name} ON `, ' INDEX ON '),
};

/** Pairs of one missing and one superfluous object that differ by name alone: renaming is not building anew. */
export function renamed(
  missing: readonly SchemaObject[],
  extra: readonly SchemaObject[],
): { files: SchemaObject; live: SchemaObject; finding: Finding }[] {
  const left = new Set(extra);
  return missing.flatMap((files) => {
    const body = nameless[files.kind];
    if (body === undefined) return [];
    const live = [...left].find(
      (old) => old.kind === files.kind && old.on === files.on && body(old) === body(files) && sameRest(files, old),
    );
    if (live === undefined) return [];
    left.delete(live);
    const rename =
      files.kind === 'index'
        ? `ALTER INDEX ${live.name} RENAME TO ${files.name}`
        : `ALTER TABLE ${files.on ?? ''} RENAME CONSTRAINT ${live.name} TO ${files.name}`;
    const finding: Finding = {
      kind: files.kind,
      object: objectName(files),
      change: 'different',
      facts: [{ fact: 'name', files: files.name, live: live.name }],
      sql: [rename],
      notes: [],
    };
    return [{ files, live, finding }];
  });
}

function sameRest(files: SchemaObject, live: SchemaObject): boolean {
  return differences(files, live).every(({ fact }) => fact === 'definition');
}
