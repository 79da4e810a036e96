import type { Problem } from '../problem.ts';
import { type Config, type ParsedConfig, parseConfig } from './config.ts';

/** What lies at `--config` now. `text` is the document, `sha256` its hash. */
export type Mounted =
  | { readonly kind: 'text'; readonly text: string; readonly file: string; readonly sha256: string }
  | { readonly kind: 'missing'; readonly file: string }
  | { readonly kind: 'error'; readonly file: string; readonly message: string };

/** The last good configuration, as kept in the state directory. */
export type StoredConfig = {
  readonly text: string;
  readonly file: string;
  readonly sha256: string;
  /** Hash of the mounted document that this one superseded, or came from: that one never comes back by a restart. */
  readonly supersedes: string;
};

export type ConfigChoice = {
  readonly config: Config | undefined;
  readonly inForce: 'mounted' | 'last good' | 'defaults' | 'none';
  readonly sha256: string;
  readonly source: string;
  /** Of what is mounted, whether it is in force or not. */
  readonly problems: readonly Problem[];
  /** To be kept from now on; `undefined` when nothing is new. */
  readonly store: StoredConfig | undefined;
};

const problem = (file: string, code: string, message: string): Problem => ({
  code,
  severity: 'error',
  message,
  hint: 'The last good configuration stays in force; put the file back or correct the path given by --config.',
  file,
});

const fallBack = (stored: StoredConfig | undefined, problems: readonly Problem[], source: string): ConfigChoice => {
  const parsed: ParsedConfig | undefined = stored === undefined ? undefined : parseConfig(stored.text, stored.file);
  if (stored === undefined || parsed?.config === undefined) {
    return { config: undefined, inForce: 'none', sha256: '', source, problems, store: undefined };
  }
  return {
    config: parsed.config,
    inForce: 'last good',
    sha256: stored.sha256,
    source: stored.file,
    problems,
    store: undefined,
  };
};

/**
 * Which configuration counts (design.md section 2): what is mounted if it has no error and is not the one that the last
 * good one superseded; else the last good one. Nothing asked for (`mounted` undefined) means all defaults.
 */
export const chooseConfig = (mounted: Mounted | undefined, stored: StoredConfig | undefined): ConfigChoice => {
  if (mounted === undefined) {
    const { config, problems } = parseConfig('', 'defaults');
    return { config, inForce: 'defaults', sha256: '', source: 'defaults', problems, store: undefined };
  }
  if (mounted.kind === 'missing') {
    return fallBack(
      stored,
      [problem(mounted.file, 'config-missing', `there is no configuration at ${mounted.file}`)],
      mounted.file,
    );
  }
  if (mounted.kind === 'error') {
    return fallBack(stored, [problem(mounted.file, 'config-unreadable', mounted.message)], mounted.file);
  }
  if (stored !== undefined && stored.sha256 !== mounted.sha256 && stored.supersedes === mounted.sha256) {
    return fallBack(stored, [], mounted.file);
  }
  const { config, problems } = parseConfig(mounted.text, mounted.file);
  if (config === undefined) return fallBack(stored, problems, mounted.file);
  const { text, file, sha256 } = mounted;
  const isNew = stored?.sha256 !== sha256;
  return {
    config,
    inForce: 'mounted',
    sha256,
    source: file,
    problems,
    store: isNew ? { text, file, sha256, supersedes: sha256 } : undefined,
  };
};
