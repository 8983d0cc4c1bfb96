import { collections } from '../../src/schema/collection.ts';
import type { Store } from '../../src/store/contract.ts';

/** Records with attachments, and records that go with them. */
export const familySchema = collections({
  parents: {
    fields: { id: { type: 'text' }, n: { type: 'integer' }, body: { type: 'bytes' } },
    key: ['id'],
    indexes: [['n']],
  },
  children: {
    fields: { parent: { type: 'text' }, number: { type: 'integer' } },
    key: ['parent', 'number'],
    references: [{ fields: ['parent'], to: 'parents', onRemove: 'remove' }],
  },
});

/** A parent, told by the number that each part of it was written with, and how many children it has. */
export interface Family {
  readonly n: number;
  readonly body: number;
  readonly children: number;
}

/** Bytes that tell the number they were made of, and that none is missing. */
export function bodyOf(n: number, size = 100 + ((n * 7_919) % 50_000)): Uint8Array {
  const body = new Uint8Array(size).fill(n % 251);
  new DataView(body.buffer).setUint32(0, n);
  return body;
}

/** What the store has of a family; throws for a body that is not whole, and for children without a parent. */
export async function readFamily(store: Store<typeof familySchema>, id: string): Promise<Family | null> {
  const parent = await store.read('parents', [id]);
  const where = [{ field: 'parent', is: '=', value: id }] as const;
  const children = (await store.scan('children', { where })).rows;
  if (children.some(({ number }, i) => number !== i)) throw new Error(`children of ${id} are missing`);
  if (parent === null) {
    if (children.length > 0) throw new Error(`children of ${id} have no parent`);
    return null;
  }
  const body = new DataView(parent.body.buffer, parent.body.byteOffset).getUint32(0);
  if (!Buffer.from(parent.body).equals(bodyOf(body))) throw new Error(`the body of ${id} is torn`);
  return { n: parent.n, body, children: children.length };
}
