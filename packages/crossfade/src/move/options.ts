import type { Target } from '../pg/target.ts';
import type { Report } from './report.ts';

/** Everything that `crossfade move` can be told. The command line is one way to fill it. */
export interface MoveOptions {
  /** A path or `sqlite:PATH`, `files:FOLDER`, `json:FILE`, `nocodb:URL`, whose token is read from NOCODB_TOKEN. */
  readonly source: string;
  readonly target: Target;
  /** Where the tables are published; made when missing. Default `public`. */
  readonly schema?: string;
  readonly names?: 'keep' | 'snake';
  readonly types?: 'rich' | 'plain';
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly badValues?: 'stop' | 'quarantine';
  /** Rows that may be withheld of each table; with more of them nothing is published. Only beside quarantine. Default: no limit. */
  readonly rejectLimit?: number;
  /** `TABLE.COLUMN=RULE`, as on the command line. */
  readonly rules?: readonly string[];
  /** GIN indexes on every jsonb column. */
  readonly gin?: boolean;
  /** Path of an edited plan. */
  readonly plan?: string;
  readonly dryRun?: boolean;
  /** Workers; default the machine's cores. */
  readonly jobs?: number;
  /** Throw away what an interrupted run has built, and begin again. */
  readonly restart?: boolean;
  /** Where withheld rows are listed, mode 0600. Default `crossfade-quarantine-….jsonl` in the working directory. */
  readonly quarantineFile?: string;
  /** Where a source that is no database is laid for the time of the run, mode 0700. Default `.crossfade/staging`. */
  readonly stagingFolder?: string;
  /** Keys of rows in plain in the report. */
  readonly showValues?: boolean;
  /** Called with the final report after publication and before the last traces of the run are removed. */
  readonly onPublished?: (report: Report) => void | Promise<void>;
  /** Called with what is known by then when an error ends the run, before the error is thrown. */
  readonly onFailed?: ((report: Report) => void) | undefined;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** How far one phase is with one table; several tables report at once. */
export interface Progress {
  readonly phase: 'profile' | 'load' | 'index' | 'verify' | 'publish';
  readonly table: string;
  readonly rows: number;
  /** Null while it is not known. */
  readonly rowsTotal: number | null;
}
