type Edit = { readonly kind: ' ' | '-' | '+'; readonly line: string };

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Longest common subsequence by dynamic programming: hosts files are short. */
const editsOf = (before: readonly string[], after: readonly string[]): readonly Edit[] => {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      edits.push({ kind: ' ', line: before[i] ?? '' });
      i++;
      j++;
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ kind: '-', line: before[i] ?? '' });
      i++;
    } else {
      edits.push({ kind: '+', line: after[j] ?? '' });
      j++;
    }
  }
  return edits;
};

const context = 3;

const range = (start: number, count: number): string =>
  count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;

/** A unified diff of two texts with three lines of context; empty when they are equal. Bound: 2,000 lines each. */
export const unifiedDiff = (
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
): string => {
  if (before === after) return '';
  const edits = editsOf(linesOf(before).slice(0, 2_000), linesOf(after).slice(0, 2_000));
  const changed = edits.flatMap((edit, index) => (edit.kind === ' ' ? [] : [index]));
  const hunks: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = hunks.at(-1);
    if (last !== undefined && index - context <= last.to) last.to = Math.min(edits.length, index + context + 1);
    else hunks.push({ from: Math.max(0, index - context), to: Math.min(edits.length, index + context + 1) });
  }
  const body = hunks.map(({ from, to }) => {
    const lead = edits.slice(0, from);
    const part = edits.slice(from, to);
    const oldStart = lead.filter((edit) => edit.kind !== '+').length + 1;
    const newStart = lead.filter((edit) => edit.kind !== '-').length + 1;
    const oldCount = part.filter((edit) => edit.kind !== '+').length;
    const newCount = part.filter((edit) => edit.kind !== '-').length;
    const lines = part.map((edit) => `${edit.kind}${edit.line}\n`).join('');
    return `@@ -${range(oldStart, oldCount)} +${range(newStart, newCount)} @@\n${lines}`;
  });
  return `--- ${names.before}\n+++ ${names.after}\n${body.join('')}`;
};
