/** A record, as it is kept. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** What NocoDB answers instead of records. */
export class Refused extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object) {
    super(String(status));
    this.status = status;
    this.body = body;
  }
}

/** NocoDB's filters, as far as they were observed: conditions joined by `~and`, values without any way to quote them. */
export function whereOf(titles: readonly string[], text: string): (row: StoredRow) => boolean {
  const conditions = text.split(/(?=~and\()/).map((each) => conditionOf(titles, each));
  return (row) => conditions.every((condition) => condition(row));
}

function conditionOf(titles: readonly string[], text: string): (row: StoredRow) => boolean {
  // Without the flag `s`, as there: a line break in a value makes the filter none.
  const found = /^(?:~and)?\((.*?),(\w+),(.*)\)$/.exec(text);
  if (found === null) throw new Refused(422, { msg: 'Invalid filter format.' });
  const [, title, op, value] = found;
  if (!titles.includes(title)) throw new Refused(422, { msg: `Column alias '${title}' not found.` });
  const test = comparisons[op];
  if (test === undefined) throw new Refused(422, { msg: `${op} is not supported.` });
  return (row) => test(row[title] ?? null, value);
}

type Comparison = (held: unknown, value: string) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  eq: (held, value) => held !== null && String(held) === value,
  gt: (held, value) => typeof held === 'number' && held > Number(value),
  in: (held, value) => value.split(',').includes(String(held)),
  like: (held, value) => held !== null && patternOf(value).test(String(held)),
};

/** SQLite's LIKE: `%` is any text, `_` any character, and letters of ASCII have no case. */
function patternOf(value: string): RegExp {
  const pattern = value.startsWith('%') || value.endsWith('%') ? value : `%${value}%`;
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, 'isu');
}
