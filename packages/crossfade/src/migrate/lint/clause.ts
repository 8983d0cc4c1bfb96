import { scanSync } from '../parser.ts';

/** Words that begin the next constraint behind a column. */
const next = /^(constraint|not|null|check|default|unique|primary|references|generated|collate)$/i;

/**
 * The part of a statement that begins at a place, counted in bytes, and ends before the next comma outside brackets, or
 * before the next constraint of the same column.
 */
export function clauseAt(sql: string, at: number): string {
  const bytes = Buffer.from(sql);
  let depth = 0;
  let end = bytes.length;
  let before = '';
  const tokens = scanSync(sql).tokens.filter(({ start, tokenName }) => start >= at && !tokenName.endsWith('COMMENT'));
  for (const [index, { text, start }] of tokens.entries()) {
    if (text === '(') depth++;
    if (text === ')') depth--;
    // ON DELETE SET NULL and SET DEFAULT begin nothing; NOT DEFERRABLE belongs to what stands before it.
    const belongs = /^(set|not|on)$/i.test(before) || /^deferrable$/i.test(tokens[index + 1]?.text ?? '');
    const begins = index > 0 && depth === 0 && closed(tokens[0]?.text ?? '', index) && next.test(text) && !belongs;
    if (depth === 0 && (text === ',' || begins)) {
      end = start;
      break;
    }
    before = text;
  }
  return bytes.toString('utf8', at, end).trim();
}

/** A table's constraint may hold those words itself: FOREIGN KEY (a) REFERENCES b, CONSTRAINT c CHECK. */
function closed(first: string, index: number): boolean {
  return /^(references|check)$/i.test(first) && index > 1;
}
