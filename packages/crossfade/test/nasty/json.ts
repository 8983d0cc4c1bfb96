import { type NastyCase, accounts, moves, sqlite, stops } from './case.ts';

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const doc = (...values: string[]) =>
  sqlite(
    'create table t (id integer primary key, doc text)',
    ...values.map((value, i) => `insert into t values (${i + 1}, ${value})`),
  );
const seen = (...values: string[]) => ({ 'select doc::text from t order by id': values });

/** JSON whose column gets this type, its text unchanged. */
function keeps(type: 'json' | 'text', name: string, ...values: string[]): NastyCase {
  return {
    name,
    build: doc(...values.map(quote)),
    expect: moves({ 't.doc': type }, values.length),
    sees: seen(...values),
  };
}
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** JSON that jsonb would change, refuse or choke on, and JSON that only looks dangerous. */
export const json: readonly NastyCase[] = [
  {
    name: 'objects and arrays, keys out of order, spaces, escapes, numbers of 20 digits and trailing zeros',
    build: doc(quote('{"b": 1, "a": [1.10, 12345678901234567890, "\\u00fc\\n"]}'), quote(' [ ] '), 'null'),
    expect: moves({ 't.doc': 'jsonb' }, 3),
    sees: seen('{"a": [1.10, 12345678901234567890, "ü\\n"], "b": 1}', '[]', 'NULL'),
  },
  {
    name: 'keys that JavaScript objects lose: __proto__, constructor, the empty one, dots, two cases of one word',
    build: doc(quote('{"__proto__": 1, "constructor": 2, "": 3, "a.b": 4, "Name": 5, "name": 6}')),
    expect: moves({ 't.doc': 'jsonb' }, 1),
    sees: {
      "select doc->>'__proto__', doc->>'constructor', doc->>'', doc->>'a.b', doc->>'Name', doc->>'name' from t": [
        '1|2|3|4|5|6',
      ],
    },
  },
  keeps('json', 'numbers beyond double (1e400)', '{"n": 1e400}', '{"n": 1}'),
  keeps('json', 'a number that overflows numeric (1E1000000)', '[1E1000000]'),
  keeps('json', 'more digits after the point than numeric keeps', `[0.${'1'.repeat(17_000)}]`),
  keeps('json', 'minus zero', '{"n": -0}', '{"n": -0.0}'),
  keeps('json', 'duplicate keys', '{"a": 1, "a": 2}'),
  keeps('json', 'duplicate keys deep inside, one of them escaped', '[{"x": {"a": 1, "\\u0061": 2}}]'),
  keeps('json', 'an escaped NUL', '{"a": "x\\u0000y"}', '{"a": "fine"}'),
  keeps('json', 'a lone surrogate escape', '["\\ud800"]'),
  keeps('json', 'surrogate escapes in the wrong order', '["\\udc00\\ud800"]'),
  {
    name: 'a surrogate pair as escapes is one character',
    build: doc(quote('["\\ud83d\\ude00"]')),
    expect: moves({ 't.doc': 'jsonb' }, 1),
    sees: seen('["😀"]'),
  },
  {
    name: '900 levels of nesting',
    build: doc(quote(nested(900))),
    expect: moves({ 't.doc': 'jsonb' }, 1),
    sees: seen(nested(900)),
  },
  {
    name: 'an array of 20,000,000 numbers, for which jsonb asks for more memory than PostgreSQL gives at once',
    build: doc(`'[' || replace(printf('%.*c', 19999999, 'x'), 'x', '1,') || '1]'`),
    expect: moves({ 't.doc': 'json' }, 1),
    sees: { 'select length(doc::text), left(doc::text, 4), right(doc::text, 4) from t': ['40000001|[1,1|1,1]'] },
  },
  keeps('text', '5,000 levels of nesting', nested(5_000), '[]'),
  keeps('text', '200,000 levels of nesting, which overflow a recursive parser', nested(200_000)),
  keeps('text', 'one empty text among JSON', '{"a": 1}', ''),
  keeps('text', 'one row that is no JSON', '{"a": 1}', '{"a": 1', '[1]'),
  keeps(
    'text',
    'JSON5, comments, single quotes, NaN, a trailing comma',
    '{a: 1}',
    '[1, /* two */ 2]',
    "{'a': 1}",
    '[NaN]',
    '[1,]',
  ),
  keeps('text', 'a byte order mark before JSON', '\ufeff{"a": 1}'),
  keeps('text', 'raw control characters in a JSON string', '["a\tb"]', '["a\nb"]'),
  keeps('text', 'two documents in one value, and text behind a document', '{"a": 1}{"b": 2}', '[1] x'),
  keeps('text', 'nothing but scalars', '"word"', '12', 'null', 'true'),
  keeps('text', 'numbers that JSON does not allow', '[01]', '[+1]', '[.5]', '[1.]', '[0x1F]'),
  {
    name: 'one document in two spellings in a UNIQUE column: as jsonb they would collide',
    build: sqlite(
      'create table t (id integer primary key, doc text unique)',
      `insert into t values (1, '{"a":1}'), (2, '{"a": 1}')`,
    ),
    expect: moves({ 't.doc': 'text' }, 2),
    sees: seen('{"a":1}', '{"a": 1}'),
  },
  {
    name: 'JSON behind which a NUL follows',
    build: doc('\'{"a": 1}\' || char(0)'),
    expect: stops({ 't.doc': 'E_TEXT_NUL' }),
  },
  {
    name: 'JSON in ISO 8859-1, as text',
    build: doc("cast(x'5b22fc225d' as text)"),
    expect: stops({ 't.doc': 'E_TEXT_ENCODING' }),
  },
  {
    name: 'UTF-8 JSON in a BLOB',
    build: sqlite(
      'create table t (id integer primary key, doc blob)',
      `insert into t values (1, cast('{"ü": [1]}' as blob)), (2, null)`,
    ),
    expect: moves({ 't.doc': 'jsonb' }, 2),
    sees: seen('{"ü": [1]}', 'NULL'),
  },
  {
    name: 'ISO 8859-1 JSON in a BLOB, and the binary form that SQLite has for JSON',
    build: sqlite(
      'create table t (id integer primary key, doc blob)',
      `insert into t values (1, x'5b22fc225d'), (2, jsonb('{"a": 1}'))`,
    ),
    expect: moves({ 't.doc': 'bytea' }, 2),
    sees: { "select encode(doc, 'hex') from t where id = 1": ['5b22fc225d'] },
  },
  {
    name: 'jsonb by rule where three rows do not fit: withheld, not changed',
    build: doc(quote('{"a": 1}'), quote(''), quote('{"a"'), quote('["\\u0000"]'), 'null'),
    options: { rules: ['t.doc=jsonb'], badValues: 'quarantine' },
    expect: accounts({ rejected: 3, bad: { 't.doc': 'E_TYPE_UNFIT' } }, { 't.doc': 'jsonb' }, 5),
    sees: { 'select id, doc::text from t order by id': ['1|{"a": 1}', '5|NULL'] },
  },
  {
    name: 'duplicate keys under a rule that says jsonb are not dropped in silence',
    build: doc(quote('{"a": 1, "a": 2}')),
    options: { rules: ['t.doc=jsonb'] },
    expect: stops({ 't.doc': 'E_TYPE_UNFIT' }),
  },
];
