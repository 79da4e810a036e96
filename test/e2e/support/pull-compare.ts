import { median } from '../../bench/measure.ts';
import { type PullClient, pullOnce } from './pull-client.ts';

/** Times in milliseconds. */
export type Compared = {
  readonly without: number;
  readonly gated: number;
  /** The median of the ratios of pairs. */
  readonly ratio: number;
  /** Where the true median lies with a probability of 95 %. */
  readonly between: readonly [number, number];
  readonly ratios: readonly number[];
};

export type Comparison = {
  /** One pull without any file and one by the node's files, the first one in turns. */
  readonly pull: () => Promise<void>;
  readonly result: () => Compared;
};

export type ComparisonOptions = {
  readonly client: PullClient;
  readonly image: string;
  /** A directory without any file. */
  readonly none: string;
  readonly certsDir: string;
  readonly what: string;
};

const limitMs = 60_000;

/** The 95 % interval of a median by its order statistics: nothing is supposed of how the values are spread. */
export const medianInterval = (values: readonly number[]): readonly [number, number] => {
  const sorted = values.toSorted((a, b) => a - b);
  const below = Math.max(0, Math.floor(sorted.length / 2 - 0.98 * Math.sqrt(sorted.length)));
  return [sorted[below] ?? Number.NaN, sorted[sorted.length - 1 - below] ?? Number.NaN];
};

/** Compares pulls of the same image in pairs, so that what else this machine does meets both. */
export const createComparison = ({ client, image, none, certsDir, what }: ComparisonOptions): Comparison => {
  const without: number[] = [];
  const gated: number[] = [];
  const pull = async (hostsDir: string, into: number[]): Promise<void> => {
    const { outcome, error, ms } = await pullOnce(client, { image, hostsDir, limitMs });
    if (outcome !== 'pulled') throw new Error(`${what}: ${outcome} ${error}`);
    into.push(ms);
  };
  return {
    pull: async () => {
      const even = without.length % 2 === 0;
      if (even) await pull(none, without);
      await pull(certsDir, gated);
      if (!even) await pull(none, without);
    },
    result: () => {
      const ratios = gated.map((ms, i) => ms / (without[i] ?? Number.NaN));
      return {
        without: median(without),
        gated: median(gated),
        ratio: median(ratios),
        between: medianInterval(ratios),
        ratios,
      };
    },
  };
};
