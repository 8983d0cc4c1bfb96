import { describe, expect, test } from 'vitest';
import { Tag } from '../core/cell.ts';
import { limits } from '../core/limits.ts';
import { ColumnObserver, emptyEvidence, mergeEvidence } from './evidence.ts';
import { infer, unheld } from './infer.ts';
import type { SourceColumn } from './model.ts';

type Value = null | bigint | number | string | Uint8Array;

const column = (declared: string, more: Partial<SourceColumn> = {}): SourceColumn => ({
  name: 'c',
  declared,
  notNull: false,
  default: null,
  collation: 'BINARY',
  generated: null,
  ...more,
});

/** The evidence of these values, looked at in two halves by two observers, as two threads would. */
function evidenceOf(values: readonly Value[]) {
  const evidence = emptyEvidence();
  const half = Math.ceil(values.length / 2);
  [values.slice(0, half), values.slice(half)].forEach((part, i) => {
    const observer = new ColumnObserver();
    part.forEach((value, j) => {
      const [tag, text] = cell(value);
      observer.observe(tag, text, 0, text.length, false, { key: [BigInt(i * half + j + 1)] });
    });
    mergeEvidence(evidence, observer.result());
  });
  return evidence;
}

function cell(value: Value): [number, Buffer] {
  if (value === null) return [Tag.null, Buffer.alloc(0)];
  if (typeof value === 'bigint') return [Tag.integer, Buffer.from(String(value))];
  if (typeof value === 'number')
    return [Tag.real, Buffer.from(Object.is(value, -0) ? '-0.0' : value === Infinity ? 'Inf' : String(value))];
  return typeof value === 'string' ? [Tag.text, Buffer.from(value)] : [Tag.blob, Buffer.from(value)];
}

const typeOf = (
  declared: string,
  values: readonly Value[],
  options: { keyed?: boolean; types?: 'rich' | 'plain'; default?: string } = {},
) =>
  infer(column(declared, { default: options.default ?? null }), evidenceOf(values), {
    types: options.types ?? 'rich',
    keyed: options.keyed ?? false,
  });

const uuid = '00112233-4455-6677-8899-aabbccddeeff';

