import { natural } from './column.ts';
import { compare, nullTest } from './compare.ts';
import { chosen, integerOf, isInteger, isNumber, nameOf, textOf, truth, unify, withoutCollation } from './convert.ts';
import { integer, nothing, outcome, refuse, type Term } from './term.ts';

/** What SQLite function may become what, by its name in lower case and the number of its arguments. */
interface Rule {
  readonly arguments: readonly [min: number, max: number];
  readonly make: (...args: Term[]) => Term;
}

/** @throws {Untranslatable} */
export function call(name: string, args: readonly Term[]): Term {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!rule) refuse(`the function ${name} has no equal in PostgreSQL that is known to behave alike`);
  const [min, max] = rule.arguments;
  if (args.length < min || args.length > max) refuse(`the function ${name} is not known with ${args.length} arguments`);
  return rule.make(...args.map(withoutCollation));
}

/** Text in the one form that PostgreSQL's own text functions take it: by bytes, whatever the database's collation is. */
const bytewise = (term: Term) => `${textOf(term).sql} COLLATE "C"`;

const ofText =
  (name: string): Rule['make'] =>
  (text, ...more) => {
    if (text.type === 'null' || more.some((term) => term.type === 'null')) return nothing;
    return outcome(
      'text',
      `pg_catalog.${name}(${[bytewise(text), ...more.map((term) => textOf(term).sql)].join(', ')})`,
    );
  };

const alternatives = (...args: Term[]): Term => {
  const { terms, model } = unify(args);
  return chosen(model, `COALESCE(${terms.map((term) => term.sql).join(', ')})`);
};

/** SQLite's max and min of several are NULL when one of them is; GREATEST and LEAST pass over NULLs. */
const extreme =
  (name: 'GREATEST' | 'LEAST'): Rule['make'] =>
  (...args) => {
    if (args.some((term) => term.buried || (term.collation !== null && term.collation !== 'BINARY')))
      refuse('a collation decides which is greater');
    const { terms, model } = unify(args);
    if (terms.some((term) => term.type === 'null')) return nothing;
    if (model.type === 'boolean' || model.storage !== 'exact') refuse(`the order of ${nameOf(model)} is asked for`);
    if (!isNumber(model) && model.type !== 'text' && model.type !== 'date')
      refuse(`the order of ${nameOf(model)} is asked for`);
    const missing = terms.filter((term) => !term.constant).map((term) => nullTest(term, false).sql);
    const values = terms.map((term) => (model.type === 'text' ? `${term.sql} COLLATE "C"` : term.sql)).join(', ');
    const most = `${name}(${values})`;
    return chosen(
      model,
      missing.length === 0 ? most : `(CASE WHEN ${missing.join(' OR ')} THEN NULL ELSE ${most} END)`,
    );
  };

const conditional = (...args: Term[]): Term => {
  const pairs = args.length >> 1;
  const results = Array.from({ length: pairs }, (_, i) => args[2 * i + 1]);
  const { terms, model } = unify([...results, args.length % 2 ? (args.at(-1) as Term) : nothing]);
  const branches = Array.from({ length: pairs }, (_, i) => `WHEN ${truth(args[2 * i])} THEN ${terms[i]?.sql}`);
  return chosen(model, `(CASE ${branches.join(' ')} ELSE ${terms.at(-1)?.sql} END)`);
};

const rules: Readonly<Record<string, Rule>> = {
  abs: { arguments: [1, 1], make: absolute },
  coalesce: { arguments: [2, 127], make: alternatives },
  hex: { arguments: [1, 1], make: hexadecimal },
  if: { arguments: [2, 127], make: conditional },
  ifnull: { arguments: [2, 2], make: alternatives },
  iif: { arguments: [2, 127], make: conditional },
  instr: { arguments: [2, 2], make: position },
  json_valid: { arguments: [1, 1], make: validity },
  length: { arguments: [1, 1], make: length },
  lower: { arguments: [1, 1], make: ofText('lower') },
  ltrim: { arguments: [1, 2], make: ofText('ltrim') },
  max: { arguments: [2, 127], make: extreme('GREATEST') },
  min: { arguments: [2, 127], make: extreme('LEAST') },
  nullif: { arguments: [2, 2], make: nullIf },
  octet_length: { arguments: [1, 1], make: octets },
  replace: { arguments: [3, 3], make: ofText('replace') },
  rtrim: { arguments: [1, 2], make: ofText('rtrim') },
  substr: { arguments: [2, 3], make: substring },
  substring: { arguments: [2, 3], make: substring },
  trim: { arguments: [1, 2], make: ofText('btrim') },
  typeof: { arguments: [1, 1], make: storageName },
  upper: { arguments: [1, 1], make: ofText('upper') },
};

