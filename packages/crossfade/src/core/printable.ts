/** What moves the cursor, ends a line, colours, or turns the direction of writing. */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text for a terminal. Names come out of a file that somebody else may have made: control characters could move the
 * cursor or hide a line, and directional marks could reverse one, so all of them are shown as their code points.
 */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/**
 * The same of every text of a report, for a view that is made of it line by line: a name that holds the end of a line
 * cannot forge a line of its own.
 */
export function shown<T>(document: T): T {
  if (typeof document === 'string') return printable(document) as T;
  if (Array.isArray(document)) return document.map((each: unknown) => shown(each)) as T;
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(Object.entries(document).map(([name, each]) => [name, shown<unknown>(each)])) as T;
}

/** JSON that is the same JSON and shows on a terminal what it holds: JSON itself leaves all but the first 32 as they are. */
export function printableJson(json: string): string {
  return json.replace(unsafe, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
          .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
          .join(''),
  );
}
