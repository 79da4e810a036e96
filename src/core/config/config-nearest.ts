/** Edits (insert, delete, replace, swap neighbours) that lead from one word to the other. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
};

/** The known word that was probably meant: another case or separator, or a typing error or two. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 80) return undefined;
  const bare = (text: string): string => text.toLowerCase().replaceAll(/[-_. ]/g, '');
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const edits = distance(bare(word), bare(candidate));
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits];
  }
  return best;
};

/** ` did you mean …?` or nothing. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const hit = nearest(word, known);
  return hit === undefined ? '' : `; did you mean ${JSON.stringify(hit)}?`;
};