describe('inference', () => {
  test.each<[string, Value[], string]>([
    ['INTEGER', [1n, 2n], 'integer'],
    ['INTEGER', [2147483647n, -2147483648n], 'integer'],
    ['INTEGER', [2147483648n], 'bigint'],
    ['INTEGER', [0n, 1n], 'integer'],
    ['BOOLEAN', [0n, 1n, null], 'boolean'],
    ['BOOLEAN', ['t', 'FALSE', 1n], 'boolean'],
    ['BOOLEAN', [0n, 2n], 'integer'],
    ['BOOLEAN', [0n, ''], 'text'],
    ['REAL', [1.5, -0], 'double precision'],
    ['NUMERIC', [1n, 1.5], 'numeric'],
    ['DECIMAL(10,2)', [1.5, -0], 'double precision'],
    ['INTEGER', [1n, 1.5], 'double precision'],
    ['INTEGER', [9007199254740993n, 1.5], 'numeric'],
    ['INTEGER', [1n, 'abc'], 'text'],
    ['TEXT', ['2024-01-01 10:00:00', '2024-01-01T10:00:00Z'], 'timestamptz'],
    ['TEXT', ['2024-01-01', '2024-01-02'], 'date'],
    ['TEXT', ['2024-01-01', '2024-01-02 10:00:00'], 'text'],
    ['DATETIME', ['2024-01-01', '2024-01-02 10:00:00', 1_700_000_000n], 'timestamptz'],
    ['DATETIME', [1_700_000_000n, 1_700_000_000_000n, 1_700_000_000_000_000n, 0n], 'timestamptz'],
    ['DATETIME', [20_240_131n], 'integer'],
    ['DATETIME', [2_460_000.5], 'double precision'],
    ['DATETIME', ['2024-01-01 10:00:00', ''], 'text'],
    ['TEXT', ['2024-01-01 10:00:00.1234567'], 'text'],
    ['TEXT', [uuid, uuid], 'uuid'],
    ['TEXT', [uuid, uuid.toUpperCase()], 'text'],
    ['TEXT', ['{"a":1}', '[]'], 'jsonb'],
    ['TEXT', ['{"a":1}', '{"a":1,"a":2}'], 'json'],
    ['TEXT', ['{"a":1}', ''], 'text'],
    ['JSON', ['{"a":1}', 'null', '"x"'], 'jsonb'],
    ['TEXT', ['null', 'true'], 'text'],
    ['BLOB', [new Uint8Array([0, 255])], 'bytea'],
    ['BLOB', [Buffer.from('{"a":1}')], 'jsonb'],
    ['TEXT', ['a', Buffer.from('b')], 'text'],
    ['', [], 'text'],
    ['DATETIME', [], 'timestamptz'],
    ['BIGINT', [], 'bigint'],
    ['VARCHAR(5)', [null, 'longer than five'], 'text'],
  ])('a column declared %s becomes the type that holds every value (case %#)', (declared, values, type) => {
    expect(typeOf(declared, values).type).toBe(type);
  });

  test('a type made out of text is not chosen in plain mode', () => {
    expect(typeOf('TEXT', [uuid], { types: 'plain' }).type).toBe('text');
    expect(typeOf('JSON', ['{}'], { types: 'plain' }).type).toBe('text');
    expect(typeOf('DATETIME', [1_700_000_000n], { types: 'plain' }).type).toBe('integer');
    expect(typeOf('BOOLEAN', [1n], { types: 'plain' }).type).toBe('boolean');
  });

  test('texts that would collide in a unique index stay text', () => {
    const instants = ['2024-01-01T10:00:00Z', '2024-01-01 10:00:00+00:00'];
    expect(typeOf('TEXT', instants, { keyed: true }).type).toBe('text');
    expect(typeOf('TEXT', [instants[0], instants[0]], { keyed: true }).type).toBe('timestamptz');
    expect(typeOf('TEXT', ['{"a":1}'], { keyed: true }).type).toBe('text');
  });

  test('a boolean default makes a boolean column', () => {
    expect(typeOf('INTEGER', [0n, 1n], { default: 'TRUE' }).type).toBe('boolean');
  });

  test('the reason names how many values kept a column from a narrower type, and the first of them', () => {
    const values: Value[] = [...Array.from({ length: 1_003 }, (_, i) => BigInt(i)), 'abc'];
    expect(typeOf('INTEGER', values).why).toContain('not integer: 1 of 1,004 values: rowid 1004, text');
  });

  test('the reason never holds a value', () => {
    const { why } = typeOf('TEXT', ['{"secret":1}', 'topsecret', 'x']);
    expect(why).not.toContain('secret');
  });

  test('a value beyond what PostgreSQL allocates is refused, and its row is named', () => {
    const observer = new ColumnObserver();
    // By its size alone: the bytes need not be there.
    observer.observe(Tag.blob, Buffer.alloc(0), 0, limits.fieldBytesMax + 1, true, { key: [93n] });
    for (const type of ['bytea', 'text', 'jsonb'] as const)
      expect(unheld(type, false, observer.result())).toEqual([{ code: 'E_VALUE_TOO_LARGE', count: 1, row: [93n] }]);
  });

  test('what even text cannot hold is counted by code', () => {
    const bad = evidenceOf(['a\0b', 'fine', new Uint8Array([0xff])]);
    expect(unheld('text', false, bad).map(({ code, count }) => [code, count])).toEqual([
      ['E_TEXT_NUL', 1],
      ['E_BLOB_IN_TEXT', 1],
    ]);
    expect(unheld('text', false, evidenceOf(['a', 1n]))).toEqual([]);
  });
});
