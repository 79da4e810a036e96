import type { Report } from './config-problems.ts';
import {
  type At,
  childAt,
  configReader,
  type Reader,
  readBoolean,
  readMap,
  readStrings,
  readWord,
  refuseUnknownKeys,
} from './config-reader.ts';
import { normaliseAddress } from './context-address.ts';
import { type CertsDirPreset, certsDirPresets } from './settings-certs-dir.ts';
import { type Bounds, readDuration } from './settings-duration.ts';
import { type Listen, readListen } from './settings-listen.ts';
import { isCidr, isHostPattern } from './settings-policy.ts';

/** What `handspegel:` in the configuration says. Durations in milliseconds. */
export type Settings = {
  readonly controlPlane: {
    /** Addresses of the control-plane nodes, before anything is asked of the cluster. */
    readonly addresses: readonly string[];
  };
  readonly probe: {
    /** How often this node's ports and Spegel's own mirrors are asked for `/v2/`. */
    readonly interval: number;
    /** A mirror without a complete answer by then counts as hung. */
    readonly timeout: number;
    /** How often they are asked for a manifest, too. */
    readonly deepInterval: number;
    /** How often control-plane nodes and other people's mirrors are asked. */
    readonly remoteInterval: number;
  };
  /** `enforce`: costly mirrors leave the files. `observe`: it is only said. `off`: nothing is probed. */
  readonly gate: 'enforce' | 'observe' | 'off';
  readonly handoff: {
    /** How long Spegel's mirrors on this node must have refused before its file counts as left behind. */
    readonly orphanAfter: number;
  };
  /** Registry directories of other people that Spegel moved away or cleared are put back. */
  readonly preserve: boolean;
  /** Somebody's file that would kill containerd: say it, or move it to the state directory. */
  readonly deadlyFiles: 'alarm' | 'quarantine';
  readonly policy: {
    /** Where mirrors may lead; three empty lists allow everything (mirror-policy.ts). */
    readonly mirrors: {
      readonly cidrs: readonly string[];
      readonly hosts: readonly string[];
      readonly schemes: readonly ('http' | 'https')[];
    };
  };
  readonly certsDir: {
    /** Where a distribution keeps certs.d. */
    readonly preset: CertsDirPreset | undefined;
  };
  readonly spegel: {
    /** Which ports Spegel's chart opens; `auto` tells it from the chart's values. */
    readonly layout: 'auto' | 'two-ports' | 'single-port';
  };
  readonly server: {
    /** Health and metrics; without an address: the node's. */
    readonly listen: Listen;
    /** Status page and API. */
    readonly adminListen: Listen;
  };
  /** What becomes of our files when the agent is told to stop. */
  readonly onTermination: 'keep' | 'release';
  /** What a template gets for a key that does not exist; `default` writes `<no value>`, as Go does. */
  readonly missingKey: 'error' | 'default' | 'zero';
  /** Give everything back and write no more, until a configuration says otherwise. */
  readonly release: boolean;
};

/** The settings of a configuration without `handspegel:`. */
export const defaultSettings: Settings = {
  controlPlane: { addresses: [] },
  probe: { interval: 5000, timeout: 1000, deepInterval: 60_000, remoteInterval: 60_000 },
  gate: 'enforce',
  handoff: { orphanAfter: 600_000 },
  preserve: true,
  deadlyFiles: 'alarm',
  policy: { mirrors: { cidrs: [], hosts: [], schemes: [] } },
  certsDir: { preset: undefined },
  spegel: { layout: 'auto' },
  server: { listen: { host: undefined, port: 9847 }, adminListen: { host: '127.0.0.1', port: 9848 } },
  onTermination: 'keep',
  missingKey: 'error',
  release: false,
};

const day = 86_400_000;

/** Bounds of the durations, in milliseconds. */
export const probeBounds: Readonly<Record<keyof Settings['probe'], Bounds>> = {
  interval: { min: 10, max: day },
  timeout: { min: 10, max: 30_000 },
  deepInterval: { min: 10, max: day },
  remoteInterval: { min: 10, max: day },
};
export const orphanBounds: Bounds = { min: 10, max: 30 * day };

const section = (reader: Reader, at: At | undefined, key: string, known: readonly string[]): At | undefined => {
  const map = readMap(reader, childAt(at, key), `a map with any of ${known.join(', ')}`);
  refuseUnknownKeys(reader, map, known);
  return map;
};

