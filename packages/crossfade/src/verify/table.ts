import { ident } from '../core/sql-text.ts';
import type { Rule } from '../schema/model.ts';

/** What is compared with what. Plain data, so that it can be handed to a worker. */
export interface VerifyTable {
  /** The table's name in the source, for reports. */
  readonly source: string;
  readonly target: {
    readonly schema: string;
    readonly name: string;
    /** Its rows stand in its partitions. */
    readonly partitioned?: boolean;
  };
  /** In the order of the cells of a source row; the target is read in the same order. */
  readonly columns: readonly VerifyColumn[];
  /** Positions in `columns` of what names a row on both sides; empty compares the rows as a multiset. */
  readonly key: readonly number[];
}

/** One column on both sides. */
export interface VerifyColumn {
  readonly source: string;
  readonly target: string;
  /** pg_attribute.atttypid as it really is, whatever was planned. */
  readonly typeOid: number;
  /** For the message that refuses a type. */
  readonly typeName?: string;
  readonly rules: readonly Rule[];
}

/**
 * The statement whose output is the target side, or the part of it in pages `from` to below `to` (pg_class.relpages
 * and up; leave the last part's `to` at Infinity, because the table may have grown). ONLY, so that rows of inheriting
 * tables are not taken for this table's.
 */
export function copyOutStatement(table: VerifyTable, pages?: { readonly from: number; readonly to: number }): string {
  const columns = table.columns.map((column) => ident(column.target)).join(', ');
  const bounds =
    pages === undefined ? [] : [bound('>=', pages.from), ...(pages.to === Infinity ? [] : [bound('<', pages.to)])];
  const where = bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`;
  return `COPY (SELECT ${columns} FROM ${table.target.partitioned === true ? '' : 'ONLY '}${ident(table.target.schema)}.${ident(table.target.name)}${where}) TO STDOUT (FORMAT binary)`;
}

function bound(operator: '>=' | '<', page: number): string {
  if (!Number.isInteger(page) || page < 0 || page > 0xffffffff)
    throw new TypeError('A page of a table is numbered from 0 to 4294967295.');
  return `ctid ${operator} '(${page},0)'::pg_catalog.tid`;
}
