import { changedClauses, type Grammar, plainAddress } from './grammar.ts';
import { list, type SchemaObject, text } from './description.ts';

/** `CREATE TEXT SEARCH DICTIONARY`. */
export const dictionary: Grammar = {
  create: ({ name, facts }) => {
    const options = facts.options === null ? '' : `, ${text(facts.options)}`;
    return [`CREATE TEXT SEARCH DICTIONARY ${name} (TEMPLATE = ${text(facts.template)}${options})`];
  },
  drop: ({ name }) => [`DROP TEXT SEARCH DICTIONARY ${name}`],
  alter: {
    options: (files, live) => {
      const kept = optionNames(files);
      const gone = optionNames(live).filter((option) => !kept.includes(option));
      const all = [...(kept.length === 0 ? [] : [text(files.facts.options)]), ...gone];
      return [`ALTER TEXT SEARCH DICTIONARY ${files.name} (${all.join(', ')})`];
    },
  },
  renewable: true,
  address: plainAddress('TEXT SEARCH DICTIONARY'),
};

/** The names before each `=`; a value may hold one too, but stands in quotes. */
function optionNames({ facts }: SchemaObject): string[] {
  const pairs = text(facts.options).matchAll(/("(?:[^"]|"")*"|\w+) = (?:E?'(?:[^']|'')*'|[^,]+)/g);
  return [...pairs].map(([, name = '']) => name);
}

/** `CREATE TEXT SEARCH CONFIGURATION`; what a kind of token goes through is added to it. */
export const configuration: Grammar = {
  create: ({ name, facts }) => [
    `CREATE TEXT SEARCH CONFIGURATION ${name} (PARSER = ${text(facts.parser)})`,
    ...list(facts.mappings).map((mapping) => mapped(name, 'ADD', mapping)),
  ],
  drop: ({ name }) => [`DROP TEXT SEARCH CONFIGURATION ${name}`],
  alter: {
    mappings: (files, live) => {
      const [tokens, had] = [list(files.facts.mappings).map(tokenOf), list(live.facts.mappings).map(tokenOf)];
      const gone = had.filter((token) => !tokens.includes(token));
      return [
        ...gone.map((token) => `ALTER TEXT SEARCH CONFIGURATION ${files.name} DROP MAPPING FOR ${token}`),
        ...changedClauses('mappings', files, live).map((mapping) =>
          mapped(files.name, had.includes(tokenOf(mapping)) ? 'ALTER' : 'ADD', mapping),
        ),
      ];
    },
  },
  renewable: true,
  address: plainAddress('TEXT SEARCH CONFIGURATION'),
};

function mapped(name: string, how: 'ADD' | 'ALTER', mapping: string): string {
  return `ALTER TEXT SEARCH CONFIGURATION ${name} ${how} MAPPING FOR ${mapping}`;
}

function tokenOf(mapping: string): string {
  return mapping.slice(0, mapping.indexOf(' WITH '));
}
