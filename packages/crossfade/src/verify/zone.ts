/**
 * Wall-clock times of an IANA zone as instants. Intl answers only the other way, so both offsets that can apply around
 * a wall-clock time are tried.
 */
export class Zone {
  private readonly format: Intl.DateTimeFormat;
  /** The offset of days on which no clock was put forward or back, and NaN for the others. Intl takes microseconds an answer. */
  private readonly quietDays = new Map<number, number>();

  constructor(name: string) {
    const numeric = 'numeric';
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
  }

  /** Seconds since 1970, on the wall to UTC. The first instant where the clocks showed the time twice, NaN where they skipped it. */
  toUtc(wall: number): number {
    const day = Math.floor(wall / 86_400);
    const quiet = this.quietOffset(day);
    if (!Number.isNaN(quiet)) return wall - quiet;
    const earlier = wall - this.offsetAt(wall - 86_400);
    const later = wall - this.offsetAt(wall + 86_400);
    const fits = [earlier, later].filter((utc) => utc + this.offsetAt(utc) === wall);
    return fits.length === 0 ? Number.NaN : Math.min(...fits);
  }

  private quietOffset(day: number): number {
    let offset = this.quietDays.get(day);
    if (offset === undefined) {
      const samples = [-86_400, -43_200, 0, 43_200, 86_400, 129_600, 172_800].map((s) =>
        this.offsetAt(day * 86_400 + s),
      );
      offset = samples.every((sample) => sample === samples[0]) ? samples[0] : Number.NaN;
      if (this.quietDays.size >= 100_000) this.quietDays.clear();
      this.quietDays.set(day, offset);
    }
    return offset;
  }

  private offsetAt(utc: number): number {
    const part: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(utc * 1000)) part[type] = value;
    const year = part.era?.startsWith('B') ? 1 - Number(part.year) : Number(part.year);
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
    wall.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
    return wall.getTime() / 1000 - utc;
  }
}
