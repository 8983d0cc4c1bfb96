import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Expr } from './ast.ts';
import { parseExpression } from './expression.ts';

/** The expression with every operand in parentheses, so that the reading can be seen and run. */
function explicit(expr: Expr): string {
  const p = (part: Expr) => `(${explicit(part)})`;
  const not = (negated: boolean) => (negated ? 'NOT ' : '');
  switch (expr.kind) {
    case 'literal':
      return expr.type === 'text'
        ? `'${expr.value}'`
        : expr.type === 'null'
          ? 'NULL'
          : expr.type === 'blob'
            ? `x'${expr.value}'`
            : expr.value;
    case 'column':
      return expr.name;
    case 'unary':
      return `${expr.op.toUpperCase()} ${p(expr.operand)}`;
    case 'binary':
      return `${p(expr.left)} ${expr.op.toUpperCase()} ${p(expr.right)}`;
    case 'null test':
      return `${p(expr.operand)} IS ${not(expr.negated)}NULL`;
    case 'pattern':
      return `${p(expr.operand)} ${not(expr.negated)}${expr.op.toUpperCase()} ${p(expr.pattern)}${expr.escape ? ` ESCAPE ${p(expr.escape)}` : ''}`;
    case 'between':
      return `${p(expr.operand)} ${not(expr.negated)}BETWEEN ${p(expr.low)} AND ${p(expr.high)}`;
    case 'in':
      return `${p(expr.operand)} ${not(expr.negated)}IN (${expr.list.map(explicit).join(', ')})`;
    case 'case':
      return `CASE ${expr.base ? p(expr.base) : ''} ${expr.branches.map((b) => `WHEN ${p(b.when)} THEN ${p(b.result)}`).join(' ')} ${expr.otherwise ? `ELSE ${p(expr.otherwise)}` : ''} END`;
    case 'cast':
      return `CAST(${explicit(expr.operand)} AS ${expr.type})`;
    case 'call':
      return `${expr.name}(${expr.args.map(explicit).join(', ')})`;
    case 'collate':
      return `${p(expr.operand)} COLLATE ${expr.collation}`;
    default:
      return expr.kind;
  }
}

function read(sql: string): string {
  const result = parseExpression(sql);
  return result.ok ? explicit(result.value) : `error: ${result.why} at ${result.at}`;
}

test.each([
  ['a OR b AND NOT c = d', '(a) OR ((b) AND (NOT ((c) = (d))))'],
  ['a IS NOT b', '(a) IS NOT (b)'],
  ['a IS DISTINCT FROM b', '(a) IS NOT (b)'],
  ['a IS NOT DISTINCT FROM null', '(a) IS NULL'],
  ['a is not null', '(a) IS NOT NULL'],
  ['a NOT NULL', '(a) IS NOT NULL'],
  ['a NOTNULL', '(a) IS NOT NULL'],
  ['a ISNULL', '(a) IS NULL'],
  ['a not between b and c and d', '((a) NOT BETWEEN (b) AND (c)) AND (d)'],
  ["a LIKE 'x' ESCAPE '!' = 1", "((a) LIKE ('x') ESCAPE ('!')) = (1)"],
  ['- a COLLATE nocase', '(- (a)) COLLATE nocase'],
  ['~a || b -> c ->> d', '(((~ (a)) || (b)) -> (c)) ->> (d)'],
  ['a IN ()', '(a) IN ()'],
  ['x.y.z', 'z'],
  ['cast(a as unsigned big int) % 2', '(CAST(a AS unsigned big int)) % (2)'],
  ['a glob b match c', '((a) GLOB (b)) MATCH (c)'],
  ['iif(a, b, "c d")', 'iif(a, b, c d)'],
  ['case a when 1 then 2 else 3 end', 'CASE (a) WHEN (1) THEN (2) ELSE (3) END'],
  ['exists (select 1) or not exists (values (1))', '(unsupported) OR (NOT (unsupported))'],
  ['a in (select b from c)', 'unsupported'],
  ['a in t', 'unsupported'],
  ['(a, b) = (1, 2)', '(row) = (row)'],
  ["raise(abort, 'x')", 'unsupported'],
  ['a <', 'error: an expression is missing at the end at 3'],
  ['a b', 'error: the expression ends before the text does at 2'],
  ['count(*)', 'error: an expression is missing at 6'],
  ['(a', 'error: ) is missing at the end at 2'],
  ['select 1', 'error: an expression is missing at 0'],
  ['', 'error: an expression is missing at the end at 0'],
  ['case end', 'error: WHEN is missing at the end at 8'],
])('%s is read as %s', (sql, expected) => {
  expect(read(sql)).toBe(expected);
});

