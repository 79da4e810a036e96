import type { Problem } from './problem.ts';

const carried = /^# handspegel-carries .*\n?/gm;
const authorization = /^(\s*["']?(?:proxy-)?authorization["']?\s*=\s*).*$/gim;
const keyMaterial = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g;
const headerTable = /^(\s*\[[^\]\n]*\.\s*["']?header["']?\s*\]|\s*\[header\])\s*(#.*)?$/i;
const inlineHeader = /^(\s*(?:.*\.)?["']?header["']?\s*(?:\.[^=]*)?=\s*).*$/i;
/** To the last `@` before the path: a password may hold one. Any scheme, since people write any. */
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s'"]+@/gi;

/** Values of every header of a hosts.toml: any of them may be a token. */
const hideHeaders = (text: string): string => {
  let inHeader = false;
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*\[/.test(line)) inHeader = headerTable.test(line);
      else if (inHeader && line.trim() !== '' && !line.trimStart().startsWith('#'))
        return line.replace(/=.*$/, "= '(redacted)'");
      return line.replace(inlineHeader, "$1'(redacted)'");
    })
    .join('\n');
};

/**
 * The text of a file as people may see it: without what a stand-in carries, header values, user-info of URLs and private
 * keys. `secrets` are values of mounted Secrets that a template may have written.
 */
export const redactText = (text: string, secrets: readonly string[] = []): string => {
  const plain = hideHeaders(text.replace(carried, ''))
    .replace(authorization, "$1'(redacted)'")
    .replace(keyMaterial, '(private key redacted)')
    .replace(userInfo, '$1(redacted)@');
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
