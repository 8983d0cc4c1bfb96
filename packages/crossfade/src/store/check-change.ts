import { CrossfadeError, type ErrorCode } from '../core/errors.ts';
import {
  blankRow,
  type Collection,
  emptyRow,
  type Field,
  type Key,
  type Row,
  type Value,
} from '../schema/collection.ts';
import { forms, ValueFault } from '../schema/values/field-values.ts';
import type { Change, DriverChange } from './contract.ts';

interface NamedField extends Field {
  readonly name: string;
  readonly form: (value: unknown) => Value;
}

type Given = Readonly<Record<string, unknown>>;

/** What the records of one collection, their keys and the changes of them have to be. Made once, asked at every call. */
export class CollectionCheck {
  readonly collection: string;
  readonly shape: Collection;
  private readonly named: ReadonlyMap<string, NamedField>;
  private readonly fields: readonly NamedField[];
  private readonly blank: Row;
  private readonly keyFields: readonly NamedField[];

  constructor(collection: string, shape: Collection) {
    this.collection = collection;
    this.shape = shape;
    this.named = new Map(
      Object.entries(shape.fields).map(([name, field]) => [name, { name, ...field, form: forms[field.type] }]),
    );
    this.fields = [...this.named.values()];
    this.blank = blankRow(Object.keys(shape.fields));
    this.keyFields = shape.key.map((name) => this.field(name));
  }

  /** A change with its values in their one form. @throws CrossfadeError E_ROW_INVALID, E_KEY_INVALID */
  change(change: Change): DriverChange {
    const { kind } = change;
    const { collection, shape } = this;
    if (kind === 'insert' || kind === 'put') {
      const row = this.row(change.row);
      return { kind, collection, key: keyOf(shape, row), row };
    }
    const key = this.key(change.key);
    if (kind === 'remove') return { kind, collection, key };
    const set = this.part(change.set);
    const fixed = shape.key.find((field) => Object.hasOwn(set, field));
    if (fixed !== undefined)
      throw this.invalid(
        'E_ROW_INVALID',
        fixed,
        'is part of the key, which a patch does not change; remove the record and insert it anew',
      );
    return { kind, collection, key, set };
  }

  /** A whole record: a nullable field that is left out is null. @param key the key that the record must have */
  row(row: object, key?: Key): Row {
    const given = this.given(row);
    const checked: Record<string, Value> = { ...this.blank };
    for (const field of this.fields) {
      const value = this.valueIn(given, field);
      if (value === undefined && field.nullable !== true) throw this.invalid('E_ROW_INVALID', field.name, 'is missing');
      checked[field.name] = value ?? null;
    }
    const other = key === undefined ? undefined : this.shape.key.find((field, i) => checked[field] !== key[i]);
    if (other !== undefined)
      throw this.invalid('E_KEY_INVALID', other, 'is not that of the record that was to be updated');
    return checked;
  }

  /** The values of a key, in its order. */
  key(key: Key): Key {
    if (!Array.isArray(key) || key.length !== this.keyFields.length)
      throw new CrossfadeError(
        'E_KEY_INVALID',
        `A key of ${this.collection} is an array of ${this.keyFields.length} (${this.shape.key.join(', ')}). Nothing was done.`,
        { collection: this.collection, fields: this.shape.key },
      );
    // Most keys are of one field, and asked for most often.
    if (key.length === 1) return [this.inOneForm('E_KEY_INVALID', this.keyFields[0], key[0])];
    return this.keyFields.map((field, i) => this.inOneForm('E_KEY_INVALID', field, key[i]));
  }

  /** A value that a scan compares the field with. @throws CrossfadeError E_SCAN_INVALID */
  compared(name: string, value: Value): Value {
    // Null may be asked for, whether the field can hold it or not.
    return value === null ? null : this.inOneForm('E_SCAN_INVALID', this.field(name), value);
  }

  private part(row: object): Row {
    const given = this.given(row);
    const checked = emptyRow();
    for (const field of this.fields) {
      const value = this.valueIn(given, field);
      if (value !== undefined) checked[field.name] = value;
    }
    return checked;
  }

  /** Undefined for a field that is left out. */
  private valueIn(given: Given, field: NamedField): Value | undefined {
    const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    return value === undefined ? undefined : this.inOneForm('E_ROW_INVALID', field, value);
  }

  /** What was given, with fields of the schema alone. */
  private given(row: object): Given {
    if (typeof row !== 'object' || row === null) throw new TypeError(`A record of ${this.collection} is an object.`);
    // Most records have their fields in the order of the schema, and need not be looked up one by one.
    const unknown = Object.keys(row).find((name, i) => name !== this.fields[i]?.name && !this.named.has(name));
    if (unknown !== undefined) throw this.invalid('E_ROW_INVALID', unknown, 'is no field of the schema');
    return row as Given;
  }

  private field(name: string): NamedField {
    return this.named.get(name) as NamedField;
  }

  private inOneForm(code: ErrorCode, { name, nullable, form }: NamedField, value: unknown): Value {
    if (value === null) {
      if (nullable === true) return null;
      throw this.invalid(code, name, 'is null, which the schema does not allow');
    }
    try {
      return form(value);
    } catch (error) {
      if (error instanceof ValueFault) throw this.invalid(code, name, error.message);
      throw error;
    }
  }

  private invalid(code: ErrorCode, field: string, what: string): CrossfadeError {
    const { collection } = this;
    return new CrossfadeError(code, `${collection}.${field} ${what}. Nothing was written.`, { collection, field });
  }
}

/** The key of a checked record. */
export function keyOf(shape: Collection, row: Row): Key {
  return shape.key.map((field) => row[field]);
}
