import type { Target } from '../../pg/target.ts';
import type { TablesOption } from './open-tables.ts';
import type { PoolOptions } from './pool.ts';

/** Where the records are, and how they are reached. */
export interface PostgresDriverOptions {
  readonly target: Target;
  /** The PostgreSQL schema of the tables. Default `public`. */
  readonly schema?: string;
  /** `expect` (default): tables that are missing or do not fit refuse the opening. `create`: missing ones are made. */
  readonly tables?: TablesOption;
  readonly pool?: PoolOptions;
  /** Longest time of one statement. Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** Shown in pg_stat_activity. Default `crossfade-store`. */
  readonly application?: string;
}
