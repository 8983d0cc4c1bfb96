/**
 * What a run of bytes is as JSON, and whether PostgreSQL's jsonb would hand back the same value. The bytes are walked,
 * never parsed into objects: parsing is what loses duplicate keys and digits. The caller has checked that they are UTF-8.
 */

import { limits } from '../../core/limits.ts';
import { KeyLedger } from './json-keys.ts';
import { plainEnd, viewOf } from './json-plain.ts';
import { jsonbChangesNumber, numberEnd } from './json-number.ts';
import { hexDigit } from './scalar.ts';

/** Set in the result when the bytes are JSON at all; the other bits say what kind, and what jsonb would change. */
export const Json = {
  no: 0,
  container: 1,
  scalar: 2,
  /** jsonb keeps the last of two equal keys and drops the other. */
  duplicateKey: 4,
  /** \u0000: jsonb refuses it (22P05). */
  nulEscape: 8,
  /** jsonb refuses half of a surrogate pair (22P02). */
  loneSurrogate: 16,
  /** Beyond a double's range, -0, or more digits than numeric takes: jsonb writes another number or refuses. */
  number: 32,
  /** PostgreSQL's own JSON parser recurses; json and jsonb both refuse very deep documents. */
  deep: 64,
  /** More members than jsonb's builder gets memory for, although json takes them. */
  crowded: 128,
} as const;

/** Bits that keep a document from jsonb, although json can hold it. */
export const jsonbObstacles = Json.duplicateKey | Json.nulEscape | Json.loneSurrogate | Json.number | Json.crowded;

/** What the grammar expects next. */
const State = {
  value: 0,
  firstKey: 1,
  key: 2,
  colon: 3,
  commaObject: 4,
  firstElement: 5,
  commaArray: 6,
  end: 7,
} as const;

/** A walker at rest holds no document: the last one may have been very large. */
const nothing = new Uint8Array(0);
const noView = new DataView(nothing.buffer);

/** Looks at `buf[start, end)`. One walker serves one thread; it keeps its stacks between calls. */
export class JsonWalker {
  private buf: Uint8Array = nothing;
  private view: DataView = noView;
  private pos = 0;
  private end = 0;
  private flags = 0;
  /** 1 for each open object, 0 for each open array. */
  private isObject = new Uint8Array(64);
  private depth = 0;
  private readonly keys = new KeyLedger();
  private escaped = false;
  private members = 0;

  private readonly depthMax: number;

  /** `depthMax`: deeper documents get {@link Json.deep}. */
  constructor(depthMax: number) {
    this.depthMax = depthMax;
  }

  /** A set of {@link Json} bits; `Json.no` when the bytes are not exactly one JSON text. */
  inspect(buf: Uint8Array, start: number, end: number): number {
    this.buf = buf;
    this.view = viewOf(buf, this.view);
    this.pos = start;
    this.end = end;
    this.members = 0;
    this.depth = 0;
    this.keys.clear();
    this.skipSpace();
    if (this.pos >= end) return Json.no;
    const first = buf[this.pos];
    this.flags = first === 0x7b || first === 0x5b ? Json.container : Json.scalar;
    const isJson = this.walk();
    this.buf = nothing;
    if (buf.length > limits.exclusiveBytes) this.view = noView;
    return isJson ? this.flags : Json.no;
  }

  /** The grammar as a loop with an explicit stack, so that depth costs memory and never the thread's stack. */
  private walk(): boolean {
    let state: number = State.value;
    for (;;) {
      this.skipSpace();
      if (state === State.end) return this.pos === this.end;
      if (this.pos >= this.end) return false;
      const b = this.buf[this.pos];
      if ((b === 0x5d && state === State.firstElement) || (b === 0x7d && state === State.firstKey)) {
        this.pos++;
        state = this.close();
        continue;
      }
      switch (state) {
        case State.firstElement:
        case State.value: {
          const next = this.value(b);
          if (next < 0) return false;
          state = next;
          break;
        }
        case State.firstKey:
        case State.key:
          if (b !== 0x22 || !this.key()) return false;
          state = State.colon;
          break;
        case State.colon:
          if (b !== 0x3a) return false;
          this.pos++;
          state = State.value;
          break;
        default: {
          // After an element or a member: a comma, or the end of the container.
          const inObject = state === State.commaObject;
          this.pos++;
          if (b === 0x2c) {
            state = inObject ? State.key : State.value;
            if (++this.members > limits.jsonbMembersMax) this.flags |= Json.crowded;
          } else if (b === (inObject ? 0x7d : 0x5d)) state = this.close();
          else return false;
        }
      }
    }
  }

