import { isUtf8 } from 'node:buffer';
import { Tag } from '../../core/cell.ts';
import type { Rule } from '../model.ts';

/** A value on its way through the rules of its column. */
export interface Cell {
  tag: number;
  buf: Uint8Array;
  start: number;
  end: number;
  /** A rule has changed the value. */
  altered: boolean;
}

/**
 * The value rules of a column as one function that rewrites a cell in place, or null when there is nothing to rewrite.
 * `invalid:null` is not among them: it needs to know what the type refuses, which the encoder decides.
 */
export function transformOf(rules: readonly Rule[]): ((cell: Cell) => void) | null {
  const steps = inOrder.flatMap((kind) => rules.filter((rule) => rule.kind === kind).flatMap(stepOf));
  return steps.length === 0 ? null : (cell) => steps.forEach((step) => step(cell));
}

/** Whatever the order of the command line: bytes become text before NUL is looked for, and what is left may be empty. */
const inOrder: readonly Rule['kind'][] = ['encoding', 'nul', 'empty'];

function stepOf(rule: Rule): ((cell: Cell) => void)[] {
  switch (rule.kind) {
    case 'encoding':
      return [(cell) => decoded(cell, rule.how)];
    case 'nul':
      return [(cell) => withoutNul(cell, rule.how === 'replace' ? '\ufffd' : '')];
    case 'empty':
      return [emptyToNull];
    default:
      return [];
  }
}

function emptyToNull(cell: Cell): void {
  if (cell.tag !== Tag.text || cell.start !== cell.end) return;
  cell.tag = Tag.null;
  cell.altered = true;
}

function withoutNul(cell: Cell, replacement: string): void {
  if (cell.tag !== Tag.text || !cell.buf.subarray(cell.start, cell.end).includes(0)) return;
  const text = Buffer.from(cell.buf.subarray(cell.start, cell.end)).toString('latin1');
  replace(cell, Buffer.from(text.replaceAll('\0', Buffer.from(replacement).toString('latin1')), 'latin1'));
}

function decoded(cell: Cell, how: 'latin1' | 'replace'): void {
  const bytes = cell.buf.subarray(cell.start, cell.end);
  if (cell.tag !== Tag.text || isUtf8(bytes)) return;
  replace(
    cell,
    Buffer.from(
      how === 'latin1'
        ? Buffer.from(bytes).toString('latin1')
        : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
    ),
  );
}

function replace(cell: Cell, bytes: Buffer): void {
  cell.buf = bytes;
  cell.start = 0;
  cell.end = bytes.length;
  cell.altered = true;
}
