import { displayKey, plainKey } from '../core/key-text.ts';
import type { CrossfadeError } from '../core/errors.ts';
import { errorReport } from './build-report.ts';
import type { Reject, RejectCode } from './rejects.ts';
import type { BadValueReport, Report } from './report.ts';

/** What a retry did; verdict and exit status always agree, and mean what they mean in the report of a move. */
export interface RetryReport
  extends Pick<
    Report,
    'exitCode' | 'source' | 'target' | 'schema' | 'rows' | 'warnings' | 'badValues' | 'quarantineFile' | 'error'
  > {
  /** equal: the list is empty now. accounted: rows still stand in it, or rules altered values. failed: nothing was inserted, unless the error's facts have an `outcome`. */
  readonly verdict: 'equal' | 'accounted' | 'failed';
  readonly tables: readonly RetriedTable[];
  readonly seconds: { readonly total: number };
}

/** What became of the listed rows of one table; rows = loaded + present + rejected, always. */
export interface RetriedTable {
  readonly source: string;
  readonly target: string;
  /** Rows that the list named. */
  readonly rows: number;
  /** Rows inserted now. */
  readonly loaded: number;
  /** Rows that stood in the target already, with equal values: an earlier retry could not say so any more. */
  readonly present: number;
  /** Rows that still stand in the list. */
  readonly rejected: number;
  /** Values of inserted rows that rules have changed. */
  readonly altered: number;
  /** Rows read back and found equal. */
  readonly verified: number;
}

/** What a retry knew, whether it came to its end or not. */
export type RetryFacts = Pick<RetryReport, 'source' | 'target' | 'schema' | 'warnings' | 'quarantineFile' | 'seconds'>;

/** The report of a retry that has come to its end. */
export function retryReport(
  facts: RetryFacts,
  tables: readonly RetriedTable[],
  rest: readonly Reject[],
  showValues: boolean,
): RetryReport {
  const isWhole = rest.length === 0 && tables.every(({ altered }) => altered === 0);
  return {
    verdict: isWhole ? 'equal' : 'accounted',
    exitCode: isWhole ? 0 : 4,
    ...facts,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    tables,
    badValues: [...groups(rest).values()].map((rows) => badRows(rows, showValues)),
    error: null,
  };
}

/** The report of a retry that an error ended. */
export function failedRetry(facts: RetryFacts, error: CrossfadeError): RetryReport {
  return {
    verdict: 'failed',
    exitCode: error.exitCode,
    ...facts,
    rows: 0,
    tables: [],
    badValues: [],
    error: errorReport(error),
  };
}

/** By table, column, code and constraint. */
function groups(rest: readonly Reject[]): Map<string, Reject[]> {
  const found = new Map<string, Reject[]>();
  for (const row of rest) {
    const kind = JSON.stringify([row.table, row.column, row.code, row.constraint]);
    const group = found.get(kind);
    if (group === undefined) found.set(kind, [row]);
    else group.push(row);
  }
  return found;
}

/** What can be done about a row that still stands in the list. */
const fixes: Readonly<Record<RejectCode, (name: string, constraint: string) => string>> = {
  E_TEXT_NUL: (name) => `mend it in the source, or --rule ${name}=nul:strip or nul:replace`,
  E_TEXT_ENCODING: (name) => `mend it in the source, or --rule ${name}=encoding:latin1 or encoding:replace`,
  E_BLOB_IN_TEXT: () => 'mend it in the source',
  E_VALUE_TOO_LARGE: () => 'mend it in the source; PostgreSQL holds less than 1 GB a value',
  E_DOCUMENT_UNREADABLE: () => 'mend the document in the source',
  E_TYPE_UNFIT: (name) =>
    `mend it in the source, --rule ${name}=invalid:null, or give the column in PostgreSQL a wider type`,
  E_ROW_GONE: () =>
    'the source has no such row any more; write the new key into its line, or remove the line if the row is gone on purpose',
  E_KEY_TAKEN: () =>
    'another row stands in PostgreSQL under this key and was not overwritten; compare the two, and remove that row or this line',
  E_ROW_REFUSED: (_, constraint) => `the table refuses the row${constraint}; bring what it asks for, and retry`,
};

function badRows(rows: readonly Reject[], showValues: boolean): BadValueReport {
  const { table, column, code, key, constraint } = rows[0];
  return {
    table,
    column: column ?? '',
    code,
    count: rows.length,
    firstKey: (showValues ? plainKey : displayKey)(key),
    fix: fixes[code](`${table}.${column}`, constraint === undefined ? '' : ` by ${constraint}`),
  };
}
