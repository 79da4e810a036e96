import { type PassInput, sameSight } from './core/pass.ts';

/**
 * A pass whose plan was to leave everything as it is, for no time limited, gives the same again as long as it sees the
 * same. A fight over a file ends by time alone.
 */
export type Standstill<Result> = {
  /** What the last pass gave, where it left everything as it is and this one sees the same. */
  readonly recall: (input: PassInput) => Result | undefined;
  /** A pass left everything as it is: what the next one goes by when nothing happens, and what this one gave. */
  readonly note: (input: PassInput, result: Result) => void;
  readonly end: () => void;
};

/** However much is the same, everything is thought through again after as many passes: 5 min. */
const mostRecalls = 10;

export const createStandstill = <Result>(): Standstill<Result> => {
  let known: { readonly input: PassInput; readonly result: Result } | undefined;
  let recalls = 0;
  return {
    recall: (input) => {
      if (known === undefined || recalls === mostRecalls || !sameSight(known.input, input)) return undefined;
      recalls += 1;
      return known.result;
    },
    note: (input, result) => {
      known = { input, result };
      recalls = 0;
    },
    end: () => {
      known = undefined;
    },
  };
};
