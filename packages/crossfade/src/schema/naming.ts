import { createHash } from 'node:crypto';
import { limits } from '../core/limits.ts';

/** keep: names stay as they are, so that an existing ORM keeps working. snake: `createdAt` becomes `created_at`. */
export type NameStyle = 'keep' | 'snake';

/** Columns that every PostgreSQL table has already. "System Columns". */
export const systemColumns: ReadonlySet<string> = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid']);

/**
 * Hands out names within one namespace: a table's columns, or a schema's tables and indexes, which share one. Equal
 * sources get equal names in every run, because a new name is made of the old one and its digest and of nothing else.
 */
export class Namespace {
  private readonly taken = new Set<string>();
  private readonly style: NameStyle;
  private readonly kind: 'column' | 'relation';

  constructor(kind: 'column' | 'relation', style: NameStyle) {
    this.kind = kind;
    this.style = style;
  }

  /** Marks a name as used by somebody else. */
  reserve(name: string): void {
    this.taken.add(name);
  }

  /** The name for something called `source`. */
  claim(source: string): string {
    const wished = this.allowed(this.style === 'snake' ? snakeCase(source) : source);
    let name = this.taken.has(wished) ? withDigest(wished, source) : wished;
    for (let i = 2; this.taken.has(name); i++) name = withDigest(wished, `${source}\0${i}`);
    this.taken.add(name);
    return name;
  }

  private allowed(name: string): string {
    if (name === '') return this.kind === 'column' ? 'unnamed_column' : 'unnamed';
    if (this.kind === 'column' && systemColumns.has(name)) return `${name}_`;
    // A table called pg_class would be hidden by PostgreSQL's own.
    if (this.kind === 'relation' && name.startsWith('pg_')) return `${name}_`;
    return Buffer.byteLength(name) > limits.identifierBytesMax ? withDigest(name, name) : name;
  }
}

/** Cuts at a character's border and ends with eight digits of the digest, within PostgreSQL's 63 bytes. */
function withDigest(name: string, of: string): string {
  const digest = createHash('sha256').update(of).digest('hex').slice(0, 8);
  let head = '';
  for (const character of name) {
    if (Buffer.byteLength(head + character) > limits.identifierBytesMax - 9) break;
    head += character;
  }
  return `${head}_${digest}`;
}

/** `HTTPServerId`, `created-at` and `Created At` as `http_server_id`, `created_at` and `created_at`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/(?<=[^_])_+$/u, '')
    .toLowerCase();
}
