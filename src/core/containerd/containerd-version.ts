/** A containerd release as far as its rules depend on it; `text` is what was read. */
export type ContainerdVersion = {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly text: string;
};

/** Which library reads `hosts.toml`: go-toml 1.9.5; 2.2.3 and 2.2.4 (the same rules); 2.3.0; 2.4.3. */
export type TomlLibrary = 'go-toml-1' | 'go-toml-2.2' | 'go-toml-2.3' | 'go-toml-2.4';

/** Everything in containerd's reading of `hosts.toml` that changed between 1.6.0 and 2.4.2. */
export type ContainerdRules = {
  readonly version: ContainerdVersion;
  /** The modelled release whose branch this version behaves like. */
  readonly branch: string;
  readonly library: TomlLibrary;
  /** `_default` is a candidate directory: 1.6.17, https://github.com/containerd/containerd/pull/7607. */
  readonly defaultDirectory: boolean;
  /** A file without any `host` table is ignored: until 1.7.31, and in all of 1.6. */
  readonly needsHostTable: boolean;
  /** `dial_timeout` is known: 2.0.7 and 2.1.0, https://github.com/containerd/containerd/pull/11106. */
  readonly dialTimeout: boolean;
  /** `dial_timeout` counts as a TLS setting, so that `http://` becomes HTTPS first: 2.0.7 and later 2.0.x. */
  readonly dialTimeoutIsTls: boolean;
  /** The `referrers` capability: 2.2.0. */
  readonly referrers: boolean;
  /** `http://` with a TLS setting is tried as HTTPS first: 1.6.25 and 1.7.7; also without a port from 1.7.24 on. */
  readonly httpsFirst: 'never' | 'with-port' | 'always';
  /**
   * A registry on localhost is like any other until 1.6.8; plain HTTP from 1.6.9 and 1.7.0 on; HTTPS without
   * verification, then HTTP, from 1.6.25 and 1.7.8 on.
   */
  readonly localhost: 'https' | 'http' | 'https-first';
  /** Two colons in a host name are refused: built with Go 1.26 rules from 2.3 on. */
  readonly strictColons: boolean;
  /**
   * CRI reads image names whose registry is an IPv6 address, or a word with capitals alone (`Reg/x`): 1.7.0. Until then
   * the registry also counts for the length of a name.
   */
  readonly newImageNames: boolean;
  /** CRI pulls through the transfer service by default: 2.1.0. */
  readonly transferService: boolean;
  /** A host that is connected but silent is given up after 30 s: 2.3.0. Before: never. */
  readonly responseHeaderTimeout: boolean;
};

/** The releases that were run to make the test vectors, one for each branch, oldest first. */
export const modelledVersions: readonly ContainerdVersion[] = [
  { major: 1, minor: 6, patch: 36, text: '1.6.36' },
  { major: 1, minor: 7, patch: 35, text: '1.7.35' },
  { major: 2, minor: 0, patch: 14, text: '2.0.14' },
  { major: 2, minor: 1, patch: 9, text: '2.1.9' },
  { major: 2, minor: 2, patch: 9, text: '2.2.9' },
  { major: 2, minor: 3, patch: 7, text: '2.3.7' },
  { major: 2, minor: 4, patch: 2, text: '2.4.2' },
];

const bare = /^(?:containerd:\/\/)?v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?(?![\d.])(?:[-+~ ].*)?$/;

/**
 * Reads a version as the Node object (`containerd://2.2.9`), a package (`1.6.20~ds1`, `1.7.12-0ubuntu4`), a
 * distribution (`v2.1.0-k3s1`) or `containerd --version` writes it. Returns `undefined` for anything else, another
 * runtime included.
 */
export const parseContainerdVersion = (text: string): ContainerdVersion | undefined => {
  const trimmed = text.trim();
  const words = trimmed.split(/\s+/);
  const found = bare.exec(words[0] === 'containerd' ? (words[2] ?? '') : trimmed);
  if (found === null) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0), text: trimmed };
};

/** Negative when `a` is older than `b`. */
export const compareVersions = (a: ContainerdVersion, b: ContainerdVersion): number =>
  a.major - b.major || a.minor - b.minor || a.patch - b.patch;

/** `2.2.9`, whatever was around it. */
export const versionNumber = (version: ContainerdVersion): string =>
  `${version.major}.${version.minor}.${version.patch}`;

/** Said once where a version counts that is newer than all modelled branches; `undefined` for the others. */
export const newerThanModelled = (version: ContainerdVersion | undefined): string | undefined => {
  const newest = modelledVersions.at(-1);
  if (version === undefined || newest === undefined) return undefined;
  const { major, minor } = newest;
  if (version.major < major || (version.major === major && version.minor <= minor)) return undefined;
  return `containerd ${versionNumber(version)} is newer than those that are known here: it is taken for ${major}.${minor}`;
};

const branchOf = (version: ContainerdVersion): string => {
  let best = '1.6';
  for (const { major, minor } of modelledVersions) {
    if (version.major > major || (version.major === major && version.minor >= minor)) best = `${major}.${minor}`;
  }
  return best;
};

const libraries: Readonly<Record<string, TomlLibrary>> = {
  '1.6': 'go-toml-1',
  '1.7': 'go-toml-1',
  '2.0': 'go-toml-2.2',
  '2.1': 'go-toml-2.2',
  '2.2': 'go-toml-2.2',
  '2.3': 'go-toml-2.3',
  '2.4': 'go-toml-2.4',
};

/**
 * The rules of one containerd version. A version between two modelled ones behaves like its branch except for the
 * switches above; older ones than 1.6 behave like 1.6.0, newer ones than 2.4 like 2.4.
 */
export const rulesOf = (version: ContainerdVersion): ContainerdRules => {
  const since = (major: number, minor: number, patch: number): boolean =>
    compareVersions(version, { major, minor, patch, text: '' }) >= 0;
  const branch = branchOf(version);
  const fallback16 = since(1, 6, 25) && !since(1, 7, 0);
  return {
    version,
    branch,
    library: libraries[branch] ?? 'go-toml-2.4',
    defaultDirectory: since(1, 6, 17),
    needsHostTable: !since(1, 7, 32),
    dialTimeout: since(2, 0, 7),
    dialTimeoutIsTls: since(2, 0, 7) && !since(2, 1, 0),
    referrers: since(2, 2, 0),
    httpsFirst: since(1, 7, 24) ? 'always' : since(1, 7, 7) || fallback16 ? 'with-port' : 'never',
    localhost: since(1, 7, 8) || fallback16 ? 'https-first' : since(1, 6, 9) ? 'http' : 'https',
    strictColons: since(2, 3, 0),
    newImageNames: since(1, 7, 0),
    transferService: since(2, 1, 0),
    responseHeaderTimeout: since(2, 3, 0),
  };
};
