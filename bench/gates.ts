import type { Run } from './peers.ts';

/** What the medians of a bench say, by peer. */
export type Medians = Readonly<Record<string, Omit<Run, 'phases'>>>;

export interface Gate {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
}

/** The claims. A gate whose peer did not run is not there, and is not passed either. */
export function gates(medians: Medians, largestValueBytes: number): Gate[] {
  const own = medians.crossfade;
  if (own === undefined) return [];
  const { pgloader, 'psql \\copy': psql } = medians;
  const memoryLimit = 256 + (4 * largestValueBytes) / 2 ** 20;
  return [
    ...(pgloader === undefined ? [] : [gate("load / pgloader's load", own.loadSeconds / pgloader.loadSeconds, 0.35)]),
    ...(psql === undefined
      ? []
      : [gate('load / one-stream text psql \\copy', own.loadSeconds / psql.loadSeconds, 0.7)]),
    ...(pgloader === undefined
      ? []
      : [gate("whole move / pgloader's, which verifies nothing", own.wholeSeconds / pgloader.wholeSeconds, 0.65)]),
    gate('peak memory in MB / (256 MB + 4 x the largest value)', own.peakMb, memoryLimit),
  ];
}

/** One claim about one figure: kept up to the limit, and not kept by a figure that is no number. */
export function gate(what: string, value: number, limit: number): Gate {
  return { what, value, limit, passed: value <= limit };
}
