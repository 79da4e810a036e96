/** The vectors that the engine answers differently on purpose, each with its reason. */
export const WANTED_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  [
    'core/define/limit_recursion',
    'templates nest 100 deep, not 100,000: the bound is there to stop this template early',
  ],
]);
