import type { Control } from './contract.ts';
import type { Findings, KeepRequest, Keeping } from './keeping.ts';

interface Row {
  readonly keeper: string;
  readonly epoch: bigint;
  readonly turn: bigint;
  readonly leaseEndMs: number;
  readonly findings: Findings | null;
}

/** The keepers of a ledger in memory, one a group. */
export class MemoryKeepers {
  private readonly nowMs: () => number;
  private readonly rows = new Map<string, Row>();
  private lastTurn = 0n;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** The turn of this keeper from now on; null while another one has the part. */
  keep({ group, epoch }: Control, { keeper, leaseMs, findings }: KeepRequest): bigint | null {
    const row = this.rows.get(group);
    const isOwn = row?.keeper === keeper;
    if (row !== undefined && !isOwn && row.leaseEndMs > this.nowMs()) return null;
    const isTold = findings !== undefined && isOwn && row.epoch === findings.epoch;
    const turn = isOwn && row.epoch === epoch ? row.turn : this.nextTurn();
    const leaseEndMs = this.nowMs() + leaseMs;
    this.rows.set(group, { keeper, epoch, turn, leaseEndMs, findings: isTold ? findings : (row?.findings ?? null) });
    return turn;
  }

  letGo(group: string, keeper: string): void {
    const row = this.rows.get(group);
    if (row?.keeper === keeper) this.rows.set(group, { ...row, leaseEndMs: this.nowMs() });
  }

  keeping(group: string): Keeping | null {
    const row = this.rows.get(group);
    if (row === undefined) return null;
    const { keeper, leaseEndMs, findings } = row;
    return { keeper, leaseLeftMs: leaseEndMs - this.nowMs(), findings };
  }

  /** The time, so that a ledger that is made anew begins beyond what an earlier one gave to the stores. */
  private nextTurn(): bigint {
    const now = BigInt(Math.floor(this.nowMs()));
    this.lastTurn = now > this.lastTurn ? now : this.lastTurn + 1n;
    return this.lastTurn;
  }
}
