import type { Scene } from './model.ts';
import { keyOf, type QName } from './names.ts';
import { objectsMade } from './objects.ts';

/**
 * Whether nobody can be using the table or view yet: this very file made it, or, where the operator has said how far the
 * database is, a file of the same run did and none has filled it since.
 */
export function fresh(scene: Scene, table: QName): boolean {
  return scene.catalog.freshIn(table, scene.file.ordinal, scene.file.direction);
}

/** As {@link fresh}, for what need not be a table: a type, a function, a schema that this file made before. */
export function freshObject(scene: Scene, name: QName): boolean {
  if (fresh(scene, name)) return true;
  const before = scene.file.pieces.slice(0, scene.index).flatMap(({ node }) => objectsMade(node));
  return before.some((each) => each.table === null && !each.replaced && keyOf(each.name) === keyOf(name));
}

/** A down file may empty what its up file made, as it may drop it. */
export function undoesTable({ file }: Scene, table: QName): boolean {
  if (file.direction === 'up') return false;
  const made = (file.partner?.pieces ?? []).flatMap(({ node }) => objectsMade(node));
  return made.some(({ kind, name }) => kind === 'TABLE' && keyOf(name) === keyOf(table));
}
