/** A place in a file; both counted from 1, columns in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where an index into a text stands, as an editor shows it. CR LF is one end of a line. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: Array.from(text.slice(start, offset)).length + 1 };
}

/** The index into a JavaScript string of its nth code point (from 0): PostgreSQL counts characters, not UTF-16. */
export function indexOfCharacter(text: string, characters: number): number {
  let index = 0;
  for (let n = 0; n < characters && index < text.length; n++)
    index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
  return index;
}
