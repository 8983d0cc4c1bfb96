import type { Field, FieldType, JsonValue, Value } from '../../schema/collection.ts';
import { canonical, ValueFault } from '../../schema/values/field-values.ts';
import { jsonOf, valueOfJson } from '../../schema/values/json-form.ts';
import { JsonFault, parseJson, printJson } from '../../schema/values/json-value.ts';

/** A cell as it travels: NocoDB's API knows text, numbers and truth. */
export type Cell = string | number | boolean | null;

/** How a type of field is kept in NocoDB. */
export interface Codec {
  /** The types of column that hold it, as NocoDB names them; the first one is made. */
  readonly columns: readonly string[];
  /** What is sent for a value that is not null. */
  readonly encode: (value: Value) => Cell;
  /** What the cell stands for, in any form that `canonical` takes. @throws ValueFault, JsonFault */
  readonly decode: (cell: Cell) => unknown;
}

/**
 * NocoDB's own text columns take 100,000 characters; a column of the database's type `text`, which NocoDB calls by this
 * name, takes what the database takes.
 */
const texts = ['SpecificDBType', 'LongText', 'SingleLineText', 'Email', 'PhoneNumber', 'URL'] as const;
const shortTexts = ['SingleLineText', 'LongText', 'SpecificDBType'] as const;

const printed = (value: Value): string => `${value as number | boolean}`;

/** Text that stands for a value of the type; `json-form.ts` says which. */
function asText(type: FieldType): Codec {
  return {
    columns: shortTexts,
    encode: (value) => jsonOf(type, value) as string,
    decode: (cell) => valueOfJson(type, textOf(cell)),
  };
}

/**
 * The API rounds integers beyond 2^53 and long decimals, cuts fractions of seconds, and knows no infinity: what it
 * would change is kept as text. Only what travels exactly has a column of its own type.
 */
export const codecs: Readonly<Record<FieldType, Codec>> = {
  text: { columns: texts, encode: (value) => value as string, decode: textOf },
  integer: { columns: ['Number'], encode: (value) => value as number, decode: (cell) => cell },
  bigint: asText('bigint'),
  numeric: asText('numeric'),
  double: {
    columns: shortTexts,
    encode: printed,
    decode: (cell) => {
      const text = textOf(cell);
      const value = Number(text);
      if (String(value) !== text) throw new ValueFault('is no text of a double');
      return value;
    },
  },
  boolean: { columns: shortTexts, encode: printed, decode: truthOf },
  timestamptz: asText('timestamptz'),
  timestamp: asText('timestamp'),
  date: asText('date'),
  uuid: asText('uuid'),
  json: {
    columns: texts,
    encode: (value) => printJson(value as JsonValue),
    decode: (cell) => parseJson(textOf(cell)),
  },
  bytes: { ...asText('bytes'), columns: texts },
};

/** The value of a cell in its one form. @throws ValueFault, whose message has no value in it */
export function valueOfCell({ type, nullable = false }: Field, cell: Cell): Value {
  if (cell === null) {
    if (!nullable) throw new ValueFault('is null');
    return null;
  }
  try {
    return canonical(type, codecs[type].decode(cell));
  } catch (error) {
    if (error instanceof JsonFault) throw new ValueFault('is no JSON that JavaScript holds exactly');
    throw error;
  }
}

function textOf(cell: Cell): string {
  if (typeof cell !== 'string') throw new ValueFault('is no text');
  return cell;
}

function truthOf(cell: Cell): boolean {
  if (cell !== 'true' && cell !== 'false') throw new ValueFault('is neither true nor false');
  return cell === 'true';
}
