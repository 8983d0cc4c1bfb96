import { scanSync } from '../parser.ts';
import type { Rule } from './model.ts';
import type { Piece } from './parse.ts';

/** `-- crossfade: allow CODE because REASON`, as it stands in a file. */
export interface Silence {
  readonly code: string;
  readonly line: number;
  /** The index of the statement that it stands above; null for the whole file. */
  readonly over: number | null;
  used: boolean;
}

/** A comment to Crossfade that has no effect, with the rule that says so. */
export interface OddDirective {
  readonly code: string;
  readonly line: number;
  readonly words: Readonly<Record<string, string>>;
}

const directive = /^\s*--\s*crossfade:(.*)/i;
const allow = /^allow\s+([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+because\b(.*))?$/i;

/** Comments to Crossfade that work only at the head of a file. */
const heads: readonly RegExp[] = [/^no-transaction$/];

interface Read {
  readonly silences: Silence[];
  readonly odd: OddDirective[];
}

/** Reads the comments to Crossfade between the statements of a file. */
export function readSilences(sql: string, pieces: readonly Piece[], codes: ReadonlySet<string>): Read {
  const read: Read = { silences: [], odd: [] };
  const lines = sql.split('\n');
  const covered = coveredLines(pieces);
  const first = pieces[0]?.statement.line ?? lines.length + 1;
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const said = covered.has(line) ? undefined : directive.exec(text)?.[1].trim();
    if (said === undefined) continue;
    const parsed = allow.exec(said);
    if (parsed !== null) addSilence(read, parsed, line, scopeOf(lines, line, pieces, first), codes);
    else if (!heads.some((each) => each.test(said)) || line > first)
      read.odd.push({ code: 'comment-without-effect', line, words: { text: said } });
  }
  for (const line of hidden(pieces)) read.odd.push({ code: 'comment-without-effect', line, words: { text: 'it' } });
  return read;
}

function addSilence(
  read: Read,
  parsed: RegExpExecArray,
  line: number,
  over: number | null,
  codes: ReadonlySet<string>,
): void {
  if ((parsed[2] ?? '').trim() === '') {
    read.odd.push({ code: 'silence-without-reason', line, words: { code: parsed[1] ?? '' } });
    return;
  }
  for (const code of (parsed[1] ?? '').split(',').map((each) => each.trim())) {
    if (codes.has(code)) read.silences.push({ code, line, over, used: false });
    else read.odd.push({ code: 'silence-unknown', line, words: { code } });
  }
}

/**
 * The statement below, with nothing but comments between. With a blank line below it, above the first statement, it is
 * the head of the file and holds for all of it; elsewhere a blank line does not part it from its statement.
 */
function scopeOf(lines: readonly string[], line: number, pieces: readonly Piece[], first: number): number | null {
  const next = pieces.findIndex((piece) => !piece.nested && piece.statement.line > line);
  if (next === -1) return line < first ? null : -1;
  const between = lines.slice(line, (pieces[next]?.statement.line ?? line) - 1);
  return line < first && between.some((text) => text.trim() === '') ? null : next;
}

function coveredLines(pieces: readonly Piece[]): Set<number> {
  const covered = new Set<number>();
  for (const { statement, nested } of pieces) {
    if (nested) continue;
    const data = statement.copyData === null ? 0 : statement.copyData.split('\n').length;
    const end = statement.line + statement.sql.split('\n').length - 1 + data;
    for (let line = statement.line; line <= end; line++) covered.add(line);
  }
  return covered;
}

/** Lines of comments to Crossfade inside statements, where they do nothing. */
function hidden(pieces: readonly Piece[]): number[] {
  return pieces
    .filter(({ statement, nested }) => !nested && /--\s*crossfade:/i.test(statement.sql))
    .flatMap(({ statement }) => {
      const bytes = Buffer.from(statement.sql);
      return scanSync(statement.sql)
        .tokens.filter(({ tokenName, text }) => tokenName === 'SQL_COMMENT' && directive.test(text))
        .map(({ start }) => statement.line + bytes.toString('utf8', 0, start).split('\n').length - 1);
    });
}

const example = 'ALTER TABLE users DROP COLUMN fax;';
const reasoned = `-- crossfade: allow drop-column because nothing has read it since release 12\n${example}`;

/** The rules of the comments themselves; the engine applies them, and nothing silences them. */
export const silenceRules: readonly Rule[] = [
  {
    code: 'silence-without-reason',
    severity: 'error',
    title: 'A silence that gives no reason',
    reason: 'Whoever reads the file later cannot know whether {code} may be passed over. The finding stands.',
    safe: reasoned,
    bad: `-- crossfade: allow drop-column\n${example}`,
    downs: true,
  },
  {
    code: 'silence-unknown',
    severity: 'error',
    title: 'A silence of a code that does not exist',
    reason: 'There is no rule {code}: nothing was silenced.',
    safe: reasoned,
    bad: `-- crossfade: allow drop-colum because nothing has read it since release 12\n${example}`,
    downs: true,
  },
  {
    code: 'silence-unused',
    severity: 'warning',
    title: 'A silence that silences nothing',
    reason: 'There is no finding {code} here any more. The comment would hide the next one.',
    safe: 'ALTER TABLE users ADD COLUMN fax text;',
    bad: '-- crossfade: allow drop-column because nothing has read it\nALTER TABLE users ADD COLUMN fax text;',
    downs: true,
  },
  {
    code: 'comment-without-effect',
    severity: 'error',
    title: 'A comment to Crossfade that does nothing',
    reason:
      'Crossfade does not know this comment, or not in this place: no-transaction belongs at the head of the file, allow above a statement.',
    safe: '-- crossfade: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS users_email_idx;',
    bad: '-- crossfade: no-transactions\nALTER TABLE users ADD COLUMN fax text;',
    downs: true,
  },
];
