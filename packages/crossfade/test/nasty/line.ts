import type { Expected, NastyCase } from './case.ts';
import { themes } from './index.ts';

/** What has to come of a case, in one line. */
export function outcome(expected: Expected): string {
  const types = Object.entries(expected.types).map(([column, type]) => `${brief(column)} ${type}`);
  const bad = Object.entries(expected.bad).map(([column, code]) => `${code} ${brief(column)}`);
  if (expected.refusal !== null) return `exit ${expected.exit}: refused, ${expected.refusal}`;
  if (expected.exit === 3) return `exit 3: stopped, ${bad.join(', ')}; nothing published`;
  return [
    expected.exit === 0 ? 'exit 0: equal' : 'exit 4: accounted',
    `${expected.rows} rows`,
    ...(expected.rejected > 0 ? [`${expected.rejected} withheld (${bad.join(', ')})`] : []),
    ...(expected.altered > 0 ? [`${expected.altered} altered by rule`] : []),
    ...types,
    ...(expected.notCreated.length > 0 ? [`not created: ${expected.notCreated.map(brief).join(', ')}`] : []),
    ...(expected.notMoved.length > 0 ? [`not moved: ${expected.notMoved.join(', ')}`] : []),
    ...(expected.warns.length > 0 ? [`warns: ${expected.warns.map(brief).join(', ')}`] : []),
  ].join('; ');
}

/** The reference page, made from the cases, so that it cannot say anything else. */
export function page(): string {
  const count = Object.values(themes).reduce((sum, cases) => sum + cases.length, 0);
  return [
    '# Nasty inputs',
    '',
    'Inputs that other tools lose, change or choke on, and what `crossfade move` does with each. Every line is a test:',
    '`packages/crossfade/test/nasty/` builds the input, moves it into a real PostgreSQL, and compares what arrived by plain SQL, which',
    'shares no code with the loader or the verifier. This page is made from those cases (`npx vitest run packages/crossfade/test/nasty -u`).',
    '',
    `${count} inputs. Exit 0: every row moved and verified. 1: refused, nothing done. 3: stopped at a value, nothing published. 4: finished, with an account.`,
    ...Object.entries(themes).flatMap(([theme, cases]) => [
      '',
      `## ${theme}`,
      '',
      '| Input | Options | Outcome |',
      '|---|---|---|',
      ...cases.map(row),
    ]),
    '',
  ].join('\n');
}

function row(nasty: NastyCase): string {
  const { rules = [], only = [], badValues, names, types, gin } = nasty.options ?? {};
  const options = [
    ...rules.map((rule) => `--rule ${rule}`),
    ...(badValues === undefined ? [] : [`--bad-values ${badValues}`]),
    ...(names === undefined ? [] : [`--names ${names}`]),
    ...(types === undefined ? [] : [`--types ${types}`]),
    ...only.map((table) => `--only ${table}`),
    ...(gin === true ? ['--gin'] : []),
  ];
  const cells = [nasty.name, options.map((option) => `\`${option}\``).join(' '), outcome(nasty.expect)];
  return `| ${cells.map(escape).join(' | ')} |`;
}

/** Markdown and HTML of hostile names stay text. */
function escape(cell: string): string {
  return cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\u001b', '␛');
}

function brief(name: string): string {
  return name.length > 40 ? `${name.slice(0, 18)}…${name.slice(-8)}` : name;
}
