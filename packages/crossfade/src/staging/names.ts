import { foldName } from '../schema/sqlite/sqlite.ts';

/** Why a name could not stay as it is. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/**
 * Names that SQLite takes and tells apart: it folds the case of ASCII, and takes neither nothing, NUL nor half a surrogate
 * pair, nor its own prefix for a table. Whatever cannot stay gets the next free name, the same at every reading.
 */
export class Names {
  readonly renamed: Renamed[] = [];
  private readonly byName = new Map<string, string>();
  private readonly taken = new Set<string>();
  private readonly what: string;

  /** `what` a name stands for where it cannot be said: `table`, `column`. `reserved`: names that nothing gets. */
  constructor(what: string, reserved: readonly string[] = []) {
    this.what = what;
    for (const name of reserved) this.taken.add(name);
  }

  /** The name under which something stands; asked twice it is the same. */
  of(name: string): string {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const isSayable = name !== '' && !name.includes('\0') && name.isWellFormed() && !/^sqlite_/i.test(name);
    const to = this.free(isSayable ? name : this.what);
    if (to !== name) this.renamed.push({ from: name, to });
    this.byName.set(name, to);
    return to;
  }

  /** A name of our own that nothing has. */
  free(wish: string): string {
    let name = wish;
    for (let n = 2; this.taken.has(foldName(name)); n++) name = `${wish}_${n}`;
    this.taken.add(foldName(name));
    return name;
  }
}
