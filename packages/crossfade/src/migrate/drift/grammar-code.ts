import { alterTable, changedOptions, type Grammar, noAlter, optionText, partAddress, plainAddress } from './grammar.ts';
import { type Fact, list, type SchemaObject, text } from './description.ts';

/** A function or procedure: replaced where its signature stays, else made anew. */
function routine(word: string): Grammar {
  return {
    create: ({ facts }) => [text(facts.definition).trimEnd()],
    drop: ({ name }) => [`DROP ${word} ${name}`],
    alter: {
      definition: (files, live) =>
        files.aux.signature === live.aux.signature ? [text(files.facts.definition).trimEnd()] : null,
    },
    renewable: true,
    address: plainAddress(word),
  };
}

/** `CREATE FUNCTION`, window functions too. */
export const func: Grammar = routine('FUNCTION');

/** `CREATE PROCEDURE`. */
export const procedure: Grammar = routine('PROCEDURE');

/** `CREATE AGGREGATE`. */
export const aggregate: Grammar = {
  create: ({ name, facts }) => [`CREATE AGGREGATE ${name} (${list(facts.clauses).join(', ')})`],
  drop: ({ name }) => [`DROP AGGREGATE ${name}`],
  alter: noAlter,
  renewable: true,
  address: plainAddress('AGGREGATE'),
};

const query = ({ definition }: Readonly<Record<string, Fact>>): string => text(definition).trim().replace(/;$/, '');

const optionsText = ({ facts }: SchemaObject): string => {
  const options = list(facts.options).map(optionText);
  return options.length === 0 ? '' : ` WITH (${options.join(', ')})`;
};

/** A view: replaced where its columns stay and new ones come last, else made anew. */
export const view: Grammar = {
  create: (each) => [`CREATE VIEW ${each.name}${optionsText(each)} AS\n${query(each.facts)}`],
  drop: ({ name }) => [`DROP VIEW ${name}`],
  alter: {
    // The new text brings the new columns.
    columns: (files, live) => (extended(files, live) ? [] : null),
    definition: (files, live) =>
      extended(files, live)
        ? [`CREATE OR REPLACE VIEW ${files.name}${optionsText(files)} AS\n${query(files.facts)}`]
        : null,
    options: (files, live) => changedOptions(files, live).map((change) => `ALTER VIEW ${files.name} ${change}`),
  },
  renewable: true,
  address: plainAddress('VIEW'),
};

function extended(files: SchemaObject, live: SchemaObject): boolean {
  const wanted = list(files.facts.columns);
  return list(live.facts.columns).every((each, i) => wanted[i] === each);
}

/** A materialized view: its rows are computed again when it is made anew. */
export const materialized: Grammar = {
  create: (each) => [`CREATE MATERIALIZED VIEW ${each.name}${optionsText(each)} AS\n${query(each.facts)}`],
  drop: ({ name }) => [`DROP MATERIALIZED VIEW ${name}`],
  alter: {
    options: (files, live) =>
      changedOptions(files, live).map((change) => `ALTER MATERIALIZED VIEW ${files.name} ${change}`),
  },
  renewable: true,
  address: plainAddress('MATERIALIZED VIEW'),
};

/** A comment on a column of a view or type: it is nothing but its text. */
export const columnComment: Grammar = {
  create: () => [],
  drop: ({ name, on }) => [`COMMENT ON COLUMN ${on ?? ''}.${name} IS NULL`],
  alter: noAlter,
  renewable: false,
  address: ({ name, on }) => `COLUMN ${on ?? ''}.${name}`,
};

/** A default of a column of a view. */
export const viewDefault: Grammar = {
  create: setDefault,
  drop: ({ name, on }) => [`ALTER VIEW ${on ?? ''} ALTER COLUMN ${name} DROP DEFAULT`],
  alter: { default: setDefault },
  renewable: false,
  address: ({ name, on }) => `COLUMN ${on ?? ''}.${name}`,
};

function setDefault({ name, on, facts }: SchemaObject): string[] {
  return [`ALTER VIEW ${on ?? ''} ALTER COLUMN ${name} SET DEFAULT ${text(facts.default)}`];
}

/** `CREATE STATISTICS`. */
export const statistics: Grammar = {
  create: ({ facts }) => [text(facts.definition)],
  drop: ({ name }) => [`DROP STATISTICS ${name}`],
  alter: {
    target: ({ name, facts }) => [`ALTER STATISTICS ${name} SET STATISTICS ${text(facts.target) || '-1'}`],
  },
  renewable: true,
  address: plainAddress('STATISTICS'),
};

/** A trigger or rule, which can be switched off. */
function switched(word: 'TRIGGER' | 'RULE'): Grammar {
  const state = (each: SchemaObject): string => alterTable(each, `${text(each.facts.state)} ${word} ${each.name}`);
  return {
    create: (each) => [
      text(each.facts.definition).replace(/;$/, ''),
      ...(each.facts.state === 'ENABLE' ? [] : [state(each)]),
    ],
    drop: ({ name, on }) => [`DROP ${word} ${name} ON ${on ?? ''}`],
    alter: { state: (files) => [state(files)] },
    renewable: true,
    address: partAddress(word),
  };
}

/** `CREATE TRIGGER`, and whether it fires. */
export const trigger: Grammar = switched('TRIGGER');

/** A partition's copy of a trigger, which comes and goes with its parent's. */
export const partitionTrigger: Grammar = {
  create: (each) => (each.facts.state === each.aux['parent state'] ? [] : [fires(each)]),
  drop: () => [],
  alter: { state: (files) => [fires(files)] },
  renewable: false,
  address: partAddress('TRIGGER'),
};

function fires(each: SchemaObject): string {
  return alterTable(each, `${text(each.facts.state)} TRIGGER ${each.name}`);
}

/** `CREATE RULE`, and whether it acts. */
export const rule: Grammar = switched('RULE');

/** A policy of row security. */
export const policy: Grammar = {
  create: ({ name, on, facts }) => [
    [
      `CREATE POLICY ${name} ON ${on ?? ''}`,
      facts.permissive === true ? '' : ' AS RESTRICTIVE',
      ` FOR ${text(facts.command)} TO ${list(facts.roles).join(', ')}`,
      facts.using === null ? '' : ` USING (${text(facts.using)})`,
      facts.check === null ? '' : ` WITH CHECK (${text(facts.check)})`,
    ].join(''),
  ],
  drop: ({ name, on }) => [`DROP POLICY ${name} ON ${on ?? ''}`],
  alter: noAlter,
  renewable: true,
  address: partAddress('POLICY'),
};
