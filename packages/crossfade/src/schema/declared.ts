/** What the declared type of a column says, by its words: SQLite keeps them and enforces none of them. */
export const declares = {
  /** Not INTEGER's `int`, and not `timer`. */
  instant: (declared: string) => /date|time(?!r)/i.test(declared),
  decimal: (declared: string) => /numeric|decimal|number|money/i.test(declared),
  real: (declared: string) => /real|floa|doub/i.test(declared),
  integer: (declared: string) => /int/i.test(declared),
  wideInteger: (declared: string) => /big|int8/i.test(declared),
  json: (declared: string) => /json/i.test(declared),
  boolean: (declared: string) => /bool/i.test(declared),
  bytes: (declared: string) => /blob|bytea|binary/i.test(declared),
} as const;
