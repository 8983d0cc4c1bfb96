import { MultiBar, type SingleBar } from 'cli-progress';
import { printable } from '../core/printable.ts';
import type { Progress } from '../move/options.ts';

/** Shows how far a run is, on stderr. */
export interface ProgressView {
  show(progress: Progress): void;
  stop(): void;
}

const order: readonly Progress['phase'][] = ['profile', 'load', 'index', 'verify', 'publish'];

/** One bar a table, which serves one phase after the other; with more tables than lines, one bar for all of them. */
export class Bars implements ProgressView {
  private readonly multi = new MultiBar({
    format: '{phase} {table} {bar} {percentage}% | {value}/{total} rows | {rate} rows/s | {left}',
    clearOnComplete: false,
    hideCursor: true,
    barsize: 24,
    stream: process.stderr,
    forceRedraw: true,
    autopadding: true,
  });
  private readonly bars = new Map<string, { bar: SingleBar; phase: string; since: number }>();
  private readonly rows = new Map<string, Progress>();

  show(progress: Progress): void {
    // Verification begins while indexes are still being made; a bar never goes back.
    const before = this.rows.get(progress.table);
    if (before !== undefined && order.indexOf(progress.phase) < order.indexOf(before.phase)) return;
    this.rows.set(progress.table, progress);
    const most = Math.max(3, (process.stderr.rows ?? 24) - 4);
    const merged = this.rows.size > most || this.bars.has('all tables') ? this.merge() : progress;
    const entry = this.bars.get(merged.table) ?? {
      bar: this.multi.create(1, 0, { phase: '', table: '', rate: '', left: '' }),
      phase: '',
      since: 0,
    };
    this.bars.set(merged.table, entry);
    if (entry.phase !== merged.phase) Object.assign(entry, { phase: merged.phase, since: performance.now() });
    const seconds = Math.max(0.001, (performance.now() - entry.since) / 1000);
    const total = merged.rowsTotal ?? merged.rows;
    entry.bar.setTotal(Math.max(total, 1));
    entry.bar.update(total === 0 ? 1 : merged.rows, {
      phase: merged.phase.padEnd(7),
      table: printable(merged.table).slice(0, 24).padEnd(24),
      rate: Math.round(merged.rows / seconds).toLocaleString('en-US'),
      left:
        merged.rowsTotal === null
          ? 'counting'
          : `${Math.ceil(((total - merged.rows) * seconds) / Math.max(1, merged.rows))} s left`,
    });
  }

  stop(): void {
    this.multi.stop();
  }

  private merge(): Progress {
    const all = [...this.rows.values()];
    const phase = all[all.length - 1].phase;
    const rows = all.filter((one) => one.phase === phase).reduce((sum, one) => sum + one.rows, 0);
    const totals = all.map((one) => one.rowsTotal ?? 0).reduce((sum, one) => sum + one, 0);
    return { phase, table: 'all tables', rows, rowsTotal: totals === 0 ? null : totals };
  }
}
