import type { Position } from './contract.ts';

/** How an answer of the ledger does not follow from those before it. */
export type Break = 'another system' | 'another timeline' | 'epoch went back';

/**
 * Remembers how far the ledger was, and says when what it answers does not go on from there: a standby that has not
 * received everything was promoted, a backup was restored, or another database stands at the address. Whoever is told so
 * stops acting by the ledger until everything was verified, and then accepts what is there.
 *
 * Answers are shown in the order in which they were asked for, one process with one ledger.
 */
export class Continuity {
  private last: Position | null;
  private broken: Break | null = null;

  /** @param last what an earlier life of the process remembered */
  constructor(last: Position | null = null) {
    this.last = last;
  }

  /** The last answer that followed; null before the first. */
  get position(): Position | null {
    return this.last;
  }

  /** Null when the answer follows, and it is then the last one. Behind a break nothing follows, however far it is, until one is accepted. */
  see(answer: Position): Break | null {
    if (this.last !== null) this.broken ??= breakBetween(this.last, answer);
    if (this.broken === null) this.last = answer;
    return this.broken;
  }

  /** Goes on from an answer whatever was before: the caller has verified what it means. */
  accept(answer: Position): void {
    this.broken = null;
    this.last = answer;
  }
}

/** The gravest comes first: epochs of another history say nothing. */
export function breakBetween(before: Position, after: Position): Break | null {
  if (before.server.systemIdentifier !== after.server.systemIdentifier) return 'another system';
  if (before.server.timeline !== after.server.timeline) return 'another timeline';
  return after.epoch < before.epoch ? 'epoch went back' : null;
}