test('operators without parentheses bind as in SQLite itself', () => {
  const database = new DatabaseSync(':memory:');
  const operand = fc.constantFrom(
    '0',
    '1',
    '2',
    '-3',
    "'1'",
    "'a'",
    "'A'",
    'NULL',
    '1.5',
    'NOT 1',
    '~2',
    '- 2',
    "'a' COLLATE NOCASE",
    'NOT NULL',
    '(1)',
  );
  const operator = fc.constantFrom(
    'OR',
    'AND',
    '=',
    '==',
    '!=',
    '<>',
    'IS',
    'IS NOT',
    'IS DISTINCT FROM',
    '<',
    '<=',
    '>',
    '>=',
    '&',
    '|',
    '<<',
    '>>',
    '+',
    '-',
    '*',
    '/',
    '%',
    '||',
    'LIKE',
    'NOT LIKE',
    'GLOB',
    'ISNULL OR',
    'NOTNULL =',
    'NOT NULL AND',
    'IN (1, 2) =',
    'NOT IN (0) +',
    'BETWEEN 0 AND',
    'NOT BETWEEN 1 AND 2 =',
    'COLLATE NOCASE =',
    "LIKE 'a' ESCAPE",
  );
  const run = (sql: string): unknown => {
    try {
      return JSON.stringify(database.prepare(`SELECT (${sql}) AS v`).get());
    } catch (error) {
      // What both refuse at run time, such as an ESCAPE of several characters, is no matter of binding.
      return /syntax|incomplete/.test(String(error)) ? 'syntax' : 'refused';
    }
  };
  let compared = 0;
  fc.assert(
    fc.property(operand, fc.array(fc.tuple(operator, operand), { minLength: 1, maxLength: 5 }), (first, rest) => {
      const sql = `${first} ${rest.flat().join(' ')}`;
      const expected = run(sql);
      const parsed = parseExpression(sql);
      expect(parsed.ok, `${sql}: ${expected}`).toBe(expected !== 'syntax');
      if (!parsed.ok) return;
      compared++;
      expect(run(explicit(parsed.value)), `${sql} as ${explicit(parsed.value)}`).toBe(expected);
    }),
    { numRuns: 8_000 },
  );
  expect(compared).toBeGreaterThan(4_000);
});

test('any text gives an expression within it or a reason with a place', () => {
  const words = fc.constantFrom(
    'a',
    '1',
    "'s'",
    '"q"',
    '(',
    ')',
    ',',
    '.',
    'NOT',
    'NULL',
    'IN',
    'BETWEEN',
    'AND',
    'CASE',
    'WHEN',
    'THEN',
    'END',
    'CAST',
    'AS',
    'LIKE',
    'IS',
    '+',
    '-',
    '||',
    'SELECT',
    'COLLATE',
    'ESCAPE',
    '*',
    "x'00'",
    '?',
    '/*',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
      ),
      (sql) => {
        const result = parseExpression(sql);
        if (result.ok) expect(result.value.end).toBeLessThanOrEqual(sql.length);
        else expect([typeof result.why, result.at <= sql.length]).toEqual(['string', true]);
      },
    ),
    { numRuns: 10_000 },
  );
});

test('nesting of any depth ends in a reason, not in the end of the stack', () => {
  for (const open of ['(', '- ', 'NOT ', 'abs(', 'CASE WHEN ']) {
    expect(parseExpression(open.repeat(50_000))).toMatchObject({ ok: false, why: expect.stringContaining('deep') });
  }
  expect(parseExpression(`1${' + 1'.repeat(50_000)}`).ok).toBe(true);
});
