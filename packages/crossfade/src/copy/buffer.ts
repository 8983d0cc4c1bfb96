import { limits } from '../core/limits.ts';

/** The header of PostgreSQL's binary COPY: signature, flags, length of the header extension. "COPY", "Binary Format". */
export const copyHeader = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
/** The trailer: a tuple with -1 fields. */
export const copyTrailer = Buffer.from('ffff', 'hex');

const { copy } = Buffer.prototype;

const blockBytes = limits.sendBytes + limits.pageBytes;
const newBlock = (): Buffer => Buffer.allocUnsafeSlow(blockBytes);

/**
 * Bytes on their way into COPY. Rows are written one after the other into a block that grows by doubling; a value above
 * a block's size is passed on as it is, so that the largest value of a file is never copied here.
 */
export class CopyBuffer {
  private block = newBlock();
  private view = new DataView(this.block.buffer);
  /** Blocks that were given away, the older one first. */
  private given: Buffer[] = [];
  private pos = 0;
  /** Where the part of the block begins that is not sealed yet. */
  private sealed = 0;
  private segments: Buffer[] = [];

  /** Bytes waiting in the block. */
  get length(): number {
    return this.pos;
  }

  /** A place to come back to when a row turns out to be refused. */
  mark(): { readonly pos: number; readonly sealed: number; readonly segments: number } {
    return { pos: this.pos, sealed: this.sealed, segments: this.segments.length };
  }

  rewind(mark: { readonly pos: number; readonly sealed: number; readonly segments: number }): void {
    this.pos = mark.pos;
    this.sealed = mark.sealed;
    this.segments.length = mark.segments;
  }

  int8(value: number): void {
    this.reserve(1);
    this.block[this.pos++] = value;
  }

  int16(value: number): void {
    this.reserve(2);
    this.view.setInt16(this.pos, value);
    this.pos += 2;
  }

  int32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.pos, value);
    this.pos += 4;
  }

  /** An integral number of any size below 2^63; exact, because halves of doubles are. */
  int64(value: number): void {
    this.reserve(8);
    const high = Math.floor(value / 4294967296);
    this.view.setInt32(this.pos, high);
    this.view.setUint32(this.pos + 4, value - high * 4294967296);
    this.pos += 8;
  }

  bigint64(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.pos, value);
    this.pos += 8;
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.pos, value);
    this.pos += 8;
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > limits.pageBytes) return this.pass(source.subarray(start, end));
    this.reserve(length);
    const { block } = this;
    let p = this.pos;
    // A native copy costs more than a short loop; this one makes no object of the part that it copies.
    if (length > 40) copy.call(source, block, p, start, end);
    else for (let i = start; i < end; i++) block[p++] = source[i];
    this.pos += length;
  }

  /**
   * Everything written since the last call, in order: the caller's until it has called twice more. By then the socket,
   * which has one piece under way while the next is made, has read it, and its block is written again. Left to V8, blocks
   * that lie outside its heap make it collect the whole heap again and again.
   */
  take(): Buffer[] {
    this.seal();
    const taken = this.segments;
    this.segments = [];
    this.given.push(this.block);
    const free = this.given.length > 2 ? this.given.shift() : undefined;
    this.block = free?.length === blockBytes ? free : newBlock();
    this.view = new DataView(this.block.buffer);
    this.pos = this.sealed = 0;
    return taken;
  }

  private pass(large: Uint8Array): void {
    this.seal();
    this.segments.push(Buffer.from(large.buffer, large.byteOffset, large.byteLength));
  }

  private seal(): void {
    if (this.pos > this.sealed) this.segments.push(this.block.subarray(this.sealed, this.pos));
    this.sealed = this.pos;
  }

  private reserve(bytes: number): void {
    if (this.pos + bytes <= this.block.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.block.length * 2, this.pos + bytes));
    larger.set(this.block.subarray(0, this.pos));
    this.block = larger;
    this.view = new DataView(larger.buffer);
  }
}
