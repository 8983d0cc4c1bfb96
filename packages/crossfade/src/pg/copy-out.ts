import type pg from 'pg';
import { failure } from './failure.ts';

/** Takes the bytes of `chunk` from `start` to below `end`; they are valid during the call. */
export type Take = (chunk: Buffer, start: number, end: number) => void;

/**
 * Runs one COPY ... TO STDOUT and hands over its bytes as they come, cut anywhere. Resolves when the server has said
 * that it is finished; a connection that breaks before that rejects, so a short output is never taken for a whole one.
 */
export function copyOut(client: pg.Client, statement: string, take: Take): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOutQuery(statement, take, (error) => (error === null ? resolve() : reject(error))));
  });
}

/** "Message Formats": what may come between the rows. */
const Code = {
  copyData: 0x64,
  copyOutResponse: 0x48,
  parameterStatus: 0x53,
  notice: 0x4e,
  notification: 0x41,
} as const;
const betweenRows: ReadonlySet<number> = new Set(Object.values(Code));

/** A message begins with its code and its length, which counts itself. */
const headerBytes = 5;

/**
 * What the driver takes for a query. While rows come it reads the socket in the driver's place, for the driver makes an
 * object of each row, and a stream of them copies each byte twice; with the first message that is none of a row's, the
 * socket is the driver's again, that message included.
 */
class CopyOutQuery {
  private readonly statement: string;
  private readonly take: Take;
  private readonly settle: (error: Error | null) => void;
  private connection: pg.Connection | null = null;
  private driver: ((chunk: Buffer) => void) | null = null;
  private readonly header = Buffer.alloc(headerBytes);
  private headerRead = 0;
  /** How much of the message at hand is still to come. */
  private rest = 0;
  private refused: Error | null = null;

  constructor(statement: string, take: Take, settle: (error: Error | null) => void) {
    this.statement = statement;
    this.take = take;
    this.settle = settle;
  }

  submit(connection: pg.Connection): void {
    this.connection = connection;
    const { stream } = connection;
    [this.driver] = stream.listeners('data') as [(chunk: Buffer) => void];
    stream.off('data', this.driver);
    stream.on('data', this.read);
    connection.query(this.statement);
  }

  handleReadyForQuery(): void {
    this.release();
    this.settle(this.refused);
  }

  /** The server's refusal, or the loss of the connection. */
  handleError(error: unknown): void {
    this.release();
    this.settle(failure(error, 'read rows back'));
  }

  handleCommandComplete(): void {
    // The trailer of the rows has said it already.
  }

  private readonly read = (chunk: Buffer): void => {
    let p = 0;
    while (p < chunk.length) {
      if (this.rest === 0) {
        p = this.readHeader(chunk, p);
        if (this.headerRead < headerBytes) break;
        const code = this.header[0];
        if (!betweenRows.has(code)) return this.handBack(chunk.subarray(p));
        this.rest = this.header.readUInt32BE(1) - 4;
      }
      const end = Math.min(chunk.length, p + this.rest);
      if (this.header[0] === Code.copyData) this.handOver(chunk, p, end);
      this.rest -= end - p;
      if (this.rest === 0) this.headerRead = 0;
      p = end;
    }
    free(chunk);
  };

  private readHeader(chunk: Buffer, from: number): number {
    let p = from;
    while (this.headerRead < headerBytes && p < chunk.length) this.header[this.headerRead++] = chunk[p++];
    return p;
  }

  private handOver(chunk: Buffer, start: number, end: number): void {
    if (this.refused !== null || start === end) return;
    try {
      this.take(chunk, start, end);
    } catch (error) {
      // The rest of the output still has to be drained before the connection can be used again.
      this.refused = error instanceof Error ? error : new Error('the taker of the rows failed');
    }
  }

  private handBack(rest: Buffer): void {
    const { driver } = this;
    this.release();
    driver?.(Buffer.concat([this.header, rest]));
  }

  private release(): void {
    if (this.connection === null || this.driver === null) return;
    const { stream } = this.connection;
    stream.off('data', this.read);
    stream.on('data', this.driver);
    this.driver = null;
  }
}

/** Frees what the socket has read into, now: left to V8, it would collect its whole heap every few hundred of these. */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
