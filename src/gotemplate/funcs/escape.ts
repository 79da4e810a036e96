import { decodeRune } from '../bytes.ts';
import { sprint } from '../fmt/print.ts';
import type { Budget } from '../limits.ts';
import { isPrint } from '../unicode.ts';
import type { Value } from '../values.ts';

function textOf(args: readonly Value[], budget: Budget): string {
  const shown = args.map((arg) => (arg === null || arg === undefined ? '<no value>' : arg));
  const text = sprint(shown, budget);
  budget.text(text.length * 6);
  return text;
}

const HTML: Record<string, string> = {
  '\0': '\xef\xbf\xbd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/** html */
export function htmlEscape(args: readonly Value[], budget: Budget): string {
  return textOf(args, budget).replace(/[\0"'&<>]/g, (letter) => HTML[letter] ?? letter);
}

const JS: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** js */
export function jsEscape(args: readonly Value[], budget: Budget): string {
  const text = textOf(args, budget);
  let out = '';
  for (let i = 0; i < text.length; ) {
    const packed = decodeRune(text, i);
    const rune = packed >> 3;
    const raw = text.slice(i, i + (packed & 7));
    i += packed & 7;
    const hex = rune.toString(16).toUpperCase().padStart(4, '0');
    if (rune < 0x80) out += JS[raw] ?? (rune < 0x20 ? `\\u${hex}` : raw);
    else out += isPrint(rune) ? raw : `\\u${hex}`;
  }
  return out;
}

/** urlquery */
export function queryEscape(args: readonly Value[], budget: Budget): string {
  return textOf(args, budget).replace(/[^A-Za-z0-9\-_.~]/g, (letter) => {
    if (letter === ' ') return '+';
    return `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
