import { limits } from '../core/limits.ts';
import { Tag, type Row } from '../core/cell.ts';
import { CrossfadeError } from '../core/errors.ts';
import type { Tuple } from './copy-out.ts';
import { absorbWords, begin, type Digester, digester, domain, finish, put } from './mix.ts';
import { withRules } from './rules.ts';
import { bucketCount } from './sums.ts';
import type { VerifyTable } from './table.ts';
import { readersOf, type TypeReader } from './types.ts';
import { type SourceDecode, What } from './value.ts';

/**
 * Turns rows of either side into digests. A row's digest runs over all columns in order, three words each, so values
 * cannot trade places between columns or rows unseen. Fields hold the row read last.
 */
export class RowDigester {
  readonly d: Digester;
  readonly columns: number;
  a = 0;
  b = 0;
  /** Of the key; of the row itself in a table without one. */
  keyA = 0;
  keyB = 0;
  private readonly key: readonly number[];

  constructor(table: VerifyTable, seed: Uint8Array) {
    this.columns = table.columns.length;
    this.d = digester(seed, this.columns);
    this.key = table.key;
  }

  get bucket(): number {
    return this.keyA & (bucketCount - 1);
  }

  /** Behind the columns' values. */
  protected seal(): void {
    const { d, key } = this;
    const s = d.state;
    begin(s, d.key, domain.row);
    absorbWords(s, d.out, 0, d.out.length);
    finish(s);
    this.a = this.keyA = s[0];
    this.b = this.keyB = s[1];
    if (key.length === 0) return;
    begin(s, d.key, domain.key);
    for (let i = 0; i < key.length; i++) absorbWords(s, d.out, 3 * key[i], 3 * key[i] + 3);
    finish(s);
    this.keyA = s[0];
    this.keyB = s[1];
  }
}

/** Rows of the source, their rules applied. */
export class SourceRows extends RowDigester {
  private readonly decoders: readonly SourceDecode[];
  // Most cells of a page share one buffer, so its view is made once.
  private buffer: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(table: VerifyTable, seed: Uint8Array) {
    super(table, seed);
    const readers = readersOf(table);
    this.decoders = table.columns.map((column, i) =>
      withRules(column.rules, readers[i].source(column.rules), readers[i].holds),
    );
  }

  digest(row: Row): void {
    const { d, decoders } = this;
    const { tags, buffers, starts, ends } = row;
    for (let i = 0; i < decoders.length; i++) {
      if (tags[i] === Tag.null) put(d, 3 * i, What.null, 0, 0);
      else decoders[i](d, 3 * i, tags[i], this.viewOf(buffers[i]), starts[i], ends[i]);
    }
    this.seal();
  }

  viewOf(buffer: Buffer): DataView {
    if (buffer === this.buffer) return this.view;
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    // A very large value is not to be held until the next row comes.
    if (buffer.length > limits.exclusiveBytes) return view;
    this.buffer = buffer;
    this.view = view;
    return view;
  }
}

/** Rows as PostgreSQL sends them. */
export class TargetRows extends RowDigester {
  readonly readers: readonly TypeReader[];
  private readonly table: VerifyTable;

  constructor(table: VerifyTable, seed: Uint8Array) {
    super(table, seed);
    this.table = table;
    this.readers = readersOf(table);
  }

  digest({ view, starts, ends }: Tuple): void {
    const { d, readers } = this;
    for (let i = 0; i < readers.length; i++) {
      const { target, bytes } = readers[i];
      if (starts[i] < 0) put(d, 3 * i, What.null, 0, 0);
      else if (bytes !== null && ends[i] - starts[i] !== bytes) throw this.otherType(i);
      else target(d, 3 * i, view, starts[i], ends[i]);
    }
    this.seal();
  }

  private otherType(i: number): CrossfadeError {
    const { schema, name } = this.table.target;
    const column = this.table.columns[i].target;
    return new CrossfadeError(
      'E_TARGET_MISMATCH',
      `The column ${schema}.${name}.${column} is not of the type that it had when verification began. The table was not verified. Run the command again.`,
      { table: name, column },
    );
  }
}
