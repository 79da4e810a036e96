/** What stands for every label value beyond the limit. */
export const overflow = 'other';

export type LabelLimit = (...values: readonly string[]) => readonly string[];

/** Whatever its length in the world outside, a label value is a line of at most 100 characters. */
const tidy = (value: string): string => {
  const line = value.toWellFormed().replaceAll(/\p{Cc}/gu, '?');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
};

/**
 * The first `most` different label sets are kept as they are; what comes later is counted under `other`, in the
 * positions that `open` names, so that no input makes endless series.
 */
export const limitLabels = (most: number, open: readonly number[]): LabelLimit => {
  const known = new Set<string>();
  return (...values) => {
    const tidied = values.map(tidy);
    const key = JSON.stringify(tidied);
    if (known.has(key)) return tidied;
    if (known.size < most) {
      known.add(key);
      return tidied;
    }
    return tidied.map((value, i) => (open.includes(i) ? overflow : value));
  };
};
