import type { PgType } from '../model.ts';

/** The column that a default belongs to. */
export interface DefaultColumn {
  readonly type: PgType;
  readonly declared: string;
}
