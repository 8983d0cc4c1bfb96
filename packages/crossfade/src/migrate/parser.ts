import { setFlagsFromString } from 'node:v8';
import * as parser from 'libpg-query';

export type * from 'libpg-query';

/**
 * PostgreSQL's own grammar, as WebAssembly, which V8 does not optimise while it runs: one function of it is so large that
 * this takes seconds of a processor and half a gigabyte, at the start of a service for a few files of SQL, and the end of a
 * process waits for it. Other WebAssembly of the process is optimised as ever, since all of this is synchronous.
 */
function unoptimised<A extends unknown[], T>(work: (...given: A) => T): (...given: A) => T {
  return (...given) => {
    setFlagsFromString('--no-wasm-tier-up --no-wasm-dynamic-tiering');
    try {
      return work(...given);
    } finally {
      setFlagsFromString('--wasm-tier-up --wasm-dynamic-tiering');
    }
  };
}

/** To be awaited before any of the others is called. */
export const { loadModule } = parser;
/** As of libpg-query. @throws an Error with `sqlDetails` */
export const parseSync = unoptimised(parser.parseSync);
/** As of libpg-query. */
export const parsePlPgSQLSync = unoptimised(parser.parsePlPgSQLSync);
/** As of libpg-query. */
export const scanSync = unoptimised(parser.scanSync);
