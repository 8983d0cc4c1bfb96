import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accounts, type Build, type NastyCase, moves, refused, stops } from './case.ts';

/** A JSON file of this content, whatever it is. */
function json(content: string | Buffer): Build {
  return made((path) => writeFileSync(path, content));
}

/** What stands at the path of a JSON file is made by the caller. */
function made(make: (path: string) => unknown): Build {
  return (folder) => {
    make(join(folder, 't.json'));
    return `json:${join(folder, 't.json')}`;
  };
}

/** A folder with the table t of documents. */
function documents(
  files: Readonly<Record<string, string | Buffer>>,
  more: (folder: string) => unknown = () => 0,
): Build {
  return (folder) => {
    const table = join(folder, 'data', 't');
    mkdirSync(table, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(table, name), content);
    more(table);
    return `files:${join(folder, 'data')}`;
  };
}

const umlaut = '[{"a":"ü"}]';
const sees = { 'select a from t': ['ü'] };
const utf16be = Buffer.from(`\ufeff${umlaut}`, 'utf16le').swap16();
const nested = (levels: number) => `[{"a":${'['.repeat(levels)}${']'.repeat(levels)}}]`;
const torn = '{"a": "zz-canary';

/** Files of JSON, whose writers are as careless as the readers that other tools have for them. */
export const documentFiles: readonly NastyCase[] = [
  {
    name: 'a JSON file with a byte order mark',
    build: json(`\ufeff${umlaut}`),
    expect: moves({ 't.a': 'text' }, 1, { warns: ['byte order mark'] }),
    sees,
  },
  {
    name: 'a JSON file in UTF-16le',
    build: json(Buffer.from(`\ufeff${umlaut}`, 'utf16le')),
    expect: moves({ 't.a': 'text' }, 1, { warns: ['UTF-16'] }),
    sees,
  },
  {
    name: 'a JSON file in UTF-16be',
    build: json(utf16be),
    expect: moves({ 't.a': 'text' }, 1, { warns: ['UTF-16'] }),
    sees,
  },
  {
    name: 'a JSON file in UTF-16 that does not say so',
    build: json(Buffer.from(umlaut, 'utf16le')),
    expect: refused('E_SOURCE_UNREADABLE'),
  },
  {
    name: 'a JSON file in ISO 8859-1',
    build: json(Buffer.from(umlaut, 'latin1')),
    expect: refused('E_SOURCE_UNREADABLE'),
  },
  {
    name: 'a JSON file half written',
    build: json(`[{"a":1},${torn}`),
    expect: refused('E_SOURCE_UNREADABLE'),
    hides: ['zz-canary'],
  },
  { name: 'a JSON file without a byte', build: json(''), expect: refused('E_SOURCE_UNREADABLE') },
  {
    name: 'a JSON file of zeros, as a power failure leaves it',
    build: json(Buffer.alloc(4_096)),
    expect: refused('E_SOURCE_UNREADABLE'),
  },
  { name: 'a JSON file of 10,000 levels', build: json(nested(10_000)), expect: refused('E_SOURCE_UNREADABLE') },
  { name: 'a JSON file of 100,000 levels', build: json(nested(100_000)), expect: refused('E_SOURCE_UNREADABLE') },
  {
    name: 'a JSON file beyond the size that can be held',
    build: made((path) => {
      writeFileSync(path, '');
      truncateSync(path, 1_100_000_000);
    }),
    expect: refused('E_SOURCE_UNREADABLE'),
  },
  {
    name: 'a mistyped path of a JSON file',
    build: (folder) => `json:${join(folder, 'mistyped.json')}`,
    expect: refused('E_SOURCE_MISSING'),
  },
  { name: 'a folder for a JSON file', build: made((path) => mkdirSync(path)), expect: refused('E_SOURCE_NOT_A_FILE') },
  {
    name: 'a pipe for a JSON file, which would wait for ever',
    build: made((path) => spawnSync('mkfifo', [path])),
    expect: refused('E_SOURCE_NOT_A_FILE'),
  },
  { name: 'a device for a JSON file', build: () => 'json:/dev/zero', expect: refused('E_SOURCE_NOT_A_FILE') },
  {
    name: 'a link to a JSON file is followed',
    build: made((path) => {
      writeFileSync(`${path}.real`, umlaut);
      symlinkSync(`${path}.real`, path);
    }),
    expect: moves({ 't.a': 'text' }, 1),
    sees,
  },
  {
    name: 'a mistyped path of a folder of documents',
    build: (folder) => `files:${join(folder, 'mistyped')}`,
    expect: refused('E_SOURCE_MISSING'),
  },
  {
    name: 'a pipe, a link and a document half written among documents stop the run',
    build: documents({ 'a.json': '{"a":1}', 'b.json': torn }, (table) => [
      spawnSync('mkfifo', [join(table, 'c.json')]),
      symlinkSync('a.json', join(table, 'd.json')),
    ]),
    expect: stops({ 't.id': 'E_DOCUMENT_UNREADABLE' }),
    hides: ['zz-canary'],
  },
  {
    name: 'the same under quarantine: each is withheld and listed, the others move',
    build: documents({ 'a.json': '{"a":1}', 'b.json': torn }, (table) => [
      spawnSync('mkfifo', [join(table, 'c.json')]),
      symlinkSync('a.json', join(table, 'd.json')),
    ]),
    options: { badValues: 'quarantine' },
    expect: accounts({ rejected: 3, bad: { 't.id': 'E_DOCUMENT_UNREADABLE' } }, { 't.a': 'integer' }, 4),
    sees: { 'select id, a from t': ['a|1'] },
    hides: ['zz-canary'],
  },
  {
    name: 'numbers of JSON beyond what JavaScript holds',
    build: json('[{"a":12345678901234567890,"b":1e400,"c":9007199254740993},{"a":1,"b":1.0,"c":-1}]'),
    expect: moves({ 't.c': 'bigint', 't.a': 'numeric' }, 2),
    sees: { 'select a::text, c::text from t order by c': ['1|-1', '12345678901234567890|9007199254740993'] },
  },
  {
    name: 'members that JavaScript objects lose: __proto__, constructor, the empty one, two cases of one word',
    build: json('[{"__proto__":1,"constructor":2,"":3,"Name":4,"name":5}]'),
    expect: moves({}, 1, { warns: ['name'] }),
    sees: { 'select t.* from t': ['1|2|3|4|5'] },
  },
  {
    name: 'one member twice in a document: no reader keeps both',
    build: json('[{"a":1,"a":2}]'),
    expect: refused('E_SOURCE_UNREADABLE'),
  },
  {
    name: 'an escaped NUL in a document',
    build: json('[{"a":"zz-canary\\u0000"}]'),
    expect: stops({ 't.a': 'E_TEXT_NUL' }),
    hides: ['zz-canary'],
  },
  {
    name: 'half a surrogate pair in a document',
    build: json('[{"a":"\\ud800"}]'),
    expect: stops({ 't.a': 'E_TEXT_ENCODING' }),
  },
];
