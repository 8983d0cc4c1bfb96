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
  /** A chunk is what one COPY transaction carries, and what a resumed run repeats at most. */
  chunkBytes: 16 * 1024 * 1024,
  chunkRowsMax: 250_000,
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
  /** PostgreSQL's INDEX_MAX_KEYS. */
  indexColumnsMax: 32,
  /** PostgreSQL's BTMaxItemSize in pages of 8 kB: an entry of an index has at most as many bytes, compressed. */
  indexEntryBytesMax: 2_704,
} as const;
