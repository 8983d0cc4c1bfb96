import { printable } from '../core/printable.ts';
import type { Progress } from '../move/options.ts';
import type { ProgressView } from './progress-bars.ts';
import { terminal } from './terminal.ts';

/** Bars on a terminal, a line a table and phase elsewhere, nothing when asked for quiet. */
export async function progressView(quiet: boolean): Promise<ProgressView> {
  if (quiet) return { show: () => undefined, stop: () => undefined };
  return process.stderr.isTTY ? new (await import('./progress-bars.ts')).Bars() : new Lines();
}

class Lines implements ProgressView {
  private readonly last = new Map<string, Progress>();

  /** Profiling has no total, so its line is written when the next phase begins. */
  show(progress: Progress): void {
    const key = `${progress.phase} ${progress.table}`;
    if (progress.phase !== 'profile') this.flush('profile');
    this.last.set(key, progress);
    if (progress.rowsTotal !== null && progress.rows >= progress.rowsTotal) this.flush(key);
  }

  stop(): void {
    this.flush('');
  }

  private flush(prefix: string): void {
    for (const [key, { phase, table, rows }] of this.last) {
      if (!key.startsWith(prefix)) continue;
      this.last.delete(key);
      terminal.note(`${phase} ${printable(table)}: ${rows.toLocaleString('en-US')} rows`);
    }
  }
}
