/** The public face of Crossfade, and nothing else. */
export type { GateName, GateReading } from './control/gates.ts';
export { Operator, type OperatorOptions, type Outcome, type Status } from './control/operator.ts';
export { CrossfadeError, type ErrorCode, errorCodes, type ExitCode, type Facts } from './core/errors.ts';
export { type DamagedFile, filesDriver, type FilesDriver, type FilesOptions } from './drivers/files/files.ts';
export type { StrangersFile } from './drivers/files/strangers.ts';
export { memoryDriver, type MemoryDriver } from './drivers/memory/memory.ts';
export { nocodbDriver, type NocodbDriverOptions, type NocodbMirrorOptions } from './drivers/nocodb/nocodb.ts';
export type { NocodbAccount } from './drivers/nocodb/live/sessions.ts';
export type { PoolOptions, PoolStatistics } from './drivers/postgres/pool.ts';
export { type PostgresDriver, postgresDriver, type PostgresDriverOptions } from './drivers/postgres/postgres.ts';
export { type SqliteDriver, sqliteDriver, type SqliteDriverOptions } from './drivers/sqlite/store/driver.ts';
export { crossfade, type CrossfadeOptions } from './keep/crossfade.ts';
export type { Crossable } from './keep/crossing.ts';
export type { Control, Entry, Instance, Ledger, Members } from './ledger/contract.ts';
export type { Findings, Keeping } from './ledger/keeping.ts';
export { type LedgerOptions, openLedger } from './ledger/postgres/open.ts';
export { type Phase, type State, type StateName, states } from './ledger/states.ts';
export type { Fact, Kind, SchemaDescription, SchemaObject } from './migrate/drift/description.ts';
export { describeSchema, type DescribeOptions } from './migrate/drift/describe.ts';
export { diffSchemas, type DiffOptions } from './migrate/drift/diff.ts';
export type { FactDifference, Finding } from './migrate/drift/finding.ts';
export type { PassedOver } from './migrate/drift/run-files.ts';
export { type DriftReport, verifySchema, type VerifySchemaOptions } from './migrate/drift/verify.ts';
export { backfill, type BackfillOptions, type BackfillProgress } from './migrate/expand/backfill.ts';
export { dropColumn, type DropColumnOptions } from './migrate/expand/drop-column.ts';
export { type DualColumns, dualColumns, type DualColumnsOptions } from './migrate/expand/dual-columns.ts';
export type { Patience } from './migrate/expand/patience.ts';
export {
  type ConstraintPlace,
  type LaterConstraint,
  notNullSteps,
  runSafely,
  type SafeStep,
  validateLater,
} from './migrate/expand/safe-constraints.ts';
export type { Confirmations } from './migrate/confirm.ts';
export { migrate } from './migrate/migrate.ts';
export type { MigrateOptions } from './migrate/options.ts';
export type { MigrateReport, RanFile } from './migrate/report.ts';
export { exportSchema, type ExportOptions } from './export/export.ts';
export type { ExportedColumn, ExportedTable, ExportReport, NotTranslated } from './export/exported.ts';
export { move } from './move/move.ts';
export type { MoveOptions, Progress } from './move/options.ts';
export type { MigrationsOptions } from './move/migrations.ts';
export { plan, planMigrations, type PlannedMigrations, type PlanOptions } from './move/plan.ts';
export type { PlanFile } from './move/plan-file.ts';
export type {
  BadValueReport,
  ColumnReport,
  DifferenceReport,
  ErrorReport,
  PhaseSeconds,
  Report,
  TableReport,
  Verdict,
} from './move/report.ts';
export { retry, type RetryOptions } from './move/retry.ts';
export type { RetriedTable, RetryReport } from './move/retry-report.ts';
export { verify, type VerifiedTable, type VerifyOptions, type VerifyReport } from './move/verify.ts';
export { connect, type ConnectOptions, disconnect } from './pg/connect.ts';
export { embeddedStatus, startEmbedded, stopEmbedded } from './pg/embedded/embedded.ts';
export { resolveTarget, type TargetInput } from './pg/resolve.ts';
export type { Target, TlsMode } from './pg/target.ts';
export {
  type Collection,
  type Collections,
  collections,
  emptyRow,
  type Field,
  type FieldType,
  fieldTypes,
  type JsonValue,
  type Key,
  type Reference,
  type Row,
  type RowOf,
  type Value,
} from './schema/collection.ts';
export { pgTypes, type NotCreated, type NotMoved, type PgType } from './schema/model.ts';
export { parseJson, printJson } from './schema/values/json-value.ts';
export type {
  Change,
  Condition,
  Cursor,
  Driver,
  DriverChange,
  DriverScan,
  Page,
  ScanQuery,
  Store,
} from './store/contract.ts';
export { exportCollections } from './store/export.ts';
export { checkExport, importCollections, type ImportOptions, type ImportReport } from './store/import.ts';
export type { ExportSource } from './store/read-export.ts';
export type { Bulk, KeyRange, LoadCount, Snapshot } from './store/live/bulk.ts';
export type { Capture, JournalEntry, Standing } from './store/live/capture.ts';
export type { Counters } from './store/live/counters.ts';
export type { Fence, FenceState } from './store/live/fence.ts';
export { fileIntents, type FileIntentsOptions } from './store/live/file-intents.ts';
export { type Intent, type IntentLog, type Touched, withIntent } from './store/live/intents.ts';
export type { Live } from './store/live/live.ts';
export { memoryIntents } from './store/live/memory-intents.ts';
export type { Guarded, Mirror, Mirrored, MirroredUnit, UnitPart } from './store/live/mirror.ts';
export { withinLife } from './store/live/within-life.ts';
export { refusal, refusalWords } from './store/refusal.ts';
export { openStore } from './store/store.ts';
export { notLive, type Supports } from './store/supports.ts';
