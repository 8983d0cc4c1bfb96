import type { Target } from '../../src/pg/target.ts';
import type { TestDatabase } from '../harness/postgres.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempFolder } from '../harness/folders.ts';

/** A folder of these files: text and bytes as they are, everything else as JSON. */
export function documents(files: Readonly<Record<string, unknown>>): string {
  const folder = join(tempFolder('documents-'), 'data');
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) addDocument(folder, path, content);
  return folder;
}

/** Adds or replaces one file of a folder. */
export function addDocument(folder: string, path: string, content: unknown): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
}

/** A JSON file with this text, in a folder of its own. */
export function jsonFile(text: string, name = 'app.json'): string {
  const path = join(tempFolder('json-'), name);
  writeFileSync(path, text);
  return path;
}

/** The server alone, as it may pass to a thread. */
export function targetOf(database: TestDatabase): Target {
  const target: Partial<TestDatabase> = { ...database };
  delete target.query;
  delete target.drop;
  return target as Target;
}
