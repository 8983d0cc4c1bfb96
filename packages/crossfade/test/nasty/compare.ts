import { existsSync, readFileSync, statSync } from 'node:fs';
import { CrossfadeError } from '../../src/core/errors.ts';
import type { Report } from '../../src/move/report.ts';
import type { Expected } from './case.ts';

/** Every way in which a report is not what was expected. */
export function compareReport(expected: Expected, came: Report | CrossfadeError): string[] {
  if (came instanceof CrossfadeError) {
    return expected.refusal === came.code && expected.exit === came.exitCode ? [] : [`ended with ${came.code}`];
  }
  if (expected.refusal !== null) {
    // A refusal by the server in the middle of a run may come as a report of verdict failed.
    return came.error?.code === expected.refusal && came.exitCode === expected.exit
      ? []
      : [`was not refused with ${expected.refusal}`];
  }
  const differences = came.exitCode === expected.exit ? [] : [`exit ${came.exitCode}, not ${expected.exit}`];
  const bad = Object.fromEntries(came.badValues.map((value) => [`${value.table}.${value.column}`, value.code]));
  differences.push(...sameSet('bad values', pairs(bad), pairs(expected.bad)));
  if (expected.exit === 3) return differences;
  return [
    ...differences,
    ...compareTypes(expected, came),
    ...compareLists(expected, came),
    ...compareSums(expected, came),
  ];
}

function compareTypes(expected: Expected, came: Report): string[] {
  const types = new Map(
    came.tables.flatMap((table) => table.columns.map((column) => [`${table.source}.${column.source}`, column.type])),
  );
  return Object.entries(expected.types)
    .filter(([column, type]) => types.get(column) !== type)
    .map(([column, type]) => `${column} is ${types.get(column)}, not ${type}`);
}

/** What was not created or moved has to be in the report, each thing once, and nothing else may be missing. */
function compareLists(expected: Expected, came: Report): string[] {
  const notCreated = came.constraints.notCreated.map(({ what, why }) => `${what}: ${why}`.toLowerCase());
  const differences = sameSet(
    'not moved',
    came.notMoved.map((thing) => thing.name),
    expected.notMoved,
  );
  if (notCreated.length !== expected.notCreated.length) {
    differences.push(
      `${notCreated.length} things not created, not ${expected.notCreated.length}: ${notCreated.join(' / ')}`,
    );
  }
  for (const part of expected.notCreated) {
    if (!notCreated.some((line) => line.includes(part.toLowerCase())))
      differences.push(`nothing not created names ${part}`);
  }
  for (const part of expected.warns) {
    if (!came.warnings.some((line) => line.includes(part))) differences.push(`no warning names ${part}`);
  }
  return differences;
}

/** rows = loaded + rejected and loaded = verified, in every table: the sums that make a report believable. */
function compareSums(expected: Expected, came: Report): string[] {
  const sum = (of: (table: Report['tables'][number]) => number) =>
    came.tables.reduce((total, table) => total + of(table), 0);
  const differences = came.tables
    .filter((table) => table.rows !== table.loaded + table.rejected || table.verified !== table.loaded)
    .map(
      (table) =>
        `${table.source}: ${table.rows} rows, ${table.loaded} loaded, ${table.rejected} rejected, ${table.verified} verified`,
    );
  const counts = {
    rows: sum((table) => table.rows),
    rejected: sum((table) => table.rejected),
    altered: sum((table) => table.altered),
  };
  for (const [name, count] of Object.entries(counts)) {
    if (count !== expected[name as keyof typeof counts])
      differences.push(`${count} ${name}, not ${expected[name as keyof typeof counts]}`);
  }
  if (came.rows !== expected.rows) differences.push(`the report counts ${came.rows} rows, not ${expected.rows}`);
  return differences;
}

/** Withheld rows are listed in a file that its owner alone can read: a head, and one line a row, with table, column and code, without the value. */
export function compareAccount(expected: Expected, came: Report, path: string): string[] {
  if (expected.rejected === 0) return existsSync(path) ? ['a quarantine file for nothing'] : [];
  if (came.quarantineFile !== path || !existsSync(path)) return ['no quarantine file'];
  const [head, ...lines] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const mode = statSync(path).mode & 0o777;
  return [
    ...('crossfadeRejects' in head ? [] : ['the quarantine file does not say what a retry has to know']),
    ...(mode === 0o600 ? [] : [`the quarantine file has mode ${mode.toString(8)}`]),
    ...(lines.length === expected.rejected
      ? []
      : [`the quarantine file has ${lines.length} lines, not ${expected.rejected}`]),
    ...lines
      .filter((line) => !('table' in line && 'column' in line && 'code' in line && 'key' in line))
      .map((line) => `a quarantine line has only ${Object.keys(line).join(', ')}`),
  ];
}

function pairs(record: Readonly<Record<string, string>>): string[] {
  return Object.entries(record).map(([key, value]) => `${key} ${value}`);
}

function sameSet(what: string, came: readonly string[], expected: readonly string[]): string[] {
  const [left, right] = [came.toSorted().join(', '), expected.toSorted().join(', ')];
  return left === right ? [] : [`${what}: ${left || 'none'}, not ${right || 'none'}`];
}
