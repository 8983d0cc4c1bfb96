import { CrossfadeError } from '../core/errors.ts';
import { type PgType, pgTypes, type Rule } from './model.ts';

/** The rules of the command line, `TABLE.COLUMN=RULE`, by table and column of the source. */
export type RuleBook = ReadonlyMap<string, ReadonlyMap<string, readonly Rule[]>>;

const typeWords: Readonly<Record<string, PgType>> = {
  ...Object.fromEntries(pgTypes.map((type) => [type, type])),
  int: 'integer',
  double: 'double precision',
  float: 'double precision',
  bool: 'boolean',
};

const wordRules: Readonly<Record<string, Rule>> = {
  'nul:strip': { kind: 'nul', how: 'strip' },
  'nul:replace': { kind: 'nul', how: 'replace' },
  'encoding:latin1': { kind: 'encoding', how: 'latin1' },
  'encoding:replace': { kind: 'encoding', how: 'replace' },
  'empty:null': { kind: 'empty', how: 'null' },
  'invalid:null': { kind: 'invalid', how: 'null' },
  'epoch:s': { kind: 'epoch', unit: 's' },
  'epoch:ms': { kind: 'epoch', unit: 'ms' },
  'epoch:us': { kind: 'epoch', unit: 'us' },
};

/** Every word after the `=`, for help and for the message that refuses another. */
export const ruleWords = [...pgTypes, 'zone:AREA/CITY', ...Object.keys(wordRules)];

/** Reads one rule, `jsonb` or `zone:Europe/Vienna`. Throws E_RULE_INVALID. */
export function parseRule(text: string): Rule {
  const type = Object.hasOwn(typeWords, text.toLowerCase()) ? typeWords[text.toLowerCase()] : undefined;
  if (type !== undefined) return { kind: 'type', type };
  if (Object.hasOwn(wordRules, text)) return wordRules[text];
  if (text.startsWith('zone:') && isZone(text.slice(5))) return { kind: 'zone', zone: text.slice(5) };
  throw new CrossfadeError(
    'E_RULE_INVALID',
    `There is no rule ${JSON.stringify(text)}. Nothing was moved. Rules: ${ruleWords.join(', ')}.`,
    { rule: text },
  );
}

/** A rule as it is written. */
export function ruleText(rule: Rule): string {
  if (rule.kind === 'type') return rule.type;
  if (rule.kind === 'zone') return `zone:${rule.zone}`;
  return `${rule.kind}:${rule.kind === 'epoch' ? rule.unit : rule.how}`;
}

/**
 * Splits `TABLE.COLUMN=RULE` against the tables that exist, because names may contain dots and equal signs: the longest
 * table name that fits wins. Several rules for one column add up. Throws E_RULE_INVALID for what does not exist.
 */
export function parseRules(texts: readonly string[], columnsOf: ReadonlyMap<string, readonly string[]>): RuleBook {
  const book = new Map<string, Map<string, Rule[]>>();
  for (const text of texts) {
    const found = locate(text, columnsOf);
    if (found === null) {
      throw new CrossfadeError(
        'E_RULE_INVALID',
        `No table and column of the source fit the rule ${JSON.stringify(text)}. Nothing was moved. Write TABLE.COLUMN=RULE.`,
        { rule: text },
      );
    }
    const columns = book.get(found.table) ?? new Map<string, Rule[]>();
    book.set(found.table, columns);
    columns.set(found.column, [...(columns.get(found.column) ?? []), parseRule(found.rule)]);
  }
  return book;
}

function locate(
  text: string,
  columnsOf: ReadonlyMap<string, readonly string[]>,
): { table: string; column: string; rule: string } | null {
  const tables = [...columnsOf.keys()]
    .filter((table) => text.startsWith(`${table}.`))
    .sort((a, b) => b.length - a.length);
  for (const table of tables) {
    const rest = text.slice(table.length + 1);
    const columns = (columnsOf.get(table) ?? [])
      .filter((column) => rest.startsWith(`${column}=`))
      .sort((a, b) => b.length - a.length);
    if (columns.length > 0) return { table, column: columns[0], rule: rest.slice(columns[0].length + 1) };
  }
  return null;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
