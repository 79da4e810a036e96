import { fromBytes } from './bytes.ts';

function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? limit + 1;
}

/** "did you mean ...": the known names nearest to an unknown one; undefined when there is none at all. */
export function nearby(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || name.length > 100) return undefined;
  const limit = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const ranked = known
    .slice(0, 1000)
    .filter((key) => key.length <= 100)
    .map((key) => ({ key, far: distance(name.toLowerCase(), key.toLowerCase(), limit) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far);
  if (ranked.length > 0)
    return `did you mean ${ranked
      .slice(0, 3)
      .map(({ key }) => fromBytes(key))
      .join(', ')}?`;
  const shown = known.slice(0, 10).map(fromBytes).join(', ');
  return `known names: ${shown}${known.length > 10 ? ', ...' : ''}`;
}
