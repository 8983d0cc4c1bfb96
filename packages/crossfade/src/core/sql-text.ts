/**
 * The one quoter of names and strings for text sent to PostgreSQL. Everything that builds SQL goes through these two,
 * because names come out of the source file and are not to be trusted.
 */

/**
 * A name as a quoted identifier. Length is not looked at: whoever chooses the name keeps it within
 * `limits.identifierBytesMax`, since PostgreSQL would cut a longer one without an error.
 *
 * @throws TypeError for what no identifier can hold: nothing, NUL, a lone surrogate.
 */
export function ident(name: string): string {
  if (name === '') throw new TypeError('An SQL identifier cannot be empty.');
  return `"${holdable(name, 'identifier').replaceAll('"', '""')}"`;
}

/**
 * Text as a string literal. A backslash selects the E'' form, whose meaning does not depend on
 * standard_conforming_strings; the leading space keeps the E apart from a word before it.
 *
 * @throws TypeError for NUL and lone surrogates.
 */
export function literal(text: string): string {
  const quoted = `'${holdable(text, 'literal').replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}

/** NUL would end the statement early on the wire, and a lone surrogate would leave here as U+FFFD: another name. */
function holdable(text: string, kind: string): string {
  if (text.includes('\0')) throw new TypeError(`An SQL ${kind} cannot hold NUL.`);
  if (!text.isWellFormed()) throw new TypeError(`An SQL ${kind} cannot hold a lone surrogate.`);
  return text;
}
