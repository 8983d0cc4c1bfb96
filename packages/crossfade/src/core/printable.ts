/**
 * Text for a terminal. Names come out of a file that somebody else may have made: control characters could move the
 * cursor or hide a line, and directional marks could reverse one, so all of them are shown as their code points.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
