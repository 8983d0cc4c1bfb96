import type { PgType } from '../model.ts';
import type { Stored } from '../sqlite/affinity.ts';
import { integerSql, realSql, refuse, textSql } from './term.ts';
import { typedText } from './typed-constant.ts';

/** The column that a default belongs to. */
export interface DefaultColumn {
  readonly type: PgType;
  readonly declared: string;
}

/**
 * A stored value as a constant of the column's type: what a move would make of the same value. Null for NULL.
 * @throws {Untranslatable} where the type cannot hold it.
 */
export function storedSql(value: Stored, column: DefaultColumn): string | null {
  if (value.kind === 'null') return null;
  const sql =
    value.kind === 'text'
      ? textFor(value.value, column)
      : value.kind === 'blob'
        ? blobFor(value.value, column)
        : numberFor(value, column);
  return (
    sql ??
    refuse(
      `SQLite stores ${value.kind === 'integer' ? 'an' : 'a'} ${value.kind}, which a column of type ${column.type} does not hold`,
    )
  );
}

function textFor(text: string, column: DefaultColumn): string | null {
  if (column.type !== 'boolean') return typedText(column.type, text, column.declared);
  const word = /^(?:(t|true)|f|false)$/i.exec(text);
  return word && String(word[1] !== undefined);
}

function blobFor(hex: string, column: DefaultColumn): string | null {
  return column.type === 'bytea' ? `pg_catalog.decode('${hex}', 'hex')` : null;
}

function numberFor(value: Stored & { kind: 'integer' | 'real' }, column: DefaultColumn): string | null {
  switch (column.type) {
    case 'boolean':
      return value.value === 0n || value.value === 1n ? String(value.value === 1n) : null;
    case 'integer':
      return value.kind === 'integer' && BigInt.asIntN(32, value.value) === value.value
        ? integerSql(value.value)
        : null;
    case 'bigint':
      return value.kind === 'integer' ? integerSql(value.value) : null;
    case 'numeric':
      return value.kind === 'integer' ? integerSql(value.value) : `${realSql(value.value)}::numeric`;
    case 'double precision':
      if (value.kind === 'integer' && BigInt(Number(value.value)) !== value.value) return null;
      return `${realSql(Number(value.value))}::double precision`;
    case 'text':
      // Among texts a move writes numbers as SQLite prints them; of integers that is certain.
      return value.kind === 'integer' ? textSql(String(value.value)) : null;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return refuse('a number does not say in which unit it counts');
    default:
      return null;
  }
}
