import { limits } from '../../core/limits.ts';
import { InstantKind, InstantParser, isUtcShape } from '../values/instant.ts';
import { Json, JsonWalker, jsonbObstacles } from '../values/json.ts';
import { isCanonicalUuid } from '../values/scalar.ts';
import { nameOf } from './convert.ts';
import { type Collation, type Comparison, outcome, refuse, type Term, textSql } from './term.ts';

/**
 * A text constant in the type of the term it is compared with.
 * @throws {Untranslatable} where the text is no value of that type, or where comparing texts is not comparing values.
 */
export function comparableConstant(op: Comparison, term: Term, text: string, collation: Collation | null): Term {
  if (term.type === 'timestamptz' || term.type === 'timestamp') checkSpelling(op, term, text);
  if (term.type === 'jsonb' && !['=', '<>', 'is', 'is not'].includes(op))
    refuse('the order of JSON texts is not that of jsonb');
  if (term.type === 'json') refuse('json has no comparison');
  const folded = term.type === 'uuid' && collation === 'NOCASE' ? text.toLowerCase() : text;
  const sql = typedText(term.type, folded, term.column?.declared ?? '');
  return outcome(term.type, sql ?? refuse(`${nameOf(term)} is compared with a text that is no such value`));
}

/** The text as a constant of the type, or null when it is no value that a move would put into such a column. */
export function typedText(type: Term['type'], text: string, declared: string): string | null {
  const bytes = Buffer.from(text);
  switch (type) {
    case 'text':
      return textSql(text);
    case 'uuid':
      return isCanonicalUuid(bytes, 0, bytes.length) ? `'${text}'::uuid` : null;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return instantText(type, text, bytes);
    case 'json':
    case 'jsonb':
      return isJson(type, bytes, declared) ? `${textSql(text)}::${type}` : null;
    default:
      return null;
  }
}

/** Naive text is UTC: the offset is written out, because the session's zone must not matter. */
function instantText(type: 'date' | 'timestamp' | 'timestamptz', text: string, bytes: Uint8Array): string | null {
  const kind = new InstantParser().parse(bytes, 0, bytes.length);
  if (kind === InstantKind.none || (type === 'date') !== (kind === InstantKind.date)) {
    return kind === InstantKind.date ? `'${text} 00:00:00${type === 'timestamptz' ? '+00' : ''}'::${type}` : null;
  }
  if (type === 'timestamp' && kind === InstantKind.offset) return null;
  return `'${text}${type === 'timestamptz' && kind === InstantKind.naive ? '+00' : ''}'::${type}`;
}

function isJson(type: 'json' | 'jsonb', bytes: Uint8Array, declared: string): boolean {
  const flags = new JsonWalker(limits.jsonDepthMax).inspect(bytes, 0, bytes.length);
  if (flags === Json.no || flags & Json.deep || (type === 'jsonb' && flags & jsonbObstacles)) return false;
  // A lone number or word is JSON, but inference takes it for JSON only where the declaration says so.
  return (flags & Json.scalar) === 0 || /json/i.test(declared);
}

/** Texts of one spelling are ordered as their instants are; a date alone is a prefix, and only tells before from not before. */
function checkSpelling(op: Comparison, term: Term, text: string): void {
  const parser = new InstantParser();
  const bytes = Buffer.from(text);
  const kind = parser.parse(bytes, 0, bytes.length);
  const { column } = term;
  if (!column || column.zoned) refuse(`${nameOf(term)} is compared with a text that names no zone`);
  const { shape = -1 } = column;
  if (kind === InstantKind.date && shape !== 0) {
    const utc = shape === -1 || isUtcShape(shape);
    if (!utc || (op !== '<' && op !== '>=')) refuse('a date without time is compared with instants');
  } else if (shape !== -1 && shape !== parser.shape) {
    refuse('the instants are not all spelled as the constant, and SQLite compares their texts');
  }
}
