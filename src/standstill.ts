import { bearingOf } from './core/gate/bearing.ts';
import type { PassInput } from './core/pass.ts';
import { sameValue } from './core/same-value.ts';
import { sameTree } from './core/tree.ts';

/**
 * A pass whose plan was to leave everything as it is, for no time limited, gives the same again as long as it sees the
 * same. A fight over a file ends by time alone.
 */
export type Standstill<Result> = {
  /** What the last pass gave, where it left everything as it is and this one sees the same. */
  readonly recall: (input: PassInput) => Result | undefined;
  /** A pass left everything as it is; `bearing` is that of the mirrors it went by, a map that has changed since. */
  readonly note: (input: PassInput, bearing: string, result: Result) => void;
  readonly end: () => void;
};

/** However much is the same, everything is thought through again after as many passes: 5 min. */
const mostRecalls = 10;

export const createStandstill = <Result>(): Standstill<Result> => {
  let known: { readonly input: PassInput; readonly bearing: string; readonly result: Result } | undefined;
  let recalls = 0;
  return {
    recall: (input) => {
      const isSame =
        known !== undefined &&
        recalls < mostRecalls &&
        !input.storeAll &&
        input.own.size === 0 &&
        input.ledger === known.input.ledger &&
        input.desired === known.input.desired &&
        bearingOf(input.mirrors) === known.bearing &&
        sameTree(known.input.tree, input.tree) &&
        sameValue([input.facts, input.settings], [known.input.facts, known.input.settings]);
      if (!isSame) return undefined;
      recalls += 1;
      return known?.result;
    },
    note: (input, bearing, result) => {
      known = { input, bearing, result };
      recalls = 0;
    },
    end: () => {
      known = undefined;
    },
  };
};
