/** What tools that cut SQL at semicolons break on. */
export const constructs = [
  'a function or procedure',
  'a DO block',
  'a body in dollar quotes',
  'rows of a COPY',
  'a semicolon in a string',
  'a semicolon in a comment',
] as const;
export type Construct = (typeof constructs)[number];

/** Comments, bodies, strings and names, by their looks alone: not by the parser whose work is counted. */
const tokens =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<body>\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<text>[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')|"[^"]*"/g;

/** Which of them stand in a file, as its author has written it. */
export function constructsIn(sql: string): Set<Construct> {
  const found = new Set<Construct>();
  // Rows of a COPY hold quotes that open nothing.
  const rows = /^COPY\s[^;]*\bFROM\s+stdin\b[^;]*;[^\n]*\n[\s\S]*?^\\\.$/gim;
  if (rows.test(sql)) found.add('rows of a COPY');
  const plain = sql.replace(rows, '').replace(tokens, (token, ...rest) => {
    const { comment, body, text } = rest.at(-1) as Record<string, string | undefined>;
    if (body !== undefined) found.add('a body in dollar quotes');
    if (comment?.includes(';') === true) found.add('a semicolon in a comment');
    if (text?.includes(';') === true) found.add('a semicolon in a string');
    return comment === undefined ? token.slice(0, 1) : ' ';
  });
  if (/\bcreate\s+(or\s+replace\s+)?(function|procedure)\b/i.test(plain)) found.add('a function or procedure');
  if (/(^|;)\s*do\s+(language\s+\w+\s+)?[$'e]/i.test(plain)) found.add('a DO block');
  return found;
}
