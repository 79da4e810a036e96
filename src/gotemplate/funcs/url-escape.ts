import { CallError } from '../error.ts';
import { quote } from '../strconv/quote.ts';

/** The part of a URL that is escaped; each allows other bytes. */
export type UrlPart = 'path' | 'host' | 'zone' | 'user' | 'fragment';

const ALWAYS = /[A-Za-z0-9\-_.~]/;
const ALLOWED: Record<UrlPart, RegExp> = {
  path: /[$&+,/:;=@]/,
  user: /[$&+,;=]/,
  fragment: /[$&+,/:;=?@!()*]/,
  host: /[!$&'()*+,;=:[\]<>"]/,
  zone: /[!$&'()*+,;=:[\]<>"]/,
};

function mustEscape(letter: string, part: UrlPart): boolean {
  return !ALWAYS.test(letter) && !ALLOWED[part].test(letter);
}

/** net/url's escape */
export function escapeUrl(text: string, part: UrlPart): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/g, (letter) => {
    if (!mustEscape(letter, part)) return letter;
    return `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function checkEscape(code: string, part: UrlPart): void {
  const bad = (): never => {
    throw new CallError(`invalid URL escape ${quote(code)}`);
  };
  if (!/^%[0-9a-fA-F]{2}$/.test(code)) bad();
  const byte = Number.parseInt(code.slice(1), 16);
  if (part === 'host' && byte < 0x80 && code !== '%25') bad();
  if (part === 'zone' && code !== '%25' && byte !== 32 && mustEscape(String.fromCharCode(byte), 'host')) bad();
}

/** net/url's unescape */
export function unescapeUrl(text: string, part: UrlPart): string {
  for (let i = 0; i < text.length; i++) {
    const letter = text[i] ?? '';
    if (letter === '%') {
      checkEscape(text.slice(i, i + 3), part);
      i += 2;
    } else if ((part === 'host' || part === 'zone') && letter < '\x80' && mustEscape(letter, part)) {
      throw new CallError(`invalid character ${quote(letter)} in host name`);
    }
  }
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** net/url's validEncoded */
export function isEncoded(text: string, part: UrlPart): boolean {
  return Array.from(text).every((letter) => /[!$&'()*+,;=:@[\]%]/.test(letter) || !mustEscape(letter, part));
}
