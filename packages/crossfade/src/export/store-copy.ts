import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { attachmentFile, memberOf, printAttachment } from '../drivers/files/document.ts';
import { documentName, folderName } from '../drivers/files/file-name.ts';
import { filesDriver } from '../drivers/files/files.ts';
import { printMembers } from '../drivers/files/members.ts';
import type { Collections, Row } from '../schema/collection.ts';
import { keyOf } from '../store/check-change.ts';
import type { Cursor } from '../store/contract.ts';
import { closing, footer, header, opening, recordText, writingOrder } from '../store/export-format.ts';
import { readExport } from '../store/read-export.ts';
import { openStore } from '../store/store.ts';
import { sync } from './place.ts';

/** What writes records in the form of a store, one collection after another, and reads them as the store would. */
export interface StoreCopy {
  /** In which order the collections are written. */
  readonly order: readonly string[];
  begin(collection: string): void;
  add(collection: string, row: Row): void;
  end(collection: string): void;
  finish(): void;
  /** Called at the end in any case. */
  close(): void;
  read(collection: string): AsyncIterable<Row>;
}

/** A document of exported records: counts, sums, and nothing that an import would not take. */
export function exportFile(path: string, schema: Collections): StoreCopy {
  const order = writingOrder(schema);
  const file = openSync(path, 'wx', 0o600);
  let isOpen = true;
  let [count, total, hash] = [0, 0, createHash('sha256')];
  const write = (text: string): void => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  write(header(schema));
  return {
    order,
    begin(collection) {
      [count, hash] = [0, createHash('sha256')];
      write(opening(collection));
    },
    add(collection, row) {
      const text = recordText(schema[collection], row);
      hash.update(`${text}\n`);
      write(`${count++ === 0 ? '' : ',\n'}${text}`);
    },
    end(collection) {
      total += count;
      write(`${count > 0 ? '\n' : ''}${closing({ count, sha256: hash.digest('hex') }, collection === order.at(-1))}`);
    },
    finish() {
      write(footer(total));
      this.close();
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
    async *read(collection) {
      for await (const record of readExport(schema, () => createReadStream(path)))
        if (record.collection === collection) yield record.row;
    },
  };
}

/** A directory as the files driver keeps it. */
export function filesFolder(path: string, schema: Collections): StoreCopy {
  mkdirSync(path, { mode: 0o700 });
  const write = (collection: string, name: string, data: string | Uint8Array): void => {
    const file = openSync(join(path, folderName(collection), name), 'wx', 0o600);
    try {
      const bytes = Buffer.from(data as Uint8Array);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };
  return {
    order: Object.keys(schema),
    begin: (collection) => mkdirSync(join(path, folderName(collection)), { mode: 0o700 }),
    add(collection, row) {
      const shape = schema[collection];
      const name = documentName(keyOf(shape, row));
      const members = new Map<string, string>();
      for (const [field, declared] of Object.entries(shape.fields)) {
        const value = row[field];
        if (!(value instanceof Uint8Array)) {
          members.set(field, memberOf(declared, value));
          continue;
        }
        const sha256 = createHash('sha256').update(value).digest('hex');
        const file = attachmentFile(name, field, sha256.slice(0, 8));
        write(collection, file, value);
        members.set(field, printAttachment({ file, bytes: value.length, sha256 }));
      }
      write(collection, `${name}.json`, printMembers(members));
    },
    // What stands in a document is on the disk; that it is there, only now.
    end: (collection) => sync(join(path, folderName(collection))),
    finish: () => undefined,
    close: () => undefined,
    async *read(collection) {
      const store = openStore(schema, filesDriver({ dir: path }));
      try {
        let after: Cursor | undefined;
        do {
          const page = await store.scan(collection, after === undefined ? {} : { after });
          yield* page.rows as readonly Row[];
          after = page.next ?? undefined;
        } while (after !== undefined);
      } finally {
        await store.close();
      }
    },
  };
}
