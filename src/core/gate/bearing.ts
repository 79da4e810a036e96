import type { MirrorState, Series } from './verdict.ts';

/** Nothing is decided by more than two samples in a row. */
const many = (count: number): number => Math.min(count, 2);

const ofSeries = (series: Series | undefined): string =>
  series === undefined
    ? '-'
    : [series.last.verdict, series.last.detail, series.since, many(series.upInARow), many(series.costlyInARow)].join(
        ' ',
      );

/** All of what was seen of mirrors that plans go by, as text: where it is the same, samples since are no news. */
export const bearingOf = (mirrors: ReadonlyMap<string, MirrorState>): string =>
  [...mirrors]
    .map(([key, { watchedSince, shallow, deep, answersInARow }]) =>
      [key, watchedSince, ofSeries(shallow), ofSeries(deep), many(answersInARow)].join('\t'),
    )
    .join('\n');
