import type { Problem } from '../problem.ts';
import type { Place } from './yaml-positions.ts';

/** Every code that reading a configuration can give, with what it is about. */
export const configProblemCodes = {
  'config-syntax': 'the file is no valid YAML',
  'config-limit': 'the file is too large or nested too deeply',
  'config-duplicate-key': 'a key stands twice in one map',
  'config-yaml-warning': 'YAML that is read, but perhaps not as meant',
  'config-type': 'a value of the wrong type',
  'config-value': 'a value of the right type that makes no sense',
  'config-unknown-key': 'a key below `handspegel:` or in an extension that nothing reads',
  'config-misspelt-key': 'a key that is close to one of ours and is not read',
  'config-misplaced': 'a part of the document stands where it is not read',
  'config-not-ours': 'parts of a cluster specification that belong to somebody else',
  'extension-incomplete': 'an extension without path or content',
  'extension-path': 'a path that is refused',
  'extension-path-unread': 'a path that containerd never reads',
  'extension-path-unusual': 'a path that is probably not meant',
  'helm-values-null': 'a null in a map of chart values, which is dropped',
  'helm-values-syntax': 'chart values in a string that is no valid YAML',
  'helm-values-type': 'a chart value of the wrong type',
  'helm-values-value': 'a chart value with which Spegel would not start, or not work',
  'helm-values-old-name': 'a name that newer charts do not know',
  'certs-dir-differs': 'several places say where certs.d lies, and they differ',
} as const;

/** Every code that rendering can give beside those of containerd's rules. */
export const renderProblemCodes = {
  'template-error': 'a template that cannot be read or run',
  'template-limit': 'a template that does too much',
  'rendered-ignored': 'containerd would ignore what a template made',
  'rendered-breaks-pulls': 'what a template made would fail all pulls of its registry',
  'rendered-deadly': 'what a template made would end containerd',
  'mirror-not-allowed': 'a file names a mirror that policy.mirrors does not allow',
  'mirror-plain-http': "plain HTTP to a mirror outside of the node's and the cluster's networks",
  'mirror-unverified': 'the certificate of a mirror is not verified',
  'containerd-version-newer': 'this containerd is newer than those whose rules are known',
  'mirror-ipv6-left-out': 'IPv6 mirrors that this containerd cannot read are not in the built-in file',
  'basic-auth-secret-unknown': "the Secret of the chart's basic auth is not known",
  'spegel-names-host-twice': "Spegel's own file would name a host twice",
  'extension-replaces-spegel': "an extension stands in for Spegel's own file",
  'registry-directory-hidden': 'two directories stand for one registry',
  'registry-hides-default': 'a registry directory without hosts.toml takes its images the mirrors away',
} as const;

export type RenderProblemCode = keyof typeof renderProblemCodes;

export type ConfigProblemCode = keyof typeof configProblemCodes;

/** A part of a document for a problem to point at. */
export type Spot = { readonly place: { readonly line: number; readonly column?: number }; readonly path: string };

type Say = (code: ConfigProblemCode, spot: Spot, message: string, hint: string) => void;

/** Collects problems of one file. */
export type Report = {
  readonly problems: readonly Problem[];
  readonly error: Say;
  readonly warning: Say;
  readonly info: Say;
};

/** A report that starts empty. Many problems of one kind are all kept: people mend a file in one go. */
export const createReport = (file: string): Report => {
  const problems: Problem[] = [];
  const saying =
    (severity: Problem['severity']): Say =>
    (code, { place, path }, message, hint) => {
      const where = { file, line: place.line, ...(place.column === undefined ? {} : { column: place.column }) };
      problems.push({ code, severity, message, hint, ...where, ...(path === '' ? {} : { path }) });
    };
  return { problems, error: saying('error'), warning: saying('warning'), info: saying('info') };
};

/** Errors first, then by place. */
export const sortProblems = (problems: readonly Problem[]): readonly Problem[] => {
  const rank = { error: 0, warning: 1, info: 2 } as const;
  return problems.toSorted(
    (a, b) => rank[a.severity] - rank[b.severity] || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
};

/** `extensions."my.key".path`: a key that is not a plain word is quoted. */
export const joinPath = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`;
  const word = /^[A-Za-z0-9_/-]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? word : `${path}.${word}`;
};

export const documentStart: Place = { line: 1, column: 1 };
