import type { MirrorState, Series } from './gate/verdict.ts';
import { sameValue } from './same-value.ts';
import type { Seen, Tree } from './tree.ts';

/** Bytes of an unchanged file are the same object in every look. */
const sameSeen = (a: Seen | undefined, b: Seen): boolean => a === b || (b.kind === 'directory' && sameValue(a, b));

const sameEntries = (a: Tree['backup'], b: Tree['backup']): boolean => {
  if (a === undefined || b === undefined) return a === b;
  if (a.size !== b.size) return false;
  for (const [path, seen] of b) if (!sameSeen(a.get(path), seen)) return false;
  return true;
};

/** Did two looks see the same? `false` also where that cannot be told cheaply. */
export const sameTree = (a: Tree, b: Tree): boolean =>
  sameValue(a.root, b.root) &&
  a.rootId === b.rootId &&
  sameEntries(a.entries, b.entries) &&
  sameEntries(a.backup, b.backup);

/** Nothing is decided by more than two samples in a row. */
const many = (count: number): number => Math.min(count, 2);

const bearingOfSeries = (series: Series | undefined): string =>
  series === undefined
    ? '-'
    : [
        series.last.verdict,
        series.last.detail,
        series.since,
        many(series.inARow),
        many(series.upInARow),
        many(series.costlyInARow),
      ].join(' ');

/** All of what is known of mirrors that decisions go by, as text. */
export const bearingOf = (mirrors: ReadonlyMap<string, MirrorState>): string =>
  [...mirrors]
    .map(([key, { watchedSince, shallow, deep, answersInARow }]) =>
      [key, watchedSince, bearingOfSeries(shallow), bearingOfSeries(deep), many(answersInARow)].join('\t'),
    )
    .join('\n');
