/** SQLite's dialect: its schema texts taken apart. Pure; the text comes from the caller. */
export { type Affinity, affinityOf } from './affinity.ts';
export type * from './ast.ts';
export { parseCreateIndex } from './create-index.ts';
export { parseCreateTable } from './create-table.ts';
export { lower as foldName } from './cursor.ts';
export type * from './ddl.ts';
export { parseExpression } from './expression.ts';
export type { Parsed } from './tokens.ts';
