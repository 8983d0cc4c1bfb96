/** How often a kill test kills: as often as `npm test` has time for, or as a campaign says. */
export function killsOr(few: number): number {
  const { CROSSFADE_TEST_KILLS: asked } = process.env;
  return asked === undefined ? few : Number(asked);
}
