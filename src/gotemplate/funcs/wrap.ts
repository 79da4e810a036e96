import type { Budget } from '../limits.ts';

type Options = {
  readonly width: number;
  readonly newline: string;
  /** Whether words longer than a line are cut. */
  readonly long: boolean;
  readonly budget: Budget;
};

/** Breaks a text at blanks into lines of a width, as goutils does, in bytes. */
export function wrapText(text: string, { width, newline, long, budget }: Options): string {
  if (text === '') return '';
  const size = Math.max(width, 1);
  budget.text(text.length + Math.ceil(text.length / size) * newline.length);
  let out = '';
  let offset = 0;
  while (text.length - offset > size) {
    if (text[offset] === ' ') {
      offset++;
      continue;
    }
    const space = text.slice(offset, offset + size + 1).lastIndexOf(' ');
    if (space >= 0) {
      out += text.slice(offset, offset + space) + newline;
      offset += space + 1;
    } else if (long) {
      out += text.slice(offset, offset + size) + newline;
      offset += size;
    } else {
      const next = text.indexOf(' ', offset + size);
      if (next < 0) return out + text.slice(offset);
      out += text.slice(offset, next) + newline;
      offset = next + 1;
    }
  }
  return out + text.slice(offset);
}
