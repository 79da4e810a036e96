/** Versions of Spegel that treat the directory alike; each is named after its first member. */
export const families = ['v0.0.23', 'v0.0.30', 'v0.2', 'v0.3', 'v0.4', 'v0.5', 'v0.7', 'main'] as const;

export type Family = (typeof families)[number];

/** What differs between the families, as the source of each version has it. */
export interface Traits {
  readonly versions: string;
  /** Names of the chart's values under `spegel`, and of the flags made from them. */
  readonly names: {
    readonly registries: 'registries' | 'mirroredRegistries';
    readonly targets: 'additionalMirrorRegistries' | 'additionalMirrorTargets';
    readonly existing: 'appendMirrors' | 'prependExisting';
  };
  /** One `_default` is written when no registry is listed. */
  readonly catchAll: boolean;
  /** Which words of the list of registries mean `_default`. */
  readonly wildcards: readonly string[];
  /** A target must be a bare address, as a registry must. */
  readonly checksTargets: boolean;
  readonly dialTimeout: boolean;
  readonly basicAuth: boolean;
  /** `service.registry.nodeIp` is known. */
  readonly nodeIp: boolean;
  /** `service.registry.usePreferSameNodeTrafficDistribution` is known. */
  readonly preferSameNode: boolean;
  /** Only the node port is a target. */
  readonly singlePort: boolean;
  /** The first target gets its IPv6 address put into brackets. */
  readonly ipv6Brackets: boolean;
  /** Addresses without brackets are an error (net/url since Go 1.26, by the `go` line of go.mod). */
  readonly strictColons: boolean;
  /** Where the old `_default` is looked for when existing hosts are kept. */
  readonly existingDefault: 'registry directory' | 'top of _backup';
  /** The other files of a registry's directory are copied with its existing hosts. */
  readonly copiesFiles: boolean;
  /** go-toml writes a tab as `\t` in double quotes, since its v2.4. */
  readonly escapesTabs: boolean;
  /** The whole text comes from a TOML library. */
  readonly library: boolean;
  /** `_backup` is not made when there is nothing to move, and need not be a directory. */
  readonly lazyBackup: boolean;
  /** afero's ReadDir looks at each entry it lists. */
  readonly listLooks: boolean;
  readonly uninstallHook: boolean;
  readonly health: 'healthz' | 'readyz';
}

const oldNames = {
  registries: 'registries',
  targets: 'additionalMirrorRegistries',
  existing: 'appendMirrors',
} as const;

const names = {
  registries: 'mirroredRegistries',
  targets: 'additionalMirrorTargets',
  existing: 'prependExisting',
} as const;

const v0030: Traits = {
  versions: 'v0.0.24 to v0.0.30',
  names: oldNames,
  catchAll: false,
  wildcards: [],
  checksTargets: false,
  dialTimeout: false,
  basicAuth: false,
  nodeIp: true,
  preferSameNode: false,
  singlePort: false,
  ipv6Brackets: false,
  strictColons: false,
  existingDefault: 'registry directory',
  copiesFiles: false,
  escapesTabs: false,
  library: false,
  lazyBackup: false,
  listLooks: true,
  uninstallHook: false,
  health: 'healthz',
};

const v02: Traits = {
  ...v0030,
  versions: 'v0.1.0 to v0.2.0',
  names,
  catchAll: true,
  basicAuth: true,
  existingDefault: 'top of _backup',
  uninstallHook: true,
};

const v03: Traits = { ...v02, versions: 'v0.3.0', dialTimeout: true, listLooks: false };

const v04: Traits = {
  ...v03,
  versions: 'v0.4.0',
  wildcards: ['_default'],
  checksTargets: true,
  existingDefault: 'registry directory',
  health: 'readyz',
};

const v05: Traits = {
  ...v04,
  versions: 'v0.5.0 to v0.7.1',
  wildcards: ['_default', '*'],
  preferSameNode: true,
  copiesFiles: true,
};

const v07: Traits = { ...v05, versions: 'v0.7.2 to v0.7.4', ipv6Brackets: true };

const traits: Readonly<Record<Family, Traits>> = {
  'v0.0.23': {
    ...v0030,
    versions: 'v0.0.23 and older',
    nodeIp: false,
    library: true,
    lazyBackup: true,
  },
  'v0.0.30': v0030,
  'v0.2': v02,
  'v0.3': v03,
  'v0.4': v04,
  'v0.5': v05,
  'v0.7': v07,
  main: {
    ...v07,
    versions: 'after v0.7.4, August 2026',
    preferSameNode: false,
    singlePort: true,
    strictColons: true,
    escapesTabs: true,
  },
};

/** How one family behaves. */
export const traitsOf = (family: Family): Traits => traits[family];

/** Is this the name of a family? */
export const isFamily = (name: string): name is Family => (families as readonly string[]).includes(name);