const readProbe = (reader: Reader, at: At | undefined): Settings['probe'] => {
  const { probe } = defaultSettings;
  const map = section(reader, at, 'probe', Object.keys(probe));
  const duration = (key: keyof Settings['probe']): number =>
    readDuration(reader, childAt(map, key), probeBounds[key]) ?? probe[key];
  return {
    interval: duration('interval'),
    timeout: duration('timeout'),
    deepInterval: duration('deepInterval'),
    remoteInterval: duration('remoteInterval'),
  };
};

const readMirrorPolicy = (reader: Reader, at: At | undefined): Settings['policy']['mirrors'] => {
  const { mirrors } = defaultSettings.policy;
  const map = section(reader, section(reader, at, 'policy', ['mirrors']), 'mirrors', Object.keys(mirrors));
  const cidr = (text: string): string | undefined => (isCidr(text) ? undefined : 'is no CIDR');
  const host = (text: string): string | undefined => (isHostPattern(text) ? undefined : 'is no host name or pattern');
  const scheme = (text: string): string | undefined =>
    text === 'http' || text === 'https' ? undefined : 'is neither http nor https';
  return {
    cidrs:
      readStrings(reader, childAt(map, 'cidrs'), cidr, 'CIDRs such as "10.0.0.0/8" or "fd00::/8"') ?? mirrors.cidrs,
    hosts:
      readStrings(reader, childAt(map, 'hosts'), host, 'host names, also with a leading `*.`: "*.example.com"') ??
      mirrors.hosts,
    schemes: (readStrings(reader, childAt(map, 'schemes'), scheme, '"http" or "https"') ?? mirrors.schemes).map(
      (text) => (text === 'http' ? 'http' : 'https'),
    ),
  };
};

const readServer = (reader: Reader, at: At | undefined): Settings['server'] => {
  const { server } = defaultSettings;
  const map = section(reader, at, 'server', Object.keys(server));
  return {
    listen: readListen(reader, childAt(map, 'listen')) ?? server.listen,
    adminListen: readListen(reader, childAt(map, 'adminListen')) ?? server.adminListen,
  };
};

/** Reads `handspegel:`; every unknown key and every wrong value is an error, and the default stands in for it. */
export const readSettings = (report: Report, document: At | undefined): Settings => {
  const reader = configReader(report);
  const at = section(reader, document, 'handspegel', Object.keys(defaultSettings));
  const word = <const T extends string>(from: At | undefined, key: string, words: readonly T[]): T | undefined =>
    readWord(reader, childAt(from, key), words);
  const address = (text: string): string | undefined =>
    normaliseAddress(text) === undefined ? 'is no IP address and no host name' : undefined;
  const controlPlane = section(reader, at, 'controlPlane', ['addresses']);
  const handoff = section(reader, at, 'handoff', ['orphanAfter']);
  const orphanAfter = readDuration(reader, childAt(handoff, 'orphanAfter'), orphanBounds);
  const addresses = childAt(controlPlane, 'addresses');
  return {
    controlPlane: {
      addresses:
        readStrings(reader, addresses, address, 'addresses without scheme and port, such as "10.0.0.1" or "fd00::1"') ??
        defaultSettings.controlPlane.addresses,
    },
    probe: readProbe(reader, at),
    gate: word(at, 'gate', ['enforce', 'observe', 'off']) ?? defaultSettings.gate,
    handoff: { orphanAfter: orphanAfter ?? defaultSettings.handoff.orphanAfter },
    preserve: readBoolean(reader, childAt(at, 'preserve')) ?? defaultSettings.preserve,
    deadlyFiles: word(at, 'deadlyFiles', ['alarm', 'quarantine']) ?? defaultSettings.deadlyFiles,
    policy: { mirrors: readMirrorPolicy(reader, at) },
    certsDir: { preset: word(section(reader, at, 'certsDir', ['preset']), 'preset', certsDirPresets) },
    spegel: {
      layout:
        word(section(reader, at, 'spegel', ['layout']), 'layout', ['auto', 'two-ports', 'single-port']) ??
        defaultSettings.spegel.layout,
    },
    server: readServer(reader, at),
    onTermination: word(at, 'onTermination', ['keep', 'release']) ?? defaultSettings.onTermination,
    missingKey: word(at, 'missingKey', ['error', 'default', 'zero']) ?? defaultSettings.missingKey,
    release: readBoolean(reader, childAt(at, 'release')) ?? defaultSettings.release,
  };
};