  /** Reads one value or opens a container. Returns the next state, or -1 when it is not JSON. */
  private value(b: number): number {
    if (b === 0x22) return this.string() ? this.after() : -1;
    if (b === 0x7b || b === 0x5b) {
      this.pos++;
      if (this.depth === this.isObject.length) this.deepen();
      this.isObject[this.depth++] = b === 0x7b ? 1 : 0;
      this.keys.open();
      if (this.depth > this.depthMax) this.flags |= Json.deep;
      return b === 0x7b ? State.firstKey : State.firstElement;
    }
    if (b === 0x2d || (b >= 0x30 && b <= 0x39)) return this.number() ? this.after() : -1;
    if (b === 0x74) return this.word('true') ? this.after() : -1;
    if (b === 0x66) return this.word('false') ? this.after() : -1;
    if (b === 0x6e) return this.word('null') ? this.after() : -1;
    return -1;
  }

  private after(): number {
    if (this.depth === 0) return State.end;
    return this.isObject[this.depth - 1] === 1 ? State.commaObject : State.commaArray;
  }

  private close(): number {
    this.depth--;
    if (this.keys.close(this.buf)) this.flags |= Json.duplicateKey;
    return this.after();
  }

  private deepen(): void {
    const deeper = new Uint8Array(this.depth * 2);
    deeper.set(this.isObject);
    this.isObject = deeper;
  }

  private skipSpace(): void {
    const { buf, end } = this;
    let p = this.pos;
    while (p < end) {
      const b = buf[p];
      if (b !== 0x20 && b !== 0x0a && b !== 0x0d && b !== 0x09) break;
      p++;
    }
    this.pos = p;
  }

  private word(word: string): boolean {
    if (this.end - this.pos < word.length) return false;
    for (let i = 0; i < word.length; i++) if (this.buf[this.pos + i] !== word.charCodeAt(i)) return false;
    this.pos += word.length;
    return true;
  }

  private key(): boolean {
    const start = this.pos + 1;
    this.escaped = false;
    if (!this.string()) return false;
    this.keys.add(this.buf, start, this.pos - 1, this.escaped);
    return true;
  }

  /** At the opening quote; leaves `pos` behind the closing one. */
  private string(): boolean {
    const { buf, end } = this;
    let p = this.pos + 1;
    for (;;) {
      p = plainEnd(this.view, buf, p, end);
      if (p >= end) return false;
      const b = buf[p];
      if (b === 0x22) {
        this.pos = p + 1;
        return true;
      }
      if (b !== 0x5c) return false;
      this.escaped = true;
      p = this.escape(p + 1);
      if (p < 0) return false;
    }
  }

  /** Behind a backslash. Returns the position after the escape, or -1. */
  private escape(p: number): number {
    const { buf } = this;
    if (p >= this.end) return -1;
    if (buf[p] !== 0x75) return '"\\/bfnrt'.includes(String.fromCharCode(buf[p])) ? p + 1 : -1;
    const unit = this.hex4(p + 1);
    if (unit < 0) return -1;
    if (unit === 0) this.flags |= Json.nulEscape;
    if (unit < 0xd800 || unit > 0xdfff) return p + 5;
    const low = unit < 0xdc00 && buf[p + 5] === 0x5c && buf[p + 6] === 0x75 ? this.hex4(p + 7) : -1;
    if (low >= 0xdc00 && low <= 0xdfff) return p + 11;
    this.flags |= Json.loneSurrogate;
    return p + 5;
  }

  private hex4(p: number): number {
    if (p + 4 > this.end) return -1;
    let value = 0;
    for (let i = p; i < p + 4; i++) {
      const digit = hexDigit(this.buf[i]);
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  private number(): boolean {
    const end = numberEnd(this.buf, this.pos, this.end);
    if (end < 0) return false;
    if (jsonbChangesNumber(this.buf, this.pos, end)) this.flags |= Json.number;
    this.pos = end;
    return true;
  }
}
