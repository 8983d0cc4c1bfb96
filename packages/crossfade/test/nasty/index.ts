import { blobs } from './blobs.ts';
import { booleans } from './booleans.ts';
import type { NastyCase } from './case.ts';
import { documentFiles } from './documents.ts';
import { files } from './files.ts';
import { json } from './json.ts';
import { keys } from './keys.ts';
import { names } from './names.ts';
import { numbers } from './numbers.ts';
import { relations } from './relations.ts';
import { targets } from './targets.ts';
import { text } from './text.ts';
import { times } from './times.ts';
import { uuids } from './uuids.ts';
import { wide } from './wide.ts';

/** Every nasty input, by theme, in the order of the reference page. */
export const themes: Readonly<Record<string, readonly NastyCase[]>> = {
  Text: text,
  'Blobs and sizes': blobs,
  Numbers: numbers,
  Booleans: booleans,
  'Dates and times': times,
  JSON: json,
  UUIDs: uuids,
  'Keys and indexes': keys,
  'References, checks, defaults': relations,
  Names: names,
  'Wide tables': wide,
  Files: files,
  'Files of JSON': documentFiles,
  Targets: targets,
};
