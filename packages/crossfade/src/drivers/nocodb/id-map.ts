import type { Key } from '../../schema/collection.ts';
import { valuesText } from '../../store/tables/values-text.ts';
import type { Id } from './table.ts';

/** The Ids of records that were met lately, by key: asking by Id is quick, and finding by key may read the whole table. */
export class IdMap {
  private readonly ids = new Map<string, Id>();
  private readonly max: number;

  /** @param max how many are kept; those that were not asked for longest go first */
  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.ids.size;
  }

  get(key: Key): Id | undefined {
    const text = valuesText(key);
    const id = this.ids.get(text);
    if (id !== undefined) this.put(text, id);
    return id;
  }

  set(key: Key, id: Id): void {
    this.put(valuesText(key), id);
    if (this.ids.size > this.max) this.ids.delete(this.ids.keys().next().value as string);
  }

  forget(key: Key): void {
    this.ids.delete(valuesText(key));
  }

  /** A map hands out its entries in the order in which they were put. */
  private put(text: string, id: Id): void {
    this.ids.delete(text);
    this.ids.set(text, id);
  }
}
