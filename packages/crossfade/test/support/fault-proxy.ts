import type { Socket } from 'node:net';
import { inTheMiddle, type Place } from '../harness/sockets.ts';

/** One message of the client that makes the server do something: a query, a step of a prepared one, or the end of a COPY. */
export interface Call {
  /** From 1, over all connections, in the order in which they reach the proxy. */
  readonly number: number;
  readonly type: CallType;
  /** The SQL of a query or of a statement that is prepared; '' otherwise. */
  readonly text: string;
}

type CallType = 'Q' | 'P' | 'B' | 'E' | 'c';

/** One connection between command and server, and what can be done to it. */
export interface Link {
  /** Breaks it off in both directions, without a farewell. */
  cut(): void;
  /** From now on nothing that the server says arrives. */
  dropReplies(): void;
  /** From now on nothing arrives anywhere, and nobody is told. */
  blackHole(): void;
}

/**
 * What happens to a call. `forward`: nothing. `swallow`: it and all that follows on its connection never reach the
 * server. `drop reply`: the server does it, its answer does not arrive, and the connection then breaks.
 */
export type Fate = 'forward' | 'swallow' | 'drop reply';

/** What a test decides. */
export interface Fault {
  readonly onCall?: (call: Call, link: Link) => Fate | Promise<Fate> | undefined;
  /** Called with the bytes that the command has sent so far, over all connections. */
  readonly onBytes?: (total: number, link: Link) => void;
  /** Called when the first byte of a reply that is to be dropped is there: the server has done what was asked. */
  readonly onReplyDropped?: () => void;
}

/** A proxy with its counters. */
export interface FaultProxy extends Place {
  readonly calls: () => number;
  readonly texts: () => readonly string[];
}

/** A proxy between the command and the server that reads the client's half of the protocol, message by message. */
export async function faultProxy(server: Place, fault: Fault = {}): Promise<FaultProxy> {
  const texts: string[] = [];
  let sent = 0;
  const place = await inTheMiddle(server, (client, upstream) => {
    const link = wire(client, upstream, fault);
    const split = splitter();
    let turn = Promise.resolve();
    client.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      fault.onBytes?.(sent, link);
      turn = inTurn(turn, split(chunk));
    });
    const inTurn = async (before: Promise<void>, messages: readonly Message[]): Promise<void> => {
      await before;
      for (const message of messages) await pass(message);
    };
    const pass = async ({ type, bytes }: Message): Promise<void> => {
      if (link.state() === 'closed') return;
      if (!isCall(type)) return link.send(bytes);
      texts.push(textOf(type, bytes));
      const call = { number: texts.length, type, text: texts[texts.length - 1] };
      const fate = (await fault.onCall?.(call, link)) ?? 'forward';
      if (fate === 'swallow') return link.blackHole();
      if (fate === 'drop reply') link.dropReplies();
      link.send(bytes);
    };
  });
  return { ...place, calls: () => texts.length, texts: () => texts };
}

interface Wired extends Link {
  send(bytes: Buffer): void;
  state(): 'open' | 'deaf' | 'closed';
}

function wire(client: Socket, upstream: Socket, fault: Fault): Wired {
  let state: 'open' | 'deaf' | 'closed' = 'open';
  upstream.on('data', (chunk) => {
    if (state === 'open') client.write(chunk);
    if (state !== 'deaf') return;
    state = 'closed';
    fault.onReplyDropped?.();
    client.resetAndDestroy();
  });
  upstream.on('close', () => state !== 'closed' && client.destroy());
  return {
    send: (bytes) => void (state !== 'closed' && upstream.write(bytes)),
    cut: () => {
      state = 'closed';
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    },
    dropReplies: () => void (state = 'deaf'),
    blackHole: () => void (state = 'closed'),
    state: () => state,
  };
}

interface Message {
  /** '' before the session has begun: those messages have no type. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts what the client sends into messages. PostgreSQL's manual, 54.7 "Message Formats". */
function splitter(): (chunk: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  const next = (): Message | null => {
    const head = started ? 1 : 0;
    if (rest.length < head + 4) return null;
    const length = head + rest.readInt32BE(head);
    if (rest.length < length) return null;
    const bytes = rest.subarray(0, length);
    const type = started ? String.fromCharCode(rest[0]) : '';
    // Requests for encryption and cancellation have a version of 1234; the session begins with version 3.
    if (!started) started = rest.readUInt16BE(4) === 3;
    rest = rest.subarray(length);
    return { type, bytes };
  };
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: Message[] = [];
    for (let message = next(); message !== null; message = next()) messages.push(message);
    return messages;
  };
}

function isCall(type: string): type is CallType {
  return ['Q', 'P', 'B', 'E', 'c'].includes(type);
}

/** A prepared statement's name comes before its text. */
function textOf(type: CallType, bytes: Buffer): string {
  const parts = bytes.toString('utf8', 5).split('\0');
  return type === 'Q' ? parts[0] : type === 'P' ? parts[1] : '';
}
