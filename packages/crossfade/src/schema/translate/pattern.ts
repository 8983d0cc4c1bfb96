import { textSql } from './term.ts';

/** One step of a pattern: a character, any one, any number of any, or one out of a set. */
type Step =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' }
  | {
      readonly kind: 'set';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [from: string, to: string])[];
    };

/** A pattern operator's right side for PostgreSQL: the operator with its constant. */
export interface PatternSql {
  /** Follows the operand: `LIKE '...'` or `~ '...'`. */
  readonly sql: string;
  /** The operand's ASCII letters must be lowered first. */
  readonly lowered: boolean;
}

/** SQLite's LIKE folds ASCII letters and nothing else. Null when the pattern ends in its escape character, which matches nothing. */
export function likeSql(pattern: string, escape: string | null): PatternSql | null {
  const steps: Step[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    let character = characters[i];
    const taken = character === escape;
    if (taken && ++i === characters.length) return null;
    if (taken) character = characters[i];
    if (!taken && character === '%') steps.push({ kind: 'many' });
    else if (!taken && character === '_') steps.push({ kind: 'one' });
    else steps.push({ kind: 'character', character: character.replace(/[A-Z]/, (letter) => letter.toLowerCase()) });
  }
  const lowered = steps.some((step) => step.kind === 'character' && /[a-z]/.test(step.character));
  return { sql: `LIKE ${like(steps)}`, lowered };
}

/** SQLite's GLOB, which minds case. Null for a set that is not closed, which matches nothing. */
export function globSql(pattern: string): PatternSql | null {
  const steps: Step[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; ) {
    const character = characters[i++];
    if (character === '*') steps.push({ kind: 'many' });
    else if (character === '?') steps.push({ kind: 'one' });
    else if (character === '[') {
      const set = readSet(characters, i);
      if (!set) return null;
      steps.push(set.step);
      i = set.next;
    } else steps.push({ kind: 'character', character });
  }
  const sql = steps.some((step) => step.kind === 'set') ? `~ ${regular(steps)}` : `LIKE ${like(steps)}`;
  return { sql, lowered: false };
}

/** After patternCompare() in SQLite's func.c: `]` may come first, and a range that runs backwards holds its first character alone. */
function readSet(characters: readonly string[], from: number): { step: Step; next: number } | null {
  const ranges: (readonly [string, string])[] = [];
  let i = from;
  const negated = characters[i] === '^';
  if (negated) i++;
  if (characters[i] === ']') {
    ranges.push([']', ']']);
    i++;
  }
  let previous: string | null = null;
  for (; characters[i] !== ']'; i++) {
    const character = characters[i];
    if (character === undefined) return null;
    const to = characters[i + 1];
    if (character === '-' && previous !== null && to !== undefined && to !== ']') {
      // The range begins with the character before the hyphen, which stands alone in the list so far.
      if (codePoint(previous) <= codePoint(to)) ranges[ranges.length - 1] = [previous, to];
      previous = null;
      i++;
    } else {
      ranges.push([character, character]);
      previous = character;
    }
  }
  return { step: { kind: 'set', negated, ranges }, next: i + 1 };
}

function like(steps: readonly Step[]): string {
  return textSql(steps.map(likeStep).join(''));
}

/** PostgreSQL escapes with a backslash when nothing else is said. */
function likeStep(step: Step): string {
  if (step.kind === 'many') return '%';
  if (step.kind === 'one') return '_';
  return step.kind === 'character' ? step.character.replace(/[\\%_]/, '\\$&') : '';
}

/** An advanced regular expression over the whole text. */
function regular(steps: readonly Step[]): string {
  return textSql(`^${steps.map(regularStep).join('')}$`);
}

function regularStep(step: Step): string {
  if (step.kind === 'many') return '.*';
  if (step.kind === 'one') return '.';
  if (step.kind === 'character') return escaped(step.character);
  const ranges = step.ranges.map(([from, to]) => (from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`));
  return `[${step.negated ? '^' : ''}${ranges.join('')}]`;
}

/** Everything but ASCII letters and digits by its number: the same inside and outside of brackets. */
function escaped(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character;
  return `\\U${codePoint(character).toString(16).padStart(8, '0')}`;
}

function codePoint(character: string): number {
  return character.codePointAt(0) as number;
}
