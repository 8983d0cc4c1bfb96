import { digestOf, displayKey, plainKey } from '../core/key-text.ts';
import type { RowKey } from '../core/cell.ts';
import type { CrossfadeError, ExitCode, Facts } from '../core/errors.ts';
import { declares } from '../schema/declared.ts';
import type { Design } from '../schema/design.ts';
import type { Unheld } from '../schema/infer.ts';
import type { NotMoved, SourceTable, TargetTable } from '../schema/model.ts';
import type { Difference } from '../verify/verify.ts';
import type { Compared } from './compare.ts';
import type { Finished } from './finish.ts';
import type { TableProfile } from './profile.ts';
import type { UnreadableRecord } from './staged.ts';
import type {
  BadValueReport,
  DifferenceReport,
  ErrorReport,
  PhaseSeconds,
  Report,
  TableReport,
  Verdict,
} from './report.ts';

/** What a run has found out so far; the report can be built at any time. */
export interface RunFacts {
  readonly source: string;
  readonly target: string;
  readonly schema: string;
  readonly profiles: readonly TableProfile[];
  readonly design: Design;
  readonly unreadable: readonly UnreadableRecord[];
  readonly notMoved: readonly NotMoved[];
  readonly warnings: readonly string[];
  readonly seconds: PhaseSeconds;
  readonly showValues: boolean;
  /** By source table; empty before the load. */
  readonly loaded: ReadonlyMap<
    string,
    { readonly loaded: number; readonly altered: number; readonly rejected: number }
  >;
  /** By source table; empty before verification. */
  readonly compared: ReadonlyMap<string, Compared>;
  readonly finished: Finished;
  readonly quarantineFile: string | null;
  /** What ended the run, or null. */
  readonly error: CrossfadeError | null;
}

const exitCodes: Readonly<Record<Verdict, ExitCode>> = { planned: 0, equal: 0, failed: 1, stopped: 3, accounted: 4 };

/** The report of a run with this verdict. */
export function buildReport(facts: RunFacts, verdict: Verdict): Report {
  const profileOf = new Map(facts.profiles.map((profile) => [profile.table.name, profile]));
  const tables = facts.design.tables.map((table) =>
    tableReport(table, rowsOf(table.source.name, profileOf.get(table.source.name), facts), facts),
  );
  return {
    verdict,
    exitCode: facts.error?.exitCode ?? exitCodes[verdict],
    source: facts.source,
    target: facts.target,
    schema: facts.schema,
    rows: facts.profiles.reduce((sum, { rows }) => sum + rows, facts.unreadable.length),
    bytes: facts.profiles.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: facts.seconds,
    tables,
    constraints: {
      created: facts.finished.created,
      notCreated: [...facts.design.notCreated, ...facts.finished.notCreated],
    },
    notMoved: facts.notMoved,
    warnings: [...facts.design.warnings, ...facts.warnings],
    badValues: facts.design.unheld.map((found) => badValue(found, facts.showValues)),
    differences: differenceReports(facts),
    quarantineFile: facts.quarantineFile,
    error: facts.error === null ? null : errorReport(facts.error),
  };
}

/** A record that cannot be read is a row of the source too. */
function rowsOf(table: string, profile: TableProfile | undefined, { unreadable }: RunFacts): number {
  return (profile?.rows ?? 0) + unreadable.filter((each) => each.table === table).length;
}

/** The report of a run that an error ended: it has moved nothing, and says why. */
export function failedReport(facts: Pick<Report, 'source' | 'target' | 'schema'>, error: CrossfadeError): Report {
  return {
    verdict: 'failed',
    exitCode: error.exitCode,
    ...facts,
    rows: 0,
    bytes: 0,
    seconds: { profile: 0, create: 0, load: 0, index: 0, verify: 0, total: 0 },
    tables: [],
    constraints: { created: 0, notCreated: [] },
    notMoved: [],
    warnings: [],
    badValues: [],
    differences: [],
    quarantineFile: null,
    error: errorReport(error),
  };
}

