import type { BadValueReport, Report, TableReport } from '../move/report.ts';

const many = (n: number): string => n.toLocaleString('en-US');

/** The report as a person reads it: the verdict first, then the tables, then everything that is not as it was. */
export function reportText(report: Report): string {
  const sections = [
    headline(report),
    tableOf(report.tables),
    section('Cannot be held, and nothing was published', report.verdict === 'stopped' ? badValues(report) : []),
    section('Dry run: what would be withheld', report.verdict === 'planned' ? badValues(report) : []),
    section(
      `Withheld${report.quarantineFile === null ? '' : `, listed in ${report.quarantineFile}`}`,
      report.verdict === 'accounted' ? withheld(report) : [],
    ),
    section(
      'Rows that differ',
      report.differences
        .slice(0, 20)
        .map(
          (row) =>
            `${row.table} ${row.key}: ${row.kind}${row.columns.length > 0 ? ` in ${row.columns.join(', ')}` : ''}`,
        ),
    ),
    section('Types worth a look', report.tables.flatMap(notable)),
    section(
      'Not created',
      report.constraints.notCreated.map(({ what, why }) => `${what}: ${why}`),
    ),
    section(
      'Not moved',
      report.notMoved.map(({ kind, name, why }) => `${kind} ${name}: ${why}`),
    ),
    section('Warnings', report.warnings),
    timing(report),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function headline(report: Report): string {
  const where = `${report.target}, schema ${report.schema}`;
  const altered = report.tables.reduce((sum, table) => sum + table.altered, 0);
  const rejected = report.tables.reduce((sum, table) => sum + table.rejected, 0);
  const missing = report.constraints.notCreated.length;
  const leftOver =
    missing === 0
      ? ''
      : ` ${many(missing)} ${missing === 1 ? 'part' : 'parts'} of the schema could not be made as it was: see below.`;
  const sentences: Record<Report['verdict'], string> = {
    planned: `Dry run: ${many(report.rows)} rows of ${report.source} were looked at, and nothing was written to ${where}.`,
    equal: `Equal: all ${many(report.rows)} rows of ${report.source} stand in ${where}, and every value was compared.${leftOver}`,
    accounted: `Accounted: of ${many(report.rows)} rows of ${report.source}, ${many(rejected)} were withheld and ${many(altered)} values were altered by named rules; the rest stands in ${where} and was compared, value by value.${leftOver}`,
    stopped:
      report.error === null
        ? `Stopped: ${report.source} holds values that PostgreSQL cannot hold. Nothing was written to ${where}. Name a rule for each column below, or use --bad-values quarantine.`
        : `Stopped: ${report.error.message}`,
    failed:
      report.error === null
        ? `Failed: ${report.source} and the rows loaded for ${where} differ. Nothing was published.`
        : `Failed: ${report.error.message}`,
  };
  return sentences[report.verdict];
}

function badValues(report: Report): string[] {
  return report.badValues.map((bad) => `${badValue(bad)}\n    fix: ${bad.fix}`);
}

/** What could have been done before is of no use any more. */
function withheld(report: Report): string[] {
  const lines = report.badValues.map(badValue);
  if (report.quarantineFile === null) return lines;
  return [...lines, 'Mend them in the source, or name a rule, and run crossfade retry with this list.'];
}

function badValue({ table, column, count, code, firstKey }: BadValueReport): string {
  return `${table}.${column}: ${many(count)} × ${code}, first at ${firstKey}`;
}

function notable(table: TableReport): string[] {
  return table.columns
    .filter(({ why }) => why.includes('; not '))
    .map((column) => `${table.source}.${column.source} is ${column.type}: ${column.why}`);
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function tableOf(tables: readonly TableReport[]): string {
  if (tables.length === 0) return '';
  const head = ['table', 'rows', 'loaded', 'withheld', 'altered', 'verified'];
  const body = tables.map((table) => [
    table.source === table.target ? table.source : `${table.source} → ${table.target}`,
    ...[table.rows, table.loaded, table.rejected, table.altered, table.verified].map(many),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return [head, ...body].map(line).join('\n');
}

function timing({ seconds, rows, constraints }: Report): string {
  if (seconds.total === 0) return '';
  const phases = (['profile', 'create', 'load', 'index', 'verify'] as const)
    .map((phase) => `${phase} ${seconds[phase].toFixed(1)} s`)
    .join(', ');
  const rate = seconds.total > 1 ? `, ${many(Math.round(rows / seconds.total))} rows/s` : '';
  return `${constraints.created} keys, indexes and constraints created. ${phases}; ${seconds.total.toFixed(1)} s in all${rate}.`;
}
