import { isUtf8 } from 'node:buffer';
import { Tag } from '../core/cell.ts';
import type { Rule } from '../schema/model.ts';
import { put } from './mix.ts';
import { type SourceDecode, What } from './value.ts';

/** Bytes to other bytes of text, or the same buffer when the rule has nothing to do. */
type TextStep = (text: Buffer) => Buffer;

const replacement = Buffer.from('\ufffd');

/**
 * Puts the value rules of a column before its decoder. Whatever their order on the command line: first the bytes
 * become text, then NUL goes, then what is empty becomes NULL, and last what the type still cannot hold.
 */
export function withRules(
  rules: readonly Rule[],
  decode: SourceDecode,
  holds: (bytes: Buffer) => boolean = () => true,
): SourceDecode {
  const has = <K extends Rule['kind']>(kind: K) =>
    rules.find((rule): rule is Extract<Rule, { kind: K }> => rule.kind === kind);
  const encoding = has('encoding');
  const nul = has('nul');
  const emptyIsNull = has('empty') !== undefined;
  const invalidIsNull = has('invalid') !== undefined;
  const steps: TextStep[] = [];
  if (encoding)
    steps.push((text) => (isUtf8(text) ? text : encoding.how === 'latin1' ? fromLatin1(text) : repaired(text)));
  if (nul)
    steps.push((text) =>
      text.includes(0) ? withoutNul(text, nul.how === 'strip' ? Buffer.alloc(0) : replacement) : text,
    );
  if (steps.length === 0 && !emptyIsNull && !invalidIsNull) return decode;
  return (d, at, tag, view, start, end) => {
    if (tag === Tag.text && steps.length > 0) {
      const text = Buffer.from(view.buffer, view.byteOffset + start, end - start);
      const ruled = steps.reduce((bytes, step) => step(bytes), text);
      if (ruled !== text) {
        const ruledView = new DataView(ruled.buffer, ruled.byteOffset, ruled.length);
        return ruledDecode(d, at, tag, ruledView, 0, ruled.length);
      }
    }
    ruledDecode(d, at, tag, view, start, end);
  };

  function ruledDecode(...[d, at, tag, view, start, end]: Parameters<SourceDecode>): void {
    if (emptyIsNull && tag === Tag.text && start === end) return put(d, at, What.null, 0, 0);
    decode(d, at, tag, view, start, end);
    if (!invalidIsNull) return;
    const isHeld = d.out[at] !== What.unheld && holds(Buffer.from(view.buffer, view.byteOffset + start, end - start));
    if (!isHeld) put(d, at, What.null, 0, 0);
  }
}

/** ISO 8859-1 names the first 256 characters of Unicode by their numbers. */
function fromLatin1(bytes: Buffer): Buffer {
  const text = Buffer.alloc(2 * bytes.length);
  let length = 0;
  for (const byte of bytes) {
    if (byte >= 0x80) text[length++] = 0xc0 | (byte >> 6);
    text[length++] = byte < 0x80 ? byte : 0x80 | (byte & 0x3f);
  }
  return text.subarray(0, length);
}

/** In pieces, because a JavaScript string ends at half a gigabyte. */
function repaired(bytes: Buffer): Buffer {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const pieceBytes = 1 << 20;
  const pieces: Buffer[] = [];
  for (let p = 0; p < bytes.length; p += pieceBytes) {
    pieces.push(Buffer.from(decoder.decode(bytes.subarray(p, p + pieceBytes), { stream: true })));
  }
  pieces.push(Buffer.from(decoder.decode()));
  return Buffer.concat(pieces);
}

function withoutNul(text: Buffer, instead: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let start = 0;
  for (let nul = text.indexOf(0); nul >= 0; nul = text.indexOf(0, start)) {
    pieces.push(text.subarray(start, nul), instead);
    start = nul + 1;
  }
  pieces.push(text.subarray(start));
  return Buffer.concat(pieces);
}
