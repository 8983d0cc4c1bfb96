import { Tag } from '../../core/cell.ts';
import type { Rule } from '../model.ts';
import { InstantKind, InstantParser } from './instant.ts';
import type { Cell } from './transform.ts';
import { ZoneClock } from './zone.ts';

/**
 * How often the clocks of the zone that a rule names showed a value: 1 for all that is no time without offset, and for
 * nearly all that is. Null where no zone is named.
 */
export function showingsOf(rules: readonly Rule[]): ((cell: Cell) => number) | null {
  const rule = rules.find(({ kind }) => kind === 'zone');
  if (rule?.kind !== 'zone') return null;
  const [parser, clock] = [new InstantParser(), new ZoneClock(rule.zone)];
  return ({ tag, buf, start, end }) => {
    const kind = tag === Tag.text ? parser.parse(buf, start, end) : InstantKind.none;
    return kind === InstantKind.naive || kind === InstantKind.date ? clock.showings(parser.seconds) : 1;
  };
}
