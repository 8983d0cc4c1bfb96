import { ident as quoteIdent, literal as quoteLiteral } from '../core/sql-text.ts';

export { ident, literal } from '../core/sql-text.ts';

/** What may stand for a `$n`. Sent apart from the statement, so no value can become SQL. */
export type Parameter = string | number | bigint | boolean | null | Uint8Array | readonly (string | null)[];

/**
 * A piece of SQL and its parameters, made only by the functions of this file. The private field keeps look-alike
 * objects out at compile time, `instanceof` at run time.
 */
export class Sql {
  readonly #pieces: readonly string[];
  /** In the order of `$1`, `$2`, ... */
  readonly values: readonly Parameter[];

  private constructor(pieces: readonly string[], values: readonly Parameter[]) {
    // On the wire the statement ends at a NUL, whatever follows it.
    if (pieces.some((piece) => piece.includes('\0'))) throw new TypeError('An SQL statement cannot hold NUL.');
    this.#pieces = pieces;
    this.values = values;
  }

  /** The statement with `$n` in it, numbered anew whatever this was nested in. */
  get text(): string {
    return this.#pieces.reduce((text, piece, i) => `${text}$${i}${piece}`);
  }

  /** Putting a fragment into an ordinary string would lose its parameters, so it throws. */
  toString(): never {
    throw new TypeError('An Sql fragment belongs into an sql`...` template, not into a string.');
  }

  /** Text that is SQL already. Private to this file but for {@link trusted}. */
  static raw(text: string): Sql {
    return new Sql([text], []);
  }

  /** Lays nested fragments out flat: each argument is either pieces to splice in, or one parameter. */
  static build(strings: readonly string[], args: readonly (Sql | Parameter)[]): Sql {
    const pieces = [strings[0] ?? ''];
    const values: Parameter[] = [];
    args.forEach((arg, i) => {
      const nested = arg instanceof Sql ? arg : new Sql(['', ''], [checked(arg)]);
      pieces[pieces.length - 1] += nested.#pieces[0] ?? '';
      pieces.push(...nested.#pieces.slice(1));
      values.push(...nested.values);
      pieces[pieces.length - 1] += strings[i + 1] ?? '';
    });
    return new Sql(pieces, values);
  }
}

/**
 * The only way to write a statement. An interpolated fragment is spliced in, anything else becomes a parameter.
 * For a name use {@link name} or {@link qualified}: the text that `ident` returns would be sent as a value.
 *
 * @example sql`select count(*) from ${qualified('public', table)} where ${name(column)} = ${value}`
 */
export function sql(strings: TemplateStringsArray, ...args: readonly (Sql | Parameter)[]): Sql {
  return Sql.build(strings, args);
}

/** One quoted identifier. */
export function name(text: string): Sql {
  return Sql.raw(quoteIdent(text));
}

/** `"schema"."name"`. Nothing is ever looked up by search path. */
export function qualified(schema: string, text: string): Sql {
  return Sql.raw(`${quoteIdent(schema)}.${quoteIdent(text)}`);
}

/** A string literal, for utility statements, which take no parameters. Elsewhere a parameter is better. */
export function quoted(text: string): Sql {
  return Sql.raw(quoteLiteral(text));
}

/** Fragments with a separator between them; no fragments give an empty one. */
export function join(fragments: readonly Sql[], separator: ', ' | ' and ' | ' or ' | '; ' = ', '): Sql {
  return Sql.build(['', ...fragments.map((_, i) => (i + 1 < fragments.length ? separator : ''))], fragments);
}

/**
 * Text that another part of this project has rendered with `ident` and `literal`, such as DDL. Never for text out of
 * a source, a plan or a command line.
 */
export function trusted(text: string): Sql {
  return Sql.raw(text);
}

/** The types say the same; this holds where a caller has lost them. */
function checked(arg: unknown): Parameter {
  const plain = arg === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof arg);
  const list = Array.isArray(arg) && arg.every((item) => item === null || typeof item === 'string');
  if (!plain && !list && !(arg instanceof Uint8Array)) {
    throw new TypeError(`An SQL parameter cannot be ${Array.isArray(arg) ? 'such an array' : `a ${typeof arg}`}.`);
  }
  return arg as Parameter;
}
