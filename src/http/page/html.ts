/** Text that is markup already. */
export type Html = { readonly html: string };

export type Part = string | number | Html | readonly Html[] | undefined;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Control characters, and those that turn the direction of writing round: names and logs are written by anybody. */
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text as it may stand between tags and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text
    .replace(invisible, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[&<>"'`]/g, (one) => entities[one] ?? '');

const isMarkup = (part: Html | readonly Html[]): part is Html => 'html' in part;

const rendered = (part: Part): string => {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return isMarkup(part) ? part.html : part.map((one) => one.html).join('');
};

/** Markup from a template; every value in it is escaped unless it is markup itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: String.raw({ raw: strings }, ...parts.map(rendered)),
});

export const nothing: Html = { html: '' };
