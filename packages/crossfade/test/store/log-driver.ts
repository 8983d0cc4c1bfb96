import { type FileHandle, open, readFile } from 'node:fs/promises';
import {
  CrossfadeError,
  type Driver,
  type Key,
  notLive,
  parseJson,
  printJson,
  refusal,
  refusalWords,
  type Row,
} from '../../src/index.ts';
import { fromJson, toJson } from './log-values.ts';

/** Records in a file that only grows: each write is a line, and opening reads all of them. */
export function logDriver(path: string): Driver {
  const records = new Map<string, Row>();
  let file: FileHandle | null = null;
  const idOf = (collection: string, key: Key): string => printJson([collection, ...key.map(toJson)]);
  const append = async (id: string, row: Row | null): Promise<void> => {
    // The line is on the disk before anybody sees its record, or is told that it is there.
    await file?.appendFile(`${printJson([id, row === null ? null : toJson(row)])}\n`);
    await file?.sync();
    if (row === null) records.delete(id);
    else records.set(id, row);
  };
  return {
    name: 'log',
    supports: {
      atomic: false,
      update: false,
      orderedScan: false,
      constraints: false,
      durable: 'machine',
      writers: 'one',
      ...notLive,
    },
    open: async () => {
      file = await open(path, 'a');
      records.clear();
      const text = await readFile(path, 'utf8');
      // A process that died while it wrote has left half a line, and had acknowledged nothing of it.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
      for (const line of whole.split('\n').slice(0, -1)) {
        const [id, row] = parseJson(line) as [string, never];
        if (row === null) records.delete(id);
        else records.set(id, fromJson(row) as Row);
      }
    },
    close: async () => {
      await file?.close();
      file = null;
    },
    read: async (collection, key) => copyOf(records.get(idOf(collection, key))),
    write: async ([change]) => {
      const id = idOf(change.collection, change.key);
      const before = records.get(id);
      if (change.kind === 'remove') return before === undefined ? undefined : append(id, null);
      if (change.kind === 'insert' && before !== undefined)
        throw refusal('E_KEY_EXISTS', change.collection, refusalWords.E_KEY_EXISTS);
      if (change.kind !== 'patch') return append(id, change.row);
      if (before === undefined) throw refusal('E_KEY_MISSING', change.collection, refusalWords.E_KEY_MISSING);
      return append(id, { ...before, ...change.set });
    },
    scan: unsupported,
    update: unsupported,
  };
}

/** What was handed out is the caller's to change. */
function copyOf(row: Row | undefined): Row | null {
  return row === undefined ? null : (fromJson(toJson(row)) as Row);
}

/** The façade never comes here, because `supports` says no; a caller of the bare driver does. */
function unsupported(): Promise<never> {
  return Promise.reject(new CrossfadeError('E_UNSUPPORTED', 'The log driver cannot do that. Nothing was done.'));
}
