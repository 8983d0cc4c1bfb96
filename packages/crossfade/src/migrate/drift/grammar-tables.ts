import {
  alterTable,
  changedClauses,
  changedForeignOptions,
  changedOptions,
  type Grammar,
  optionText,
  partAddress,
} from './grammar.ts';
import { list, type SchemaDescription, type SchemaObject, text } from './description.ts';

/** A table with its columns; everything else of it comes after. */
export const table: Grammar = {
  create: createTable,
  drop: ({ name, facts }) => [`DROP ${text(facts.sort)} ${name}`],
  loses: 'its rows',
  alter: {
    unlogged: ({ name, facts }) => [`ALTER TABLE ${name} SET ${facts.unlogged === true ? 'UNLOGGED' : 'LOGGED'}`],
    'row security': ({ name, facts }) => [
      `ALTER TABLE ${name} ${facts['row security'] === true ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`,
    ],
    'forced row security': ({ name, facts }) => [
      `ALTER TABLE ${name} ${facts['forced row security'] === true ? 'FORCE' : 'NO FORCE'} ROW LEVEL SECURITY`,
    ],
    options: (files, live) => changedOptions(files, live).map((change) => `ALTER TABLE ${files.name} ${change}`),
    'foreign options': (files, live) =>
      changedForeignOptions(files, live).map((change) => `ALTER FOREIGN TABLE ${files.name} ${change}`),
    'access method': ({ name, facts }) => [
      `ALTER TABLE ${name} SET ACCESS METHOD ${text(facts['access method']) || 'heap'}`,
    ],
    'replica identity': ({ name, facts }) => [
      `ALTER TABLE ${name} REPLICA IDENTITY ${text(facts['replica identity']) || 'DEFAULT'}`,
    ],
    'partition of': attached,
    'partition bound': attached,
    inherits: (files, live) => {
      const [wanted, held] = [list(files.facts.inherits), list(live.facts.inherits)];
      const change = (word: string) => (parent: string) => `ALTER TABLE ${files.name} ${word} ${parent}`;
      return [
        ...held.filter((parent) => !wanted.includes(parent)).map(change('NO INHERIT')),
        ...wanted.filter((parent) => !held.includes(parent)).map(change('INHERIT')),
      ];
    },
  },
  renewable: false,
  address: ({ name, facts }) => `${text(facts.sort)} ${name}`,
};

function attached(files: SchemaObject, live: SchemaObject): string[] {
  const [wanted, held] = [files.facts['partition of'], live.facts['partition of']].map(text);
  return [
    ...(held ? [`ALTER TABLE ${held} DETACH PARTITION ${files.name}`] : []),
    ...(wanted ? [`ALTER TABLE ${wanted} ATTACH PARTITION ${files.name} ${text(files.facts['partition bound'])}`] : []),
  ];
}

function createTable(object: SchemaObject, among: SchemaDescription): string[] {
  const { name, facts, aux } = object;
  const parts = among.objects.filter(({ kind, on }) => kind === 'column' && on === name);
  const order = list(aux.columns);
  const columns = parts
    .filter(({ aux: { inherited } }) => inherited !== true)
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const isPartition = facts['partition of'] !== null;
  const inherits = list(facts.inherits);
  const options = list(facts.options).map(optionText);
  const after = (set: boolean, clause: string): string => (set ? ` ${clause}` : '');
  const body = columns.length === 0 ? '()' : `(\n${columns.map((each) => `  ${columnText(each)}`).join(',\n')}\n)`;
  const created = [
    `CREATE ${facts.unlogged === true ? 'UNLOGGED ' : ''}${text(facts.sort)} ${name} `,
    isPartition ? `PARTITION OF ${text(facts['partition of'])} ${text(facts['partition bound'])}` : body,
    after(inherits.length > 0, `INHERITS (${inherits.join(', ')})`),
    after(facts['partition key'] !== null, `PARTITION BY ${text(facts['partition key'])}`),
    after(facts.server !== null, `SERVER ${text(facts.server)}`),
    after(facts['access method'] !== null, `USING ${text(facts['access method'])}`),
    after(options.length > 0, `WITH (${options.join(', ')})`),
  ].join('');
  const later = ['row security', 'forced row security'].filter((fact) => facts[fact] === true);
  return [
    created,
    ...parts.filter((each) => each.aux.inherited === true).flatMap((each) => overrides(each, object, among)),
    ...later.flatMap((fact) => table.alter[fact]?.(object, object) ?? []),
  ];
}

/** What a child has otherwise than its parent. */
function overrides(each: SchemaObject, child: SchemaObject, among: SchemaDescription): string[] {
  const parents = parentsOf(child);
  const from = among.objects.find(
    ({ kind, on, name }) => kind === 'column' && name === each.name && on !== null && parents.includes(on),
  );
  return ['default', 'not null'].flatMap((fact) =>
    from === undefined || from.facts[fact] === each.facts[fact] ? [] : (column.alter[fact]?.(each, each) ?? []),
  );
}

/** The tables that a table has columns from. */
export function parentsOf({ facts }: SchemaObject): string[] {
  return [text(facts['partition of']), ...list(facts.inherits)].filter((name) => name !== '');
}

