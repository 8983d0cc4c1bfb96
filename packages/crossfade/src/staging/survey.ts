import { CrossfadeError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { digitsDeclared } from '../schema/declared.ts';
import { documentName } from '../drivers/files/file-name.ts';
import { numberKind } from './number.ts';

/** How the values of a member are laid into a column. */
export type Form = 'boolean' | 'number' | 'digits' | 'text' | 'bytes' | 'json';

/** The declaration of each form. None of them changes a value that is bound to it. */
export const declarations: Readonly<Record<Form, string>> = {
  boolean: 'BOOLEAN',
  number: '',
  // Text of digits, because no storage class of SQLite holds them; the design makes numeric of it.
  digits: digitsDeclared,
  text: 'TEXT',
  bytes: 'BLOB',
  // JSON alone would let SQLite make numbers out of text.
  json: 'JSON TEXT',
};

/** What has been seen of one member. */
interface Seen {
  readonly kinds: Set<string>;
  present: number;
  nulls: number;
}

/** The members of the records of one table, while they are read for the first time. */
export class Survey {
  readonly table: string;
  records = 0;
  private readonly members = new Map<string, Seen>();
  /** Members whose value has been the record's name in every record; null before the first. */
  private ownKeys: Set<string> | null = null;
  /** Those of them whose value was the name to the letter, and not only as the files driver spells it. */
  private plainKeys: Set<string> | null = null;
  /** How many records have a name: that of their file, or of the member that they are. */
  named = 0;

  constructor(table: string) {
    this.table = table;
  }

  /** Looks at a record. */
  add(members: ReadonlyMap<string, string>, bytes: ReadonlyMap<string, Uint8Array>, name: string | null): void {
    this.records++;
    for (const [member, value] of members) this.look(member, bytes.has(member) ? 'bytes' : kindOf(value));
    if (name === null) return;
    this.named++;
    const candidates = this.ownKeys ?? members.keys();
    this.ownKeys = new Set([...candidates].filter((member) => isNamed(members.get(member), name)));
    const plain = [...(this.plainKeys ?? this.ownKeys)].filter((member) => isPlain(members.get(member), name));
    this.plainKeys = new Set(plain);
  }

  /** Members that are columns also where no record has them. */
  expect(members: readonly string[]): void {
    for (const member of members) this.seen(member);
  }

  /** Members in the order in which they were met. */
  get names(): readonly string[] {
    return [...this.members.keys()];
  }

  /** Whether the records' names are the values of this member as they stand, and not as the files driver spells them. */
  isPlain(member: string | null): boolean {
    return member === null || this.plainKeys?.has(member) === true;
  }

  /** The member that names a record as its file does, or null. */
  get ownKey(): string | null {
    const found = [...(this.ownKeys ?? [])].filter((member) => this.named === this.records && this.isKey(member));
    return found.find((member) => member === 'id') ?? found[0] ?? null;
  }

  /** @throws CrossfadeError E_SOURCE_UNREADABLE for a member that is bytes in one record and something else in another */
  form(member: string): Form {
    const { kinds } = this.members.get(member) as Seen;
    const only = (...allowed: readonly string[]): boolean => [...kinds].every((kind) => allowed.includes(kind));
    if (kinds.size === 0) return 'text';
    if (only('bytes')) return 'bytes';
    if (kinds.has('bytes')) throw notOnlyBytes(this.table, member);
    if (only('boolean')) return 'boolean';
    if (only('string')) return 'text';
    if (only('integer', 'real', 'zero')) return 'number';
    if (only('integer', 'real', 'decimal')) return 'digits';
    return 'json';
  }

  /** Whether a member is a text, or an integer, in every record: one of them may be the key. */
  isKey(member: string): boolean {
    const seen = this.members.get(member);
    const isWhole = seen !== undefined && seen.present === this.records && seen.nulls === 0;
    return isWhole && seen.kinds.size === 1 && (seen.kinds.has('string') || seen.kinds.has('integer'));
  }

  /** In how many records a member is not there at all. */
  absent(member: string): number {
    return this.records - (this.members.get(member) as Seen).present;
  }

  nulls(member: string): number {
    return (this.members.get(member) as Seen).nulls;
  }

  private look(member: string, kind: string): void {
    const seen = this.seen(member);
    seen.present++;
    if (kind === 'null') seen.nulls++;
    else seen.kinds.add(kind);
  }

  private seen(member: string): Seen {
    let seen = this.members.get(member);
    if (seen === undefined) {
      if (this.members.size >= limits.columnsMax - 1) throw tooWide(this.table);
      seen = { kinds: new Set(), present: 0, nulls: 0 };
      this.members.set(member, seen);
    }
    return seen;
  }
}

function kindOf(value: string): string {
  switch (value[0]) {
    case '"':
      return 'string';
    case '{':
    case '[':
      return 'container';
    case 't':
    case 'f':
      return 'boolean';
    case 'n':
      return 'null';
    default: {
      const kind = numberKind(value);
      // Digits of a real with an exponent cannot stand beside decimals.
      return kind === 'real' && /[eE]/.test(value) ? 'zero' : kind;
    }
  }
}

/** The files driver has a spelling of its own for what no file may be called. */
function isNamed(value: string | undefined, name: string): boolean {
  if (isPlain(value, name)) return true;
  if (value?.startsWith('"') !== true) return false;
  const text = JSON.parse(value) as string;
  return text.isWellFormed() && documentName([text]) === name;
}

function isPlain(value: string | undefined, name: string): boolean {
  if (value === undefined) return false;
  return value.startsWith('"') ? JSON.parse(value) === name : value === name && /^-?\d+$/.test(value);
}

function tooWide(table: string): CrossfadeError {
  return new CrossfadeError(
    'E_SOURCE_UNREADABLE',
    `The records of ${table} have ${limits.columnsMax} different members or more, and a table takes no more columns. Nothing was moved. If they are a map by key, give each its own record; or leave them out.`,
    { table },
  );
}

function notOnlyBytes(table: string, member: string): CrossfadeError {
  return new CrossfadeError(
    'E_SOURCE_UNREADABLE',
    `The member ${JSON.stringify(member)} of ${table} is bytes in some records and something else in others, and no column would tell the two apart. Nothing was moved. Give it one kind of value in all of them, or put those records elsewhere.`,
    { table, member },
  );
}
