import { join, sep } from 'node:path';
import { digestOf } from '../core/key-text.ts';

/** Something below the folder that is moved: where it lies, and what messages call it. */
export interface Place {
  readonly path: string;
  readonly told: string;
  /** Whether `told` keeps its name to itself. */
  readonly isHidden: boolean;
}

/** The folder that is moved. Paths are those below it; '' is the folder itself, which the user has named. */
export class Root {
  readonly dir: string;
  readonly #showValues: boolean;

  constructor(dir: string, showValues: boolean) {
    this.dir = dir;
    this.#showValues = showValues;
  }

  file(path: string): Place {
    return this.#place(path, pathText(path, this.#showValues));
  }

  /** A folder directly in it is a table, whose name is no secret; those below are called after records. */
  folder(path: string): Place {
    return this.#place(path, path.includes(sep) ? pathText(path, this.#showValues) : path);
  }

  #place(path: string, text: string): Place {
    return { path: join(this.dir, path), told: join(this.dir, text), isHidden: text !== path };
  }
}

/** A folder is a table; a document, there or beside the folders, is called after a record, and so may be after a person. */
export function pathText(path: string, showValues: boolean): string {
  const [folder, ...below] = path.split(sep);
  if (showValues) return path;
  return below.length === 0 ? digestOf(path) : join(folder, digestOf(below.join(sep)));
}
