import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/harness/postgres.ts';
import { type Cell, compare, tableOf } from '../../test/support/verification.ts';

/** A value in SQLite and how PostgreSQL is told it. */
interface Pair {
  readonly cell: Cell;
  readonly literal: string | null;
}

const pair = (cell: Cell, literal: string | null): Pair => ({ cell, literal });
const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** Whole code points without NUL: what both sides can hold. */
const text = fc.string({ unit: 'binary', maxLength: 40 }).map((s) => s.replaceAll('\0', ''));
const plainDecimal = fc.tuple(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.nat(25)).map(([digits, scale]) => {
  const all = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const whole = all.slice(0, all.length - scale);
  return `${digits < 0n ? '-' : ''}${whole}${scale > 0 ? `.${all.slice(-scale)}` : ''}`;
});
const instant = fc.record({
  micros: fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n),
  offset: fc.integer({ min: -899, max: 899 }),
});

function isoOf(micros: bigint): string {
  const ms = micros >= 0n ? micros / 1000n : -((-micros + 999n) / 1000n);
  const iso = new Date(Number(ms)).toISOString();
  return iso.replace('Z', pad(Number(micros - ms * 1000n), 3));
}

/** An instant with an offset, the clock shifted so that it stays the same instant. */
const instantText = instant
  .map(({ micros, offset }) => ({ micros, offset, shifted: micros + BigInt(offset) * 60_000_000n }))
  .filter(({ shifted }) => shifted >= -62_135_596_800_000_000n && shifted <= 253_402_300_799_999_999n)
  .map(({ micros, offset, shifted }) => {
    const size = Math.abs(offset);
    const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
    return pair(`${isoOf(shifted)}${zone}`, `${isoOf(micros)}Z`);
  });

/** Numbers as text: JavaScript's own would lose what the test is about. */
const jsonNumber = fc.oneof(
  plainDecimal,
  fc.tuple(plainDecimal, fc.integer({ min: -30, max: 30 })).map(([digits, exponent]) => `${digits}e${exponent}`),
);
interface Json {
  readonly object?: readonly (readonly [key: string, value: Json])[];
  readonly array?: readonly Json[];
  readonly scalar?: string;
}
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc
      .oneof(
        jsonNumber,
        text.map((s) => JSON.stringify(s)),
        fc.constantFrom('null', 'true', 'false'),
      )
      .map((scalar) => ({ scalar })),
    fc.array(tie('value'), { maxLength: 4 }).map((array) => ({ array })),
    fc
      .uniqueArray(fc.tuple(text, tie('value')), { maxLength: 4, selector: ([key]) => key })
      .map((object) => ({ object })),
  ),
})).value;

/** The same document written in two ways: as it is, and with members turned round, white space, and characters escaped. */
function written({ object, array, scalar }: Json, other: boolean): string {
  const space = other ? ' \n\t\r' : '';
  if (array) return `[${space}${array.map((item) => written(item, other)).join(`${space},`)}${space}]`;
  if (object) {
    const members = object.map(([key, value]) => `${quoted(key, other)}${space}:${space}${written(value, other)}`);
    return `{${(other ? members.toReversed() : members).join(`,${space}`)}${space}}`;
  }
  return other && scalar?.startsWith('"') ? quoted(JSON.parse(scalar) as string, true) : (scalar as string);
}

