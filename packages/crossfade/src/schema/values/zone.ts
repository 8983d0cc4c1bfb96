/**
 * Wall-clock times of a zone as instants. A time that the clocks skipped names no instant and is NaN; of a time that
 * they showed twice, the first is meant, which is what most systems wrote.
 */
export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  /** Offsets by quarter of an hour: zones change on such borders, and Intl is slow. */
  private readonly offsets = new Map<number, number>();

  constructor(zone: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
  }

  /** Seconds since 1970 on the wall clock, to seconds since 1970 in UTC. */
  toUtc(wallSeconds: number): number {
    const shown = this.instantsOf(wallSeconds);
    return shown.length === 0 ? Number.NaN : Math.min(...shown);
  }

  /** How often the clocks showed this time: once, but for the hours around a change. */
  showings(wallSeconds: number): number {
    return new Set(this.instantsOf(wallSeconds)).size;
  }

  private instantsOf(wallSeconds: number): number[] {
    const around = [this.offsetAt(wallSeconds - 86_400), this.offsetAt(wallSeconds + 86_400)];
    return around.map((offset) => wallSeconds - offset).filter((utc) => this.offsetAt(utc) === wallSeconds - utc);
  }

  private offsetAt(utcSeconds: number): number {
    const quarter = Math.floor(utcSeconds / 900);
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      offset = this.readOffset(quarter * 900);
      if (this.offsets.size > 100_000) this.offsets.clear();
      this.offsets.set(quarter, offset);
    }
    return offset;
  }

  private readOffset(utcSeconds: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(utcSeconds * 1000)) parts[type] = value;
    const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
    wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
    return wall.getTime() / 1000 - utcSeconds;
  }
}