function absolute(term: Term): Term {
  if (term.type === 'null') return nothing;
  if (term.type === 'double precision' && term.storage !== 'loose') {
    return outcome(term.type, `pg_catalog.abs(${term.sql})`, { storage: term.storage });
  }
  // The smallest integer has no absolute value in either, and both say so.
  const value = integerOf(term);
  return integer(`pg_catalog.abs(${value.sql}${value.bits >= 31 ? '::bigint' : ''})`, value.bits);
}

function hexadecimal(term: Term): Term {
  if (term.type !== 'bytea' || term.storage !== 'exact') refuse(`hex is taken of ${nameOf(term)}`);
  return outcome('text', `COALESCE(pg_catalog.upper(pg_catalog.encode(${term.sql}, 'hex') COLLATE "C"), '')`);
}

function position(text: Term, part: Term): Term {
  if (text.type === 'null' || part.type === 'null') return nothing;
  return integer(`pg_catalog.strpos(${bytewise(text)}, ${textOf(part).sql})`, 30);
}

/** A column that became json or jsonb holds nothing else. */
function validity(term: Term): Term {
  if ((term.type !== 'json' && term.type !== 'jsonb') || term.storage !== 'exact')
    refuse(`json_valid is asked of ${nameOf(term)}`);
  return outcome('boolean', `(CASE WHEN ${term.sql} IS NOT NULL THEN true END)`);
}

function length(term: Term): Term {
  if (term.type === 'null') return nothing;
  if (term.type === 'bytea' && term.storage === 'exact') return octets(term);
  return integer(`pg_catalog.char_length(${textOf(term).sql})`, 30);
}

function octets(term: Term): Term {
  if (term.type === 'null') return nothing;
  const bytes = term.type === 'bytea' && term.storage === 'exact' ? term : textOf(term);
  return integer(`pg_catalog.octet_length(${bytes.sql})`, 30);
}

/** The function compares without affinity, so both sides must be of one kind. */
function nullIf(left: Term, right: Term): Term {
  const {
    terms: [l, r],
    model,
  } = unify([left, right]) as { terms: readonly [Term, Term]; model: Term };
  if (l.type === 'null') return nothing;
  if (r.type === 'null') return chosen(model, l.sql);
  const bare: Term = { ...r, affinity: null };
  const equal = compare('=', { ...l, affinity: null }, bare, { check: false });
  return chosen(model, `(CASE WHEN ${equal.sql} THEN NULL ELSE ${l.sql} END)`);
}

/** Only a constant start from 1 on: SQLite counts 0 and negative ones from places that PostgreSQL does not know. */
function substring(text: Term, start: Term, count?: Term): Term {
  const numbers = [start, ...(count ? [count] : [])].map(({ constant }) =>
    constant?.kind === 'integer' ? constant.value : -1n,
  );
  if (numbers.some((n, i) => n < (i === 0 ? 1n : 0n) || n > 0x7fffffffn))
    refuse('substr has a start or length that is not a small constant');
  if (text.type === 'null') return nothing;
  // Not of bytes: a part of an empty blob is NULL in SQLite.
  return outcome('text', `pg_catalog.substr(${[textOf(text).sql, ...numbers].join(', ')})`);
}

/** What inference has settled: every value but NULL is of one storage class. */
function storageName(term: Term): Term {
  if (term.type === 'null') return outcome('text', `'null'`);
  const certain = term.column?.stored?.length ? term.column.stored.length === 1 : undefined;
  const assumed = isInteger(term) || ['boolean', 'text', 'uuid', 'bytea', 'double precision'].includes(term.type);
  if (term.storage !== 'exact' || !(certain ?? assumed))
    refuse(`typeof is asked of ${nameOf(term)}, which may hold several kinds of values`);
  return outcome('text', `(CASE WHEN ${term.sql} IS NULL THEN 'null' ELSE '${natural[term.type]}' END)`);
}
