import { CrossfadeError } from '../core/errors.ts';
import { beginLargeValue, endLargeValue } from '../core/large-values.ts';
import { limits } from '../core/limits.ts';

/** One row that PostgreSQL sent: field `i` lies in `view` from `starts[i]` to below `ends[i]`, and a start of -1 is NULL. Valid during the callback. */
export interface Tuple {
  readonly view: DataView;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const headerBytes = signature.length + 8;
/** Bit 16 stood for rows with OIDs until PostgreSQL 12; the whole upper half is for changes that nobody may ignore. */
const criticalFlags = 0xffff0000;
/** PostgreSQL's fields end below 1 GB; a larger length is no length. */
const fieldBytesMax = 0x40000000;
/** What a larger row needed is given back after it. */
const keptBytesMax = 1 << 20;

const Part = { header: 0, rows: 1, behind: 2 } as const;

/**
 * Reads the stream of COPY ... (FORMAT binary) in pieces of any size. A row within one piece is read where it lies; one
 * that goes across pieces is gathered in a buffer as large as the row has announced itself so far. Every byte is copied
 * once at most, and half a gigabyte in one field is not looked at again with each piece of it.
 */
export class CopyOutReader implements Tuple {
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  rows = 0;

  private readonly visit: (tuple: Tuple) => void;
  private part: number = Part.header;
  /** Where the current row begins in `view`; then, from there on, what is read of it and how much must be there to go on. */
  private start = 0;
  private at = 0;
  private need = 0;
  private field = 0;
  private gathered = Buffer.alloc(0);
  private gatheredBytes = 0;
  private exclusive = false;

  constructor(fields: number, visit: (tuple: Tuple) => void) {
    this.starts = new Int32Array(fields);
    this.ends = new Int32Array(fields);
    this.visit = visit;
  }

  /** Takes the bytes from `from` to below `to`. */
  push(chunk: Buffer, from = 0, to = chunk.length): void {
    let p = from;
    while (p < to) {
      if (this.gatheredBytes === 0) {
        this.begin(chunk, p);
        if (this.read(to - p)) {
          p += this.need;
          continue;
        }
        this.gather(chunk, p, to - p);
        this.begin(this.gathered, 0);
        this.read(this.gatheredBytes);
        return;
      }
      const taken = Math.min(this.need - this.gatheredBytes, to - p);
      this.gather(chunk, p, taken);
      p += taken;
      if (this.gatheredBytes === this.need && this.read(this.need)) this.release();
    }
  }

  /** Throws E_TARGET_LOST when the trailer has not come: nothing else would tell that rows are missing. */
  end(): void {
    if (this.part === Part.behind && this.gatheredBytes === 0) return;
    const message =
      'PostgreSQL stopped sending rows before the end of the table. The table was not verified. Run the command again.';
    throw new CrossfadeError('E_TARGET_LOST', message, { rows: this.rows });
  }

  private begin(buffer: Buffer, start: number): void {
    this.look(buffer);
    this.start = start;
    this.at = 0;
    this.need = 0;
  }

  private look(buffer: Buffer): void {
    const { view } = this;
    if (view.buffer === buffer.buffer && view.byteOffset === buffer.byteOffset && view.byteLength === buffer.length)
      return;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  }

  private gather(chunk: Buffer, from: number, bytes: number): void {
    const size = Math.max(this.need, this.gatheredBytes + bytes);
    if (size > limits.exclusiveBytes && !this.exclusive) {
      this.exclusive = true;
      beginLargeValue();
    }
    if (size > this.gathered.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, Math.min(2 * this.gathered.length, keptBytesMax)));
      this.gathered.copy(larger, 0, 0, this.gatheredBytes);
      this.gathered = larger;
      // The gathered row begins at the start of any buffer that holds it.
      if (this.gatheredBytes > 0) this.look(larger);
    }
    chunk.copy(this.gathered, this.gatheredBytes, from, from + bytes);
    this.gatheredBytes += bytes;
  }

  private release(): void {
    this.gatheredBytes = 0;
    if (this.gathered.length > keptBytesMax) {
      this.gathered = Buffer.alloc(0);
      this.look(this.gathered);
    }
    if (!this.exclusive) return;
    this.exclusive = false;
    endLargeValue();
  }

  /** Goes on as far as `available` bytes reach. True: the header, a row or the trailer is complete, and is `need` bytes long. */
  private read(available: number): boolean {
    if (this.part === Part.header) return this.readHeader(available);
    if (this.at === 0) {
      this.need = 2;
      if (this.part === Part.behind) throw malformed('bytes behind the trailer');
      if (available < 2) return false;
      const fields = this.view.getInt16(this.start);
      if (fields === -1) {
        this.part = Part.behind;
        return true;
      }
      if (fields !== this.starts.length) throw malformed(`a row of ${fields} fields`);
      this.at = 2;
      this.field = 0;
      this.need = fields === 0 ? 2 : 6;
    }
    if (!this.readFields(available)) return false;
    this.rows++;
    this.visit(this);
    return true;
  }

  private readFields(available: number): boolean {
    const { view, start, starts, ends } = this;
    const fields = starts.length;
    let { at, need, field } = this;
    while (field < fields && need <= available) {
      const length = view.getInt32(start + at);
      if (length < -1 || length > fieldBytesMax) throw malformed(`a field of ${length} bytes`);
      at += 4;
      starts[field] = length < 0 ? -1 : start + at;
      if (length > 0) at += length;
      ends[field++] = start + at;
      need = field < fields ? at + 4 : at;
    }
    this.at = at;
    this.need = need;
    this.field = field;
    return field === fields && need <= available;
  }

  private readHeader(available: number): boolean {
    this.need = headerBytes;
    if (available < headerBytes) return false;
    const { view, start } = this;
    if (signature.some((byte, i) => view.getUint8(start + i) !== byte)) throw malformed('another signature');
    if (view.getUint32(start + signature.length) & criticalFlags) throw malformed('unknown flags');
    this.need = headerBytes + view.getUint32(start + signature.length + 4);
    if (available < this.need) return false;
    this.part = Part.rows;
    return true;
  }
}

function malformed(what: string): CrossfadeError {
  return new CrossfadeError(
    'E_INTERNAL',
    `The output of COPY is not in the form asked for: ${what}. The table was not verified. Please report this.`,
    { what },
  );
}
