import type { Scene } from './model.ts';
import type { QName } from './names.ts';

/**
 * Whether nobody can be using the table yet: this very file made it, or, where the operator has said how far the
 * database is, a file of the same run did and none has filled it since.
 */
export function fresh(scene: Scene, table: QName): boolean {
  return scene.catalog.freshIn(table, scene.file.ordinal, scene.file.direction);
}