function quoted(value: string, escapeAll: boolean): string {
  if (!escapeAll) return JSON.stringify(value);
  return `"${[...Array(value.length).keys()].map((i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
}

const columns = {
  flag: ['boolean', fc.constantFrom(pair(0n, 'f'), pair(1n, 't'), pair('T', 't'), pair('false', 'f'))],
  small: [
    'integer',
    fc
      .maxSafeInteger()
      .map((n) => n | 0)
      .map((n) => pair(BigInt(n), String(n))),
  ],
  big: ['bigint', fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((n) => pair(n, String(n)))],
  real: ['double precision', fc.double({ noNaN: true }).map((n) => pair(n, Object.is(n, -0) ? '-0' : String(n)))],
  amount: [
    'numeric',
    fc.oneof(
      plainDecimal.filter((digits) => !/^-[0.]+$/.test(digits)).map((digits) => pair(digits, digits)),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((n) => !Object.is(n, -0))
        .map((n) => pair(n, Number.isInteger(n) ? String(BigInt(n)) : String(n))),
    ),
  ],
  day: ['date', instant.map(({ micros }) => isoOf(micros).slice(0, 10)).map((day) => pair(day, day))],
  seen: ['timestamptz', instantText],
  wall: ['timestamp', instant.map(({ micros }) => isoOf(micros)).map((clock) => pair(clock.replace('T', ' '), clock))],
  uid: ['uuid', fc.uuid().map((id) => pair(id, id))],
  data: [
    'bytea',
    fc.uint8Array({ maxLength: 40 }).map((bytes) => pair(bytes, `\\x${Buffer.from(bytes).toString('hex')}`)),
  ],
  note: ['text', text.map((s) => pair(s, s))],
  doc: ['jsonb', json.map((value) => pair(written(value, true), written(value, false)))],
  raw: ['json', json.map((value) => written(value, true)).map((s) => pair(s, s))],
} as const satisfies Record<string, readonly [string, fc.Arbitrary<Pair>]>;
type Name = keyof typeof columns;
const names = Object.keys(columns) as Name[];

const row = fc.tuple(
  ...names.map((name) =>
    fc.oneof({ weight: 9, arbitrary: columns[name][1] }, { weight: 1, arbitrary: fc.constant(pair(null, null)) }),
  ),
);
const table = tableOf({ id: 'bigint', ...Object.fromEntries(names.map((name) => [name, columns[name][0]])) }, ['id']);

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.query(
    `create unlogged table t (id bigint, ${names.map((name) => `${name} ${columns[name][0]}`).join(', ')})`,
  );
});

async function load(rows: readonly (readonly Pair[])[]): Promise<Cell[][]> {
  await database.query('truncate t');
  const arrays = names.map((_, column) => rows.map((pairs) => pairs[column].literal));
  await database.query(
    `insert into t select row_number() over (), ${names.map((name, i) => `c${i}::${columns[name][0]}`).join(', ')}
     from unnest(${names.map((_, i) => `$${i + 1}::text[]`).join(', ')}) as u (${names.map((_, i) => `c${i}`).join(', ')})`,
    arrays,
  );
  return rows.map((pairs, i) => [BigInt(i + 1), ...pairs.map(({ cell }) => cell)]);
}

test('rows of every type, written in any form, are found equal in PostgreSQL', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
      const { named, count } = await compare(database, await load(rows), table);
      expect({ named, count }).toEqual({ named: [], count: 0 });
    }),
    { numRuns: 25 },
  );
});

test('any one value that is replaced by another one is found, and nothing else is', async () => {
  const fault = fc.record({ column: fc.constantFrom(...names), to: fc.nat(39), from: fc.nat(39) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 40, maxLength: 40 }),
      fc.array(fault, { minLength: 6, maxLength: 6 }),
      async (rows, faults) => {
        const cells = await load(rows);
        for (const { column, to, from } of faults) {
          // Numbers are the same whatever their zeros; of doubles -0 is not 0, and of json every character counts.
          const type = columns[column][0];
          const compared = type === 'numeric' || type === 'jsonb' ? column : `${column}::text`;
          await database.query('create unlogged table kept as table t');
          const { rowCount } = await database.query(
            `update t set ${column} = other.${column} from t as other
           where t.id = $1 and other.id = $2 and t.${compared} is distinct from other.${compared}`,
            [to + 1, from + 1],
          );
          const { named } = await compare(database, cells, table);
          const expected =
            rowCount === 0 ? [] : [{ kind: 'different', key: [String(to + 1)], columns: [column], rows: 1 }];
          expect(named).toEqual(expected);
          await database.query('truncate t; insert into t table kept; drop table kept');
        }
      },
    ),
    { numRuns: 12 },
  );
});
