import { absorbNumber } from './decimal.ts';
import { absorbString } from './json-string.ts';
import { absorb, begin, type Digester, domain, finish } from './mix.ts';

/**
 * A digest of what a JSON text means to jsonb, taken from the bytes alone.
 *
 * An array and everything flat is absorbed in order. A member of an object gets a digest of its own, the object is the
 * sum of them, so their order is free, and the number of members as written: of two members with one key jsonb keeps
 * the last, and the count gives the loss away. Every item ends with a word whose low three bits say what it was, so
 * the stream can be read backwards without a doubt, and [[1],2] is not [1,2].
 */
const item = { literal: 0, objectEnd: 4, arrayStart: 5, arrayEnd: 6 } as const;
const literals = ['null', 'true', 'false'];

/** Words a level: the sum of the members, their count (-1 in an array), and the state to go on with behind the object. */
const frameWords = 7;
/** PostgreSQL's parser gives up far above this (54001), so nothing that it holds is refused here. */
const depthMax = 64 << 12;
// Depth costs these and never the thread's stack. One digest at a time, so all share it.
let frames = new Int32Array(64 * frameWords);

/** Leaves the unfinished digest in the state. False: the bytes are no JSON text, or have half a surrogate pair in them. */
export function absorbJson(d: Digester, view: DataView, start: number, end: number): boolean {
  const s = d.state;
  begin(s, d.key, domain.json);
  let top = -frameWords;
  let p = skipSpace(view, start, end);
  for (;;) {
    // A value.
    const c = p < end ? view.getUint8(p) : 0;
    if (c === 0x7b || c === 0x5b) {
      top += frameWords;
      if (top === frames.length && !grow()) return false;
      p = skipSpace(view, p + 1, end);
      if (c === 0x7b) openObject(s, top);
      else openArray(s, top);
      const isEmpty = p < end && view.getUint8(p) === c + 2;
      if (!isEmpty) {
        if (c === 0x7b) p = absorbKey(d, view, p, end);
        if (p < 0) return false;
        continue;
      }
    } else {
      p = absorbScalar(s, c, view, p, end);
      if (p < 0) return false;
      if (top >= 0 && frames[top + 2] >= 0) addMember(s, top);
      p = skipSpace(view, p, end);
    }
    // What follows a value, or the end of a container that was just opened: every end closes a value of the level above.
    for (;;) {
      if (top < 0) return p === end;
      const next = p < end ? view.getUint8(p) : 0;
      const inObject = frames[top + 2] >= 0;
      if (next === 0x2c) {
        p = skipSpace(view, p + 1, end);
        if (inObject) p = absorbKey(d, view, p, end);
        if (p < 0) return false;
        break;
      }
      if (next !== (inObject ? 0x7d : 0x5d)) return false;
      if (inObject) closeObject(s, top);
      else absorb(s, item.arrayEnd);
      top -= frameWords;
      if (top >= 0 && frames[top + 2] >= 0) addMember(s, top);
      p = skipSpace(view, p + 1, end);
    }
  }
}

function openArray(s: Int32Array, top: number): void {
  absorb(s, item.arrayStart);
  frames[top + 2] = -1;
}

function openObject(s: Int32Array, top: number): void {
  frames[top] = 0;
  frames[top + 1] = 0;
  frames[top + 2] = 0;
  frames[top + 3] = s[0];
  frames[top + 4] = s[1];
  frames[top + 5] = s[2];
  frames[top + 6] = s[3];
}

function closeObject(s: Int32Array, top: number): void {
  s[0] = frames[top + 3];
  s[1] = frames[top + 4];
  s[2] = frames[top + 5];
  s[3] = frames[top + 6];
  absorb(s, frames[top]);
  absorb(s, frames[top + 1]);
  absorb(s, (frames[top + 2] << 3) | item.objectEnd);
}

function addMember(s: Int32Array, top: number): void {
  finish(s);
  frames[top] += s[0];
  frames[top + 1] += s[1];
  frames[top + 2]++;
}

/** From a key's opening quote to its value. */
function absorbKey(d: Digester, view: DataView, start: number, end: number): number {
  if (start >= end || view.getUint8(start) !== 0x22) return -1;
  begin(d.state, d.key, domain.member);
  let p = absorbString(d.state, view, start + 1, end);
  if (p < 0) return -1;
  p = skipSpace(view, p, end);
  return p < end && view.getUint8(p) === 0x3a ? skipSpace(view, p + 1, end) : -1;
}

function absorbScalar(s: Int32Array, first: number, view: DataView, start: number, end: number): number {
  if (first === 0x22) return absorbString(s, view, start + 1, end);
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return absorbNumber(s, view, start, end);
  const which = first === 0x6e ? 0 : first === 0x74 ? 1 : 2;
  const word = literals[which];
  if (start + word.length > end) return -1;
  for (let i = 0; i < word.length; i++) if (view.getUint8(start + i) !== word.charCodeAt(i)) return -1;
  absorb(s, (which << 3) | item.literal);
  return start + word.length;
}

function skipSpace(view: DataView, start: number, end: number): number {
  let p = start;
  for (; p < end; p++) {
    const c = view.getUint8(p);
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) break;
  }
  return p;
}

function grow(): boolean {
  if (frames.length >= depthMax * frameWords) return false;
  const larger = new Int32Array(2 * frames.length);
  larger.set(frames);
  frames = larger;
  return true;
}