/** An error as reports have it; whole numbers beyond JSON's are text. */
export function errorReport({ code, message, facts }: CrossfadeError): ErrorReport {
  const plain = Object.entries(facts).map(([fact, value]) => [fact, typeof value === 'bigint' ? String(value) : value]);
  return { code, message, facts: Object.fromEntries(plain) as Facts };
}

/** accounted when a row was withheld or a value altered, else equal; failed when a row differs. */
export function verdictOf(report: Pick<Report, 'tables' | 'differences'>): 'equal' | 'accounted' | 'failed' {
  // A difference may be counted and not named, and every row has to be accounted for in one of two ways.
  const isWhole = report.tables.every(
    (table) => table.rows === table.loaded + table.rejected && table.verified === table.loaded,
  );
  if (report.differences.length > 0 || !isWhole) return 'failed';
  return report.tables.some(({ rejected, altered }) => rejected > 0 || altered > 0) ? 'accounted' : 'equal';
}

function tableReport(table: TargetTable, rows: number, facts: RunFacts): TableReport {
  const counts = facts.loaded.get(table.source.name) ?? { loaded: 0, altered: 0, rejected: 0 };
  const compared = facts.compared.get(table.source.name);
  return {
    source: table.source.name,
    target: table.name,
    rows,
    ...counts,
    verified: compared === undefined ? 0 : Math.max(0, compared.rows - (compared.findings?.count ?? 0)),
    columns: table.columns.map((column) => ({
      source: column.source.name,
      target: column.name,
      type: column.type,
      why: column.why,
    })),
  };
}

/** What can be done about a value that cannot be held, by its code. */
const fixes: Readonly<Record<Unheld['code'], (name: string) => string>> = {
  E_TEXT_NUL: (name) => `--rule ${name}=nul:strip, nul:replace or bytea; or --bad-values quarantine`,
  E_TEXT_ENCODING: (name) => `--rule ${name}=encoding:latin1, encoding:replace or bytea; or --bad-values quarantine`,
  E_BLOB_IN_TEXT: (name) => `--rule ${name}=bytea, if no number is among the values; or --bad-values quarantine`,
  E_VALUE_TOO_LARGE: () => '--bad-values quarantine; PostgreSQL holds less than 1 GB a value',
  E_DOCUMENT_UNREADABLE: () =>
    'mend the documents that the warnings name, in plain with --show-values, or --bad-values quarantine',
  E_TYPE_UNFIT: (name) =>
    `another type by --rule ${name}=TYPE, --rule ${name}=invalid:null, or --bad-values quarantine`,
};

/** One kind of value that a column cannot hold, for the report. */
export function badValue(found: Design['unheld'][number], showValues: boolean): BadValueReport {
  const { table, column, code, count, row } = found;
  return {
    table,
    column,
    code,
    count,
    firstKey: row === null ? '' : keyText(row, showValues),
    fix: fixes[code](`${table}.${column}`),
  };
}

function keyText(key: RowKey, showValues: boolean): string {
  return (showValues ? plainKey : displayKey)(key);
}

function differenceReports(facts: RunFacts): DifferenceReport[] {
  return facts.design.tables.flatMap(({ source }) => {
    const named = facts.compared.get(source.name)?.findings?.named ?? [];
    return named.map((found) => differenceReport(source, found, facts.showValues));
  });
}

/** A difference with its key as it may be shown: numbers in plain, text as a digest. */
export function differenceReport(
  table: SourceTable,
  { kind, key, columns }: Difference,
  showValues: boolean,
): DifferenceReport {
  // A key declared INT may hold text, and a text of digits may be a telephone number: both must say number.
  const isNumber = (value: string, i: number) =>
    /^-?\d+$/.test(value) &&
    (table.primaryKey.length === 0 ||
      declares.integer(table.columns.find(({ name }) => name === table.primaryKey[i])?.declared ?? ''));
  return {
    table: table.name,
    key: key.map((value, i) => (showValues || isNumber(value, i) ? value : digestOf(value))).join(', '),
    kind,
    columns,
  };
}
