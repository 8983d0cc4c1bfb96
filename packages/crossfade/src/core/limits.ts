/** Every limit of the product, together, each with its reason. */
export const limits = {
  /** A page of packed rows. Larger pages are read no faster, and cost memory in every thread until they are collected. */
  pageBytes: 64 * 1024,
  pageRowsMax: 500,
  /** One piece of a COPY on its way to the server: the processes of both sides take turns less often than with a page. */
  sendBytes: 256 * 1024,
  /** Rows with a cell above this are read one by one, so that a page's size has a bound whatever the rows hold. */
  largeCellBytes: 16 * 1024,
  /** Rows above this are held by one thread at a time. */
  exclusiveBytes: 4 * 1024 * 1024,
  /** How far a reader looks ahead for such rows: little enough that the pages are still cached when they are read. */
  strideRows: 4_000,
  /** Rows that break a constraint are findings too, and must not crowd out real damage. */
  checkFindingsMax: 10_000,
  /** Each thread takes about 25 MB, and four of them stay within 256 MB. */
  jobsDefaultMax: 4,
  /** What a thread looks at in one go. */
  pieceBytes: 16 * 1024 * 1024,
  pieceRowsMax: 250_000,
  /** A chunk is what one COPY transaction carries, and what a resumed run repeats at most. */
  chunkPiecesMax: 4,
  /** PostgreSQL allocates at most 1 GB - 1 for one field, with its header. */
  fieldBytesMax: 0x3fffffff - 64,
  /** jsonb keeps the length of a string in 28 bits. */
  jsonbBytesMax: 0x0fffffff,
  /** jsonb is built in one array of 72 bytes a member that grows by doubling within 1 GB; the whole document is counted. */
  jsonbMembersMax: 8_000_000,
  /** Deeper JSON stays text: PostgreSQL's parser recurses, and 100,000 levels end in 54001. */
  jsonDepthMax: 1_000,
  /** PostgreSQL's NAMEDATALEN - 1. */
  identifierBytesMax: 63,
  /** PostgreSQL's MaxHeapAttributeNumber. */
  columnsMax: 1_600,
  /** PostgreSQL's MaxHeapTupleSize in pages of 8 kB: what of a row cannot be moved out of line. */
  rowBytesMax: 8_160,
  /** PostgreSQL's INDEX_MAX_KEYS. */
  indexColumnsMax: 32,
  /** PostgreSQL's BTMaxItemSize in pages of 8 kB: an entry of an index has at most as many bytes, compressed. */
  indexEntryBytesMax: 2_704,
  /** How long a migration queues for a lock, and everybody behind it: less than a request may take. */
  migrationLockMs: 1_000,
  /** With the pauses between them about two minutes: long enough for a report that reads the table, short for a deploy. */
  migrationLockTries: 40,
  /** The pause after the first such try, doubled up to the longest, and at random down to half of itself. */
  migrationPauseMs: 100,
  migrationPauseMaxMs: 5_000,
  /** How long a run waits for another one. Building an index of a large table takes that long. */
  migrationRunWaitMs: 15 * 60 * 1_000,
  /** What a run without transactions is believed to live on after its last sign of life; renewed four times as often. */
  migrationLeaseMs: 60_000,
  /** CREATE INDEX CONCURRENTLY and its like wait for old transactions by design, and make no writer queue meanwhile. */
  migrationPatienceMs: 60 * 60 * 1_000,
  /** How often the database is asked whether it is there yet, and the first and longest pause: about two minutes. */
  waitTries: 30,
  waitBackoffMs: 500,
  waitBackoffMaxMs: 5_000,
  /** A step of expand and contract waits for a lock: less than PostgreSQL's deadlock_timeout, so that it gives way. */
  expandLockMs: 500,
  /** One statement of it, unless it reads the table beside readers and writers. */
  expandStatementMs: 30_000,
  /** Rows of one transaction of a backfill: a few milliseconds of row locks. */
  backfillRows: 1_000,
  /** A backfill waits while a standby is further behind, or a statement has waited longer for a lock; asked this often. */
  backfillLagMs: 10_000,
  backfillLockWaitMs: 1_000,
  backfillStrainPauseMs: 250,
  /** A keeper copies as many records at a time as take about so long: nothing is drained meanwhile. */
  keepRangeMs: 200,
  keepRangeRows: 500,
  keepRangeRowsMax: 20_000,
  /** How long a crossing may stay between two states to rest in, before a keeper leads it back. */
  keepArmedMs: 60_000,
  /** Between two comparisons of everything, when the last ones were without a difference. */
  keepCompareRestMs: 60_000,
  /** The same when something differed: a repair is looked at soon, and what it does not mend not all the time. */
  keepRepairRestMs: 1_000,
  /** Units written since the last comparison of everything that are compared once more while nobody writes. */
  keepTouchedMax: 100_000,
  /** Numbers that are left out when the lead changes, so that what the old leader gave and forgot is not given again. */
  keepCounterGap: 1_000n,
} as const;