function columnText({ name, facts }: SchemaObject): string {
  const clauses = list(facts['identity options']).filter((clause) => !clause.startsWith('AS '));
  const parts = [
    `${name} ${text(facts.type)}`,
    facts.compression === null ? '' : `COMPRESSION ${text(facts.compression)}`,
    facts.collation === null ? '' : `COLLATE ${text(facts.collation)}`,
    facts['not null'] === null ? '' : 'NOT NULL',
    facts.default === null ? '' : `DEFAULT ${text(facts.default)}`,
    text(facts.generated),
    facts.identity === null ? '' : `GENERATED ${text(facts.identity)} AS IDENTITY (${clauses.join(' ')})`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

const alterColumn = (each: SchemaObject, rest: string): string[] => [
  alterTable(each, `ALTER COLUMN ${each.name} ${rest}`),
];

const retyped = (files: SchemaObject): string[] => {
  const { type, collation } = files.facts;
  const collate = collation === null ? '' : ` COLLATE ${text(collation)}`;
  return alterColumn(files, `TYPE ${text(type)}${collate} USING ${files.name}::${text(type)}`);
};

/** A column of a table. */
export const column: Grammar = {
  create: (each) => [alterTable(each, `ADD COLUMN ${columnText(each)}`)],
  drop: (each) => [alterTable(each, `DROP COLUMN ${each.name}`)],
  loses: 'its values',
  alter: {
    type: retyped,
    collation: retyped,
    'not null': (files, live) => {
      if (live.facts['not null'] === 'NOT NULL NOT VALID') return null;
      return alterColumn(files, files.facts['not null'] === null ? 'DROP NOT NULL' : 'SET NOT NULL');
    },
    default: (files) =>
      alterColumn(files, files.facts.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${text(files.facts.default)}`),
    generated: (files, live) => {
      if (files.facts.generated === null && text(live.facts.generated).endsWith(' STORED'))
        return alterColumn(files, 'DROP EXPRESSION');
      // What is computed can be computed again; a plain column would lose its values.
      return live.facts.generated === null || files.facts.generated === null
        ? null
        : [...column.drop(live), ...column.create(files, { schema: '', privileges: false, objects: [] })];
    },
    identity: ({ facts, ...rest }, live) => {
      const files = { facts, ...rest };
      if (facts.identity === null) return alterColumn(files, 'DROP IDENTITY');
      if (live.facts.identity !== null) return alterColumn(files, `SET GENERATED ${text(facts.identity)}`);
      const clauses = list(facts['identity options']).filter((clause) => !clause.startsWith('AS '));
      return alterColumn(files, `ADD GENERATED ${text(facts.identity)} AS IDENTITY (${clauses.join(' ')})`);
    },
    'identity options': (files, live) => {
      if (files.facts.identity === null || live.facts.identity === null) return [];
      const changed = changedClauses('identity options', files, live).filter((clause) => !clause.startsWith('AS '));
      return changed.length === 0 ? [] : alterColumn(files, changed.map((clause) => `SET ${clause}`).join(' '));
    },
    storage: (files) =>
      alterColumn(files, `SET STORAGE ${text(files.facts.storage ?? files.aux['type storage'] ?? null)}`),
    compression: (files) => alterColumn(files, `SET COMPRESSION ${text(files.facts.compression) || 'default'}`),
    'attribute options': (files, live) =>
      changedOptions(files, live, 'attribute options').flatMap((change) => alterColumn(files, change)),
    'foreign options': (files, live) =>
      changedForeignOptions(files, live).flatMap((change) => alterColumn(files, change)),
    statistics: (files) => alterColumn(files, `SET STATISTICS ${text(files.facts.statistics) || '-1'}`),
  },
  renewable: false,
  address: ({ name, on }) => `COLUMN ${on ?? ''}.${name}`,
};

/** Primary key, unique, check, exclusion and foreign key alike. */
export const constraint: Grammar = {
  create: (each) => [alterTable(each, `ADD CONSTRAINT ${each.name} ${text(each.facts.definition)}`)],
  drop: (each) => [alterTable(each, `DROP CONSTRAINT ${each.name}`)],
  alter: {
    definition: (files, live) =>
      live.facts.definition === `${text(files.facts.definition)} NOT VALID`
        ? [alterTable(files, `VALIDATE CONSTRAINT ${files.name}`)]
        : null,
  },
  renewable: true,
  address: partAddress('CONSTRAINT'),
};

/** An index that no constraint has made. */
export const index: Grammar = {
  create: (each) => [
    text(each.facts.definition),
    ...(each.facts.clustered === true ? [alterTable(each, `CLUSTER ON ${each.name}`)] : []),
    ...expressionTargets(each, []),
  ],
  drop: ({ name }) => [`DROP INDEX ${name}`],
  alter: {
    valid: ({ name, facts }) => (facts.valid === true ? [`REINDEX INDEX ${name}`] : []),
    'expression statistics': (files, live) => expressionTargets(files, list(live.facts['expression statistics'])),
    clustered: (files) => [
      alterTable(files, files.facts.clustered === true ? `CLUSTER ON ${files.name}` : 'SET WITHOUT CLUSTER'),
    ],
  },
  renewable: true,
  address: ({ name }) => `INDEX ${name}`,
};

/** Targets of an index's expressions, written `place target`; what has none any more gets the default back. */
function expressionTargets({ name, facts }: SchemaObject, held: readonly string[]): string[] {
  const wanted = list(facts['expression statistics']);
  const columnOf = (each: string): string => each.split(' ')[0] ?? '';
  const kept = new Set(wanted.map(columnOf));
  const lost = held.map(columnOf).filter((place) => !kept.has(place));
  return [...lost.map((place) => `${place} -1`), ...wanted.filter((each) => !held.includes(each))].map((each) => {
    const [place, target] = each.split(' ');
    return `ALTER INDEX ${name} ALTER COLUMN ${place} SET STATISTICS ${target}`;
  });
}
