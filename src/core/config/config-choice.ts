import type { Problem } from '../problem.ts';
import { type Config, type ParsedConfig, parseConfig } from './config.ts';
import { type ConfigOrder, newestOf, shownByMount } from './config-order.ts';

/** What lies at `--config`, or what the watch tells of the ConfigMap. `text` is the document, `sha256` its hash. */
export type ConfigState =
  | { readonly kind: 'text'; readonly text: string; readonly file: string; readonly sha256: string }
  | { readonly kind: 'missing'; readonly file: string }
  | { readonly kind: 'error'; readonly file: string; readonly message: string };

/** The last good configuration, as kept in the state directory. */
export type StoredConfig = {
  readonly text: string;
  readonly file: string;
  readonly sha256: string;
  /** So that an older mount does not come back by a restart. */
  readonly order: ConfigOrder;
};

/** What was kept, as it comes back from the disk; `undefined` for what is not of this shape. */
export const readStored = (value: unknown): StoredConfig | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { text, file, sha256, order } = value as Record<string, unknown>;
  if (typeof text !== 'string' || typeof file !== 'string' || typeof sha256 !== 'string') return undefined;
  const keys = Array.isArray(order) ? order.filter((key) => typeof key === 'string') : [];
  return { text, file, sha256, order: keys.length === 0 ? [sha256] : keys };
};

export type ConfigChoice = {
  readonly config: Config | undefined;
  /** `last good`: the newest is refused, gone or, after a restart, not at hand. */
  readonly inForce: 'mounted' | 'watched' | 'last good' | 'defaults' | 'none';
  readonly sha256: string;
  readonly source: string;
  /** Of the newest configuration, whether it is in force or not. */
  readonly problems: readonly Problem[];
  /** To be kept from now on; `undefined` when nothing is new. */
  readonly store: StoredConfig | undefined;
};

export type ConfigSources = {
  /** `undefined`: no configuration was asked for. */
  readonly mounted: ConfigState | undefined;
  /** `undefined`: the watch has told nothing yet, or there is none. */
  readonly watched?: ConfigState | undefined;
  readonly stored: StoredConfig | undefined;
  readonly order: ConfigOrder;
};

/** Under which a state of the configuration is remembered. */
export const stateKey = (state: ConfigState | undefined): string => {
  if (state === undefined) return 'defaults';
  return state.kind === 'text' ? state.sha256 : state.kind;
};

const problem = (file: string, code: string, message: string, remedy: string): Problem => ({
  code,
  severity: 'error',
  message,
  hint: `${remedy}; an agent goes on with its last good configuration.`,
  file,
});

let last: { readonly text: string; readonly file: string; readonly parsed: ParsedConfig } | undefined;

/** The text in force is asked about again and again: at the start, when the lock is ours, at each look. */
const parse = (text: string, file: string): ParsedConfig => {
  if (last?.text !== text || last.file !== file) last = { text, file, parsed: parseConfig(text, file) };
  return last.parsed;
};

const putBack = 'Put the file back or correct the path given by --config';

/** Why a state that is no text does not count. */
const refusal = (state: Exclude<ConfigState, { kind: 'text' }>, by: 'mounted' | 'watched'): Problem => {
  const { file } = state;
  if (state.kind === 'error') {
    const remedy = by === 'watched' ? 'Give the ConfigMap one key, config.yaml' : putBack;
    return problem(file, 'config-unreadable', state.message, remedy);
  }
  return by === 'watched'
    ? problem(file, 'config-map-missing', `${file} does not exist`, 'Make it again, or uninstall handspegel')
    : problem(file, 'config-missing', `there is no configuration at ${file}`, putBack);
};

const defaults = (problems: readonly Problem[] = []): ConfigChoice => {
  const { config, problems: own } = parseConfig('', 'defaults');
  const all = [...problems, ...own];
  return { config, inForce: 'defaults', sha256: '', source: 'defaults', problems: all, store: undefined };
};

const fallBack = ({ stored, mounted }: ConfigSources, problems: readonly Problem[], source: string): ConfigChoice => {
  const parsed: ParsedConfig | undefined = stored === undefined ? undefined : parse(stored.text, stored.file);
  if (stored !== undefined && parsed?.config !== undefined) {
    const { sha256, file } = stored;
    return { config: parsed.config, inForce: 'last good', sha256, source: file, problems, store: undefined };
  }
  if (mounted === undefined) return defaults(problems);
  return { config: undefined, inForce: 'none', sha256: '', source, problems, store: undefined };
};

const take = (state: ConfigState, by: 'mounted' | 'watched', sources: ConfigSources): ConfigChoice => {
  if (state.kind !== 'text') return fallBack(sources, [refusal(state, by)], state.file);
  const { config, problems } = parse(state.text, state.file);
  if (config === undefined) return fallBack(sources, problems, state.file);
  const { text, file, sha256 } = state;
  const isNew = sources.stored?.sha256 !== sha256;
  const store = isNew ? { text, file, sha256, order: sources.order } : undefined;
  return { config, inForce: by, sha256, source: file, problems, store };
};

const choose = (sources: ConfigSources): ConfigChoice => {
  const { mounted, watched, order } = sources;
  const newest = newestOf(order);
  if (watched !== undefined && stateKey(watched) === newest) return take(watched, 'watched', sources);
  // What cannot be read is no state of the configuration, but somebody must know.
  if (mounted?.kind === 'error') return take(mounted, 'mounted', sources);
  if (stateKey(mounted) !== newest) return fallBack(sources, [], mounted?.file ?? '');
  return mounted === undefined ? defaults() : take(mounted, 'mounted', sources);
};

const same = (a: ConfigOrder, b: ConfigOrder): boolean => a.length === b.length && a.every((key, i) => key === b[i]);

/** Which configuration counts (design.md section 2): the newest if it has no error, else the last good one. */
export const chooseConfig = (sources: ConfigSources): ConfigChoice => {
  const choice = choose(sources);
  const { stored, order } = sources;
  // The order is kept with the last good one, whatever becomes of the newest.
  if (choice.store !== undefined || stored === undefined || same(stored.order, order)) return choice;
  return { ...choice, store: { ...stored, order } };
};

/** The same where nobody watches: at the start, and for commands. */
export const chooseMounted = (mounted: ConfigState | undefined, stored: StoredConfig | undefined): ConfigChoice => {
  const known = stored?.order ?? [];
  const order = mounted?.kind === 'error' ? known : shownByMount(known, stateKey(mounted), false);
  return chooseConfig({ mounted, stored, order });
};
