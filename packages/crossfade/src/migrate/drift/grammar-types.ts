import { changedClauses, type Grammar, noAlter, plainAddress } from './grammar.ts';
import { list, type SchemaObject, text } from './description.ts';

const dropType = ({ name }: SchemaObject): string[] => [`DROP TYPE ${name}`];

/** `CREATE EXTENSION`; its objects are its own affair. */
export const extension: Grammar = {
  create: ({ name, facts }) => [
    `CREATE EXTENSION IF NOT EXISTS ${name}${facts.schema === null ? '' : ` WITH SCHEMA ${text(facts.schema)}`}`,
  ],
  drop: ({ name }) => [`DROP EXTENSION ${name}`],
  alter: {
    version: ({ name, facts }) => [`ALTER EXTENSION ${name} UPDATE TO '${text(facts.version).replaceAll("'", "''")}'`],
  },
  renewable: false,
  address: plainAddress('EXTENSION'),
};

/** A value can be added anywhere, but never taken out or moved. */
export const enumeration: Grammar = {
  create: ({ name, facts }) => [`CREATE TYPE ${name} AS ENUM (${list(facts.values).join(', ')})`],
  drop: dropType,
  alter: { values: addedValues },
  renewable: false,
  address: plainAddress('TYPE'),
};

function addedValues(files: SchemaObject, live: SchemaObject): string[] | null {
  const [wanted, held] = [list(files.facts.values), list(live.facts.values)];
  const kept = wanted.filter((value) => held.includes(value));
  if (kept.join() !== held.join()) return null;
  return wanted.flatMap((value, i) => {
    if (held.includes(value)) return [];
    const before = wanted[i - 1];
    const place = before !== undefined ? ` AFTER ${before}` : held[0] !== undefined ? ` BEFORE ${held[0]}` : '';
    return [`ALTER TYPE ${files.name} ADD VALUE ${value}${place}`];
  });
}

/** `CREATE DOMAIN`, without its checks. */
export const domain: Grammar = {
  create: ({ name, facts }) => [
    [
      `CREATE DOMAIN ${name} AS ${text(facts.type)}`,
      facts.collation === null ? '' : ` COLLATE ${text(facts.collation)}`,
      facts.default === null ? '' : ` DEFAULT ${text(facts.default)}`,
      facts['not null'] === true ? ' NOT NULL' : '',
    ].join(''),
  ],
  drop: ({ name }) => [`DROP DOMAIN ${name}`],
  alter: {
    default: ({ name, facts }) => [
      `ALTER DOMAIN ${name} ${facts.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${text(facts.default)}`}`,
    ],
    'not null': ({ name, facts }) => [`ALTER DOMAIN ${name} ${facts['not null'] === true ? 'SET' : 'DROP'} NOT NULL`],
  },
  renewable: false,
  address: plainAddress('DOMAIN'),
};

/** A check of a domain. */
export const domainConstraint: Grammar = {
  create: ({ name, on, facts }) => [`ALTER DOMAIN ${on ?? ''} ADD CONSTRAINT ${name} ${text(facts.definition)}`],
  drop: ({ name, on }) => [`ALTER DOMAIN ${on ?? ''} DROP CONSTRAINT ${name}`],
  alter: {
    definition: (files, live) =>
      live.facts.definition === `${text(files.facts.definition)} NOT VALID`
        ? [`ALTER DOMAIN ${files.on ?? ''} VALIDATE CONSTRAINT ${files.name}`]
        : null,
  },
  renewable: true,
  address: ({ name, on }) => `CONSTRAINT ${name} ON DOMAIN ${on ?? ''}`,
};

/** A row type. Its attributes are written `name type`. */
export const composite: Grammar = {
  create: ({ name, facts }) => [`CREATE TYPE ${name} AS (${list(facts.attributes).join(', ')})`],
  drop: dropType,
  alter: { attributes: changedAttributes },
  renewable: false,
  address: plainAddress('TYPE'),
};

/** A new attribute comes last, so what does not end in the wanted order is left to a person. */
function changedAttributes(files: SchemaObject, live: SchemaObject): string[] | null {
  const nameOf = (attribute: string): string => /^"(?:[^"]|"")*"|^\S+/.exec(attribute)?.[0] ?? '';
  const [wanted, held] = [list(files.facts.attributes), list(live.facts.attributes)];
  const [names, had] = [wanted.map(nameOf), held.map(nameOf)];
  const result = [...had.filter((name) => names.includes(name)), ...names.filter((name) => !had.includes(name))];
  if (result.join() !== names.join()) return null;
  const type = (attribute: string): string => attribute.slice(nameOf(attribute).length + 1);
  const actions = [
    ...had.filter((name) => !names.includes(name)).map((name) => `DROP ATTRIBUTE ${name}`),
    ...wanted.flatMap((attribute, i) => {
      if (held.includes(attribute)) return [];
      const name = names[i] ?? '';
      return [had.includes(name) ? `ALTER ATTRIBUTE ${name} TYPE ${type(attribute)}` : `ADD ATTRIBUTE ${attribute}`];
    }),
  ];
  return [`ALTER TYPE ${files.name} ${actions.join(', ')}`];
}

/** `CREATE TYPE ... AS RANGE`. */
export const range: Grammar = {
  create: ({ name, facts }) => [`CREATE TYPE ${name} AS RANGE (${list(facts.clauses).join(', ')})`],
  drop: dropType,
  alter: noAlter,
  renewable: false,
  address: plainAddress('TYPE'),
};

/** `CREATE COLLATION`. Where a column uses it, PostgreSQL refuses to drop it. */
export const collation: Grammar = {
  create: ({ name, facts }) => [`CREATE COLLATION ${name} (${list(facts.clauses).join(', ')})`],
  drop: ({ name }) => [`DROP COLLATION ${name}`],
  alter: noAlter,
  renewable: true,
  address: plainAddress('COLLATION'),
};

/** A cast has no name but its two types: `(a AS b)`. */
export const cast: Grammar = {
  create: ({ name, facts }) => [`CREATE CAST ${name} ${text(facts.definition)}`],
  drop: ({ name }) => [`DROP CAST ${name}`],
  alter: noAlter,
  renewable: true,
  address: plainAddress('CAST'),
};

/** A sequence of its own, or that of a serial column, which OWNED BY ties to it. */
export const sequence: Grammar = {
  create: ({ name, facts }) => [
    `CREATE ${facts.unlogged === true ? 'UNLOGGED ' : ''}SEQUENCE ${name} ${list(facts.clauses).join(' ')}`,
  ],
  drop: ({ name }) => [`DROP SEQUENCE ${name}`],
  loses: 'where it has counted to',
  alter: {
    clauses: (files, live) => [`ALTER SEQUENCE ${files.name} ${changedClauses('clauses', files, live).join(' ')}`],
    'owned by': (files) => [ownedBy(files)],
    unlogged: ({ name, facts }) => [`ALTER SEQUENCE ${name} SET ${facts.unlogged === true ? 'UNLOGGED' : 'LOGGED'}`],
  },
  renewable: false,
  address: plainAddress('SEQUENCE'),
};

/** Has to come after the column. */
export function ownedBy({ name, facts }: SchemaObject): string {
  return `ALTER SEQUENCE ${name} OWNED BY ${facts['owned by'] === null ? 'NONE' : text(facts['owned by'])}`;
}
