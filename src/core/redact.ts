import type { Problem } from './problem.ts';

const carried = /^# handspegel-carries .*\n?/gm;
const authorization = /((?:proxy-)?authorization["']?\s*[=:]\s*)[^\n]*/gi;
const keyMaterial = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g;
/** To the last `@` before the path: a password may hold one. Any scheme, since people write any. */
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s'"]+@/gi;
/** A password with an unescaped `/`: what follows the colon is no port. */
const brokenUserInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^[/\s'":]+:\d*[^/\s'"\d][^/\s'"]*\/[^\s'"]*@/gi;

const table = /^\s*\[/;
const headerTable = /^(\s*\[[^\]]*\.\s*["']?header["']?\s*(?:\.[^\]]*)?\]|\s*\[\s*["']?header["']?\s*\])\s*(#.*)?$/is;
/** Wherever it stands in a line: inline tables hold it too. */
const headerKey = /^(.*?(?:^|[\s{,.])["']?header["']?\s*(?:\.[^=]*)?=\s*)/is;
const anyKey = /^([^=]+=\s*)/;

/** Where the line ends that `at` is in. */
const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
};

/** Where a string of TOML that begins at `at` ends: behind its quote, or with its line where it is never closed. */
const stringEnd = (text: string, at: number): number => {
  const sign = text.charAt(at);
  const quote = text.startsWith(sign.repeat(3), at) ? sign.repeat(3) : sign;
  for (let i = at + quote.length; i < text.length; i++) {
    if (text.startsWith(quote, i)) return i + quote.length;
    if (quote.length === 1 && text[i] === '\n') return i;
    if (sign === '"' && text[i] === '\\') i += 1;
  }
  return text.length;
};

/** Where a value of TOML that begins at `at` ends: with its line, or that in which its brackets and strings are closed. */
const valueEnd = (text: string, at: number): number => {
  let open = 0;
  for (let i = at; i < text.length; ) {
    const sign = text.charAt(i);
    if (sign === '\n' && open <= 0) return i;
    if (sign === '"' || sign === "'") i = stringEnd(text, i);
    else if (sign === '#') i = lineEnd(text, i);
    else {
      open += Number('[{'.includes(sign)) - Number(']}'.includes(sign));
      i += 1;
    }
  }
  return text.length;
};

/** Values of every header of a hosts.toml: any of them may be a token, in a comment too. */
const hideHeaders = (text: string): string => {
  const shown: string[] = [];
  let inHeader = false;
  for (let at = 0; at <= text.length; ) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    const isTable = table.test(line);
    if (isTable) inHeader = headerTable.test(line);
    const key = headerKey.exec(line)?.[1] ?? (inHeader && !isTable ? anyKey.exec(line)?.[1] : undefined);
    const isComment = line.trimStart().startsWith('#');
    shown.push(key === undefined ? line : `${key}'(redacted)'`);
    at = 1 + (key === undefined || isComment ? end : valueEnd(text, at + key.length));
  }
  return shown.join('\n');
};

/**
 * The text of a file as people may see it: without what a stand-in carries, header values, user-info of URLs and private
 * keys. `secrets` are values of mounted Secrets that a template may have written.
 */
export const redactText = (text: string, secrets: readonly string[] = []): string => {
  const plain = hideHeaders(text.replace(carried, ''))
    .replace(authorization, "$1'(redacted)'")
    .replace(keyMaterial, '(private key redacted)')
    .replace(userInfo, '$1(redacted)@')
    .replace(brokenUserInfo, '$1(redacted)@');
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((shown, secret) => shown.replaceAll(secret, '(redacted)'), plain);
};

/** A finding as people may see it: it quotes what somebody wrote. */
export const redactProblem = <T extends Problem>(problem: T, secrets: readonly string[] = []): T => ({
  ...problem,
  message: redactText(problem.message, secrets),
  hint: redactText(problem.hint, secrets),
});

/** The values of all Secrets, longest first, so that none is left in part. */
export const secretValues = (secrets: Readonly<Record<string, Readonly<Record<string, string>>>>): readonly string[] =>
  Object.values(secrets)
    .flatMap((secret) => Object.values(secret))
    .sort((a, b) => b.length - a.length);
