import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type AddressTracker, createAddressTracker } from '../address-tracker.ts';
import { defaultSettings } from '../core/config/settings.ts';
import { textOf } from '../core/error-text.ts';
import type { Facts } from '../core/facts.ts';
import type { Mirror } from '../core/gate/mirror.ts';
import type { MirrorState } from '../core/gate/verdict.ts';
import type { GivenFacts } from '../inputs.ts';
import { createAddressTables, familiesOf } from '../io/address-tables.ts';
import { defaultSources, followAddresses, readInterfaces } from '../io/addresses.ts';
import { createClock } from '../io/clock.ts';
import { createConfigReader } from '../io/config-source.ts';
import { createStore, type Store } from '../io/store.ts';
import { createNode, type Node, type NodeOptions } from '../node.ts';
import { createProber, type Prober } from '../prober.ts';
import { createProbes } from '../probes.ts';
import { createReleases } from '../requests.ts';
import { agentVersion } from '../version.ts';
import { UsageError, type Values } from './options.ts';

export const stateDirOf = (values: Values): string => resolve(values.text('state-dir') ?? '/var/lib/handspegel');

/** Mounted Secrets: one directory each, one file per key; kubelet's own `..data` entries are skipped. */
const readSecrets = (dir: string | undefined): Facts['secrets'] => {
  if (dir === undefined) return {};
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`--secrets-dir takes a directory, and ${dir} is none`);
  }
  const visible = (path: string): readonly string[] =>
    readdirSync(path)
      .filter((name) => !name.startsWith('..'))
      .sort();
  const isDirectory = (path: string): boolean => statSync(path).isDirectory();
  const names = visible(dir).filter((name) => isDirectory(join(dir, name)));
  return Object.fromEntries(
    names.map((name) => {
      const keys = visible(join(dir, name)).filter((key) => !isDirectory(join(dir, name, key)));
      return [name, Object.fromEntries(keys.map((key) => [key, readFileSync(join(dir, name, key), 'utf8')]))];
    }),
  );
};

export const givenFacts = (values: Values): GivenFacts => ({
  nodeName: values.text('node-name'),
  nodeAddresses: values.list('node-ip'),
  controlPlane: values.list('control-plane'),
  runtime: values.text('runtime'),
  containerdVersion: values.text('containerd-version'),
  secrets: readSecrets(values.text('secrets-dir')),
});

export const nodeOptions = (values: Values, addresses: () => readonly string[]): NodeOptions => {
  const configPath = values.text('config');
  const certsDir = values.text('certs-dir');
  return {
    agentVersion,
    certsDirFlag: certsDir === undefined ? undefined : resolve(certsDir),
    stateDir: stateDirOf(values),
    given: givenFacts(values),
    mounted: configPath === undefined ? () => undefined : createConfigReader(configPath),
    addresses,
  };
};

/** This node's addresses as they come and go. */
export const trackAddresses = async (values: Values): Promise<AddressTracker> => {
  const given = values.list('node-ip');
  const sources = {
    mayHaveChanged: createAddressTables(familiesOf(given)),
    interfaces: readInterfaces,
    defaultSources,
    follow: followAddresses,
  };
  const tracker = createAddressTracker(given, sources);
  await tracker.refresh();
  return tracker;
};

/** The same at one moment: given ones are what they are, and no interface has to be looked at. */
const addressesNow = async (values: Values): Promise<readonly string[]> => {
  const given = values.list('node-ip');
  return given.length > 0 ? [...new Set(given)] : (await trackAddresses(values)).current();
};

export type OpenNode = Node & {
  readonly ask: (mirrors: readonly Mirror[]) => Promise<void>;
  readonly mirrors: () => ReadonlyMap<string, MirrorState>;
  readonly now: () => number;
  readonly object: (sha256: string) => Uint8Array | undefined;
  /** Who would own the files: whoever owns the directory, as the agent does. */
  readonly owner: () => { readonly uid: number; readonly gid: number };
};

const ownerOf = (directory: string): { readonly uid: number; readonly gid: number } => {
  const stat =
    statSync(directory, { throwIfNoEntry: false }) ?? statSync(dirname(directory), { throwIfNoEntry: false });
  return stat === undefined ? { uid: 0, gid: 0 } : { uid: stat.uid, gid: stat.gid };
};

const askMs = 500;

/** What is remembered, to look at: nothing reaches the disk, and a state directory that may not be read is an empty one, which is said once. */
const forLooking = (store: Store): Store => {
  let said = false;
  return {
    ...store,
    readJson: (name) => {
      try {
        return store.readJson(name);
      } catch (error) {
        if (said) return { kind: 'missing' };
        said = true;
        return { kind: 'unreadable', reason: textOf(error) };
      }
    },
    readJournal: (count) => {
      try {
        return store.readJournal(count);
      } catch {
        return [];
      }
    },
    writeJson: () => {},
    prepareJson: () => {},
    remove: () => {},
    putObject: () => '',
    putObjects: () => {},
    sweepObjects: () => {},
    appendJournal: () => {},
    removeAll: () => {},
  };
};

/** The node as it lies on disk, for commands that only look; nothing is written through it. */
export const openNode = async (values: Values): Promise<OpenNode> => {
  const clock = createClock();
  const store = forLooking(createStore(stateDirOf(values), { looking: true }));
  let made: Prober | undefined;
  const asking = (): Prober => {
    made ??= createProber({
      now: clock.now,
      later: clock.later,
      probe: createProbes({ now: clock.now, timeoutMs: () => askMs }),
      changed: () => {},
      pace: () => defaultSettings.probe,
      random: Math.random,
      signal: new AbortController().signal,
    });
    return made;
  };
  // Who only renders asks nobody.
  const prober: Prober = {
    watch: (mirrors) => asking().watch(mirrors),
    states: () => asking().states(),
    ask: (mirrors) => asking().ask(mirrors),
  };
  const addresses = await addressesNow(values);
  const node = createNode(
    nodeOptions(values, () => addresses),
    { clock, store, prober, event: () => {} },
  );
  const releases = createReleases(node, store, clock);
  releases.look();
  return {
    ...node,
    status: () => releases.withPhase(node.status()),
    ask: prober.ask,
    mirrors: prober.states,
    now: clock.now,
    object: store.getObject,
    owner: () => ownerOf(node.certsDir),
  };
};
