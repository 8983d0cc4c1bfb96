import { affinityOf } from '../sqlite/affinity.ts';
import type { Expr } from '../sqlite/ast.ts';
import { constantOf } from './constant.ts';
import { plus, type Rational, rational, rationalOf, times } from './rational.ts';
import { refuse } from './term.ts';

/** The time of the insert, as a default writes it down. */
export type Moment = Written | Counted;

/** As text in a layout of strftime. */
export interface Written {
  readonly kind: 'written';
  readonly layout: string;
  /** Added to now, in seconds. */
  readonly later: number;
}

/** As a number: `scale` times the seconds since 1970, plus `shift`. */
export interface Counted {
  readonly kind: 'counted';
  readonly scale: Rational;
  readonly shift: Rational;
  readonly integer: boolean;
  /** Milliseconds count too; otherwise the seconds are whole. */
  readonly fine: boolean;
  readonly later: number;
}

const words = { timestamp: '%Y-%m-%d %H:%M:%S', date: '%Y-%m-%d', time: '%H:%M:%S' } as const;
const written: Readonly<Record<string, string>> = { datetime: words.timestamp, date: words.date, time: words.time };
const one = rational(1n);
const none = rational(0n);

/** Null when the expression is not about the current time. @throws {Untranslatable} when it is, in a way that is not known here. */
export function momentOf(expr: Expr): Moment | null {
  switch (expr.kind) {
    case 'now':
      return { kind: 'written', layout: words[expr.what], later: 0 };
    case 'call':
      return called(expr);
    case 'cast':
      return cast(expr);
    case 'binary':
      return reckoned(expr);
    default:
      return null;
  }
}

function called(expr: Expr & { kind: 'call' }): Moment | null {
  const args = expr.args.map((arg) => constantOf(arg));
  const texts = args.flatMap((arg) => (arg?.kind === 'text' ? [arg.value] : []));
  if (texts.length !== args.length) return null;
  if (expr.name === 'strftime') {
    const [layout, ...rest] = texts;
    const moment = layout === undefined ? null : momentFrom(rest);
    return moment && { kind: 'written', layout: layout, later: moment.later };
  }
  const layout = Object.hasOwn(written, expr.name) ? written[expr.name] : undefined;
  if (layout === undefined && expr.name !== 'unixepoch' && expr.name !== 'julianday') return null;
  const moment = momentFrom(texts);
  if (!moment) return null;
  const { fine, later } = moment;
  if (layout !== undefined) return { kind: 'written', layout: fine ? layout.replace('%S', '%f') : layout, later };
  if (expr.name === 'unixepoch') return { kind: 'counted', scale: one, shift: none, integer: !fine, fine, later };
  return {
    kind: 'counted',
    scale: rational(1n, 86_400n),
    shift: rational(4_881_175n, 2n),
    integer: false,
    fine: true,
    later,
  };
}

const units: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** A time value that is now, with its modifiers; null for another time. Months and years differ in how they roll over. */
function momentFrom([value = 'now', ...modifiers]: readonly string[]): { later: number; fine: boolean } | null {
  // `unixepoch('subsec')` is short for `unixepoch('now', 'subsec')`.
  let fine = isSubsecond(value);
  if (value.toLowerCase() !== 'now' && !fine) return null;
  let later = 0;
  for (const modifier of modifiers) {
    const shift = /^([+-]?\d{1,9}) +(second|minute|hour|day)s?$/i.exec(modifier);
    if (shift) later += Number(shift[1]) * units[shift[2].toLowerCase()];
    else if (isSubsecond(modifier)) fine = true;
    else refuse('a modifier of the time is not one of +N seconds, minutes, hours or days');
  }
  return { later, fine };
}

function isSubsecond(modifier: string): boolean {
  return /^subsec(ond)?$/i.test(modifier);
}

/** A cast to INTEGER cuts the fraction off; of text it reads the digits, which is the same only for seconds. */
function cast(expr: Expr & { kind: 'cast' }): Moment | null {
  const moment = momentOf(expr.operand);
  const affinity = affinityOf(expr.type);
  if (!moment) return null;
  if (moment.kind === 'written' && affinity === 'TEXT') return moment;
  const counted = seconds(moment);
  if (affinity !== 'INTEGER' || !counted) return refuse(`the current time is cast to ${expr.type}`);
  return { ...counted, integer: true };
}

function seconds(moment: Moment): Counted | null {
  if (moment.kind === 'counted') return moment;
  const whole = moment.layout === '%s';
  return whole ? { kind: 'counted', scale: one, shift: none, integer: true, fine: false, later: moment.later } : null;
}

function reckoned(expr: Expr & { kind: 'binary' }): Moment | null {
  const left = momentOf(expr.left);
  const right = left ? null : momentOf(expr.right);
  const moment = left ?? right;
  if (!moment) return null;
  const operand = constantOf(left ? expr.right : expr.left);
  const counted = seconds(moment);
  const number =
    operand?.kind === 'integer' ? rational(operand.value) : operand?.kind === 'real' ? rationalOf(operand.value) : null;
  if (!counted || !number || number.top === 0n)
    return refuse('the current time is reckoned with in a way that is not known here');
  const integer = counted.integer && operand?.kind === 'integer';
  if (expr.op === '*')
    return { ...counted, scale: times(counted.scale, number), shift: times(counted.shift, number), integer };
  if (expr.op === '+') return { ...counted, shift: plus(counted.shift, number), integer };
  if (expr.op === '-' && left)
    return { ...counted, shift: plus(counted.shift, rational(-number.top, number.bottom)), integer };
  if (expr.op === '/' && left && !integer && number.top > 0n) {
    const inverse = rational(number.bottom, number.top);
    return { ...counted, scale: times(counted.scale, inverse), shift: times(counted.shift, inverse), integer };
  }
  return refuse('the current time is reckoned with in a way that is not known here');
}
