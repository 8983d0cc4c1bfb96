import { test } from 'vitest';
import { MemoryLedger } from './memory.ts';
import { ledgerSuite } from './suite/suite.ts';

let nowMs = Date.UTC(2026, 0, 1);
const ledger = new MemoryLedger({ nowMs: () => nowMs });

ledgerSuite(test, () => ({
  ledger,
  other: ledger,
  pass: async (ms) => {
    nowMs += ms;
  },
}));
