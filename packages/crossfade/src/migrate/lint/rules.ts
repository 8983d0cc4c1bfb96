import type { Rule } from './model.ts';
import { columnRules } from './rules/columns.ts';
import { constraintRules } from './rules/constraints.ts';
import { dropRules } from './rules/drops.ts';
import { fileRules } from './rules/files.ts';
import { indexRules } from './rules/indexes.ts';
import { lockRules } from './rules/locks.ts';
import { accessRules } from './rules/access.ts';
import { guaranteeRules } from './rules/guarantees.ts';
import { retypeRules } from './rules/retypes.ts';
import { rowRules } from './rules/rows.ts';
import { sessionRules } from './rules/session.ts';
import { transactionRules } from './rules/transactions.ts';
import { typeRules } from './rules/types.ts';
import { silenceRules } from './silence.ts';

/** Every rule there is, in the order of the reference. */
export const rules: readonly Rule[] = [
  ...columnRules,
  ...constraintRules,
  ...indexRules,
  ...retypeRules,
  ...typeRules,
  ...dropRules,
  ...guaranteeRules,
  ...rowRules,
  ...accessRules,
  ...lockRules,
  ...transactionRules,
  ...sessionRules,
  ...fileRules,
  ...silenceRules,
];

/** A rule by its code. */
export const ruleOf: ReadonlyMap<string, Rule> = new Map(rules.map((rule) => [rule.code, rule]));
