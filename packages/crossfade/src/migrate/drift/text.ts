import { printable } from '../../core/printable.ts';
import type { Fact } from './description.ts';
import type { Finding } from './finding.ts';

/** A line of the text, and how a terminal may colour it. */
export interface Line {
  readonly text: string;
  readonly tone: 'plain' | 'missing' | 'extra' | 'quiet';
}

const plain = (text: string): Line => ({ text, tone: 'plain' });
// A carriage return ends a comment as a line feed does: what came after it would be read as SQL.
const plus = (text: string): Line => ({ text: `-- + ${printable(text)}`, tone: 'missing' });
const minus = (text: string): Line => ({ text: `-- - ${printable(text)}`, tone: 'extra' });
const quiet = (text: string): Line => ({ text: `-- ${printable(text)}`, tone: 'quiet' });

/**
 * The findings as one SQL script: `+` is what the files say, `-` what the live schema has, both in comments, so that the
 * whole can be copied into a new migration and read there.
 *
 * @param schemaName the schema as SQL writes it; names of its objects stand unqualified in the statements
 */
export function findingLines(findings: readonly Finding[], schemaName: string): Line[] {
  if (findings.length === 0) return [];
  const makesCode = findings.some(({ sql }) =>
    sql.some((statement) => /^CREATE OR REPLACE (FUNC|PROC)/.test(statement)),
  );
  return [
    plain(`SET search_path = ${schemaName};`),
    ...(makesCode ? [plain('SET check_function_bodies = off;')] : []),
    ...findings.flatMap((finding) => [plain(''), ...block(finding)]),
  ];
}

function block(finding: Finding): Line[] {
  const what = `${finding.kind} ${finding.object}`;
  const heads: Record<Finding['change'], Line> = {
    missing: plus(`missing in the live schema: ${what}`),
    extra: minus(`not in the files: ${what}`),
    different: quiet(`different: ${what}`),
  };
  return [
    heads[finding.change],
    ...finding.facts.flatMap(({ fact, files, live }) => changed(fact, shown(live), shown(files))),
    ...finding.notes.map(quiet),
    ...finding.sql.flatMap((statement) => `${statement};`.split('\n').map(plain)),
  ];
}

function shown(fact: Fact): string[] {
  if (fact === null) return [];
  if (typeof fact === 'string') return fact.trimEnd().split('\n');
  return [typeof fact === 'boolean' ? (fact ? 'yes' : 'no') : fact.join(', ')];
}

/** One-line facts side by side; of longer ones the lines that differ. */
function changed(fact: string, live: readonly string[], files: readonly string[]): Line[] {
  if (live.length <= 1 && files.length <= 1)
    return [minus(`${fact}: ${live[0] ?? 'none'}`), plus(`${fact}: ${files[0] ?? 'none'}`)];
  return [quiet(`  ${fact}:`), ...lineDifferences(live, files)];
}

/** Myers would find the least; the longest common subsequence by a table is enough for definitions of some hundred lines. */
function lineDifferences(live: readonly string[], files: readonly string[]): Line[] {
  let head = 0;
  while (head < Math.min(live.length, files.length) && live[head] === files[head]) head += 1;
  let tail = 0;
  const shorter = Math.min(live.length, files.length) - head;
  while (tail < shorter && live[live.length - 1 - tail] === files[files.length - 1 - tail]) tail += 1;
  const [a, b] = [live.slice(head, live.length - tail), files.slice(head, files.length - tail)];
  const common = a.length * b.length > 1_000_000 ? new Set<string>() : commonLines(a, b);
  const lines: Line[] = [];
  let j = 0;
  for (const [i, line] of a.entries()) {
    const partner = [...b.keys()].find((k) => k >= j && common.has(`${i} ${k}`));
    if (partner === undefined) lines.push(minus(line));
    else {
      lines.push(...b.slice(j, partner).map(plus));
      j = partner + 1;
    }
  }
  return [...lines, ...b.slice(j).map(plus)];
}

/** Pairs of positions `i j` of a longest common subsequence. */
function commonLines(a: readonly string[], b: readonly string[]): Set<string> {
  const length = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number): number => length[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      (length[i] as Uint32Array)[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs = new Set<string>();
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.add(`${i++} ${j++}`);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
