/** How often a kill test kills: as often as `npm test` has time for, or as a campaign says. */
export function killsOr(few: number): number {
  const { CROSSFADE_TEST_KILLS: asked } = process.env;
  return asked === undefined ? few : Number(asked);
}

/**
 * The same kills in rounds, each in a folder of its own: after every kill all that was written is looked at, so that a
 * thousand in one folder would take twenty times as long as twenty times fifty.
 */
export function roundsOf(kills: number): number[] {
  const roundMax = 50;
  return Array.from({ length: Math.ceil(kills / roundMax) }, (_, i) => Math.min(roundMax, kills - i * roundMax));
}
