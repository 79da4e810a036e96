import type { Mirror } from './gate/mirror.ts';
import { type MirrorContext, mirrorsOfFile, ownPorts, uniqueMirrors } from './gate/mirrors.ts';
import { nextOuts, type Outs } from './gate/standing.ts';
import type { PassInput } from './pass.ts';
import { isHostsFile, type Survey } from './survey.ts';
import { registryOf } from './tree.ts';

export type PassMirrors = {
  /** All that are probed. */
  readonly all: readonly Mirror[];
  /** Keys of those that a file of ours or Spegel's names already. */
  readonly standing: ReadonlySet<string>;
};

/** Files of ours that stand, without those where a stand-in carries Spegel's: these are looked at on their own. */
const ourFiles = (input: PassInput, survey: Survey): ReadonlyMap<string, Uint8Array> => {
  const found = new Map<string, Uint8Array>();
  for (const [path, owned] of survey) {
    const seen = input.tree.entries.get(path);
    if (isHostsFile(path) && owned.writer === 'ours' && seen?.kind === 'file') found.set(path, seen.bytes);
  }
  return found;
};

const wantedFiles = (input: PassInput): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...input.desired.units.values()].flatMap(({ registry, files }) =>
      files.flatMap(({ name, bytes }) => (name === 'hosts.toml' ? [[`${registry}/hosts.toml`, bytes] as const] : [])),
    ),
  );

/** Certificates and keys as the templates make them, else as they stand. */
const besideOf =
  (input: PassInput, registry: string) =>
  (name: string): Uint8Array | undefined => {
    const wanted = input.desired.units.get(registry)?.files.find((file) => file.name === name)?.bytes;
    const seen = input.tree.entries.get(`${registry}/${name}`);
    return wanted ?? (seen?.kind === 'file' ? seen.bytes : undefined);
  };

/** The mirrors that a node's files name or will name, and its own ports. With `gate: off`, Spegel's and the ports only. */
export const mirrorsOf = (input: PassInput, survey: Survey, spegel: ReadonlyMap<string, Uint8Array>): PassMirrors => {
  const { facts, desired, tools, settings } = input;
  const context: MirrorContext = { facts, ports: desired.ports, tools };
  const read = (files: ReadonlyMap<string, Uint8Array>, isSpegel: boolean): readonly Mirror[] =>
    [...files].flatMap(([path, bytes]) => {
      const registry = registryOf(path);
      return mirrorsOfFile(bytes, { registry, beside: besideOf(input, registry), spegel: isSpegel }, context);
    });
  const ofSpegel = read(spegel, true);
  if (settings.gate === 'off') {
    return { all: uniqueMirrors([...ofSpegel, ...ownPorts(context)]), standing: new Set() };
  }
  const ours = read(ourFiles(input, survey), false);
  const wanted = read(wantedFiles(input), false);
  return {
    all: uniqueMirrors([...ofSpegel, ...wanted, ...ours, ...ownPorts(context)]),
    standing: new Set([...ofSpegel, ...ours].map(({ key }) => key)),
  };
};

/** What a file's own marker says is out, where nothing else is remembered of it. */
const toldByMarkers = (input: PassInput, survey: Survey, mirrors: readonly Mirror[]): Outs => {
  const told: Record<string, readonly ['shallow']> = {};
  for (const [path, { marked }] of survey) {
    if (marked?.without === undefined || input.ledger.gate.files[path] !== undefined) continue;
    const registry = registryOf(path);
    for (const { key, url, registries } of mirrors) {
      if (registries.includes(registry) && marked.without.includes(url)) told[key] = ['shallow'];
    }
  }
  return told;
};

/** Which mirrors the gate holds out after the last samples. */
export const outsOf = (input: PassInput, survey: Survey, mirrors: readonly Mirror[]): Outs => {
  if (input.settings.gate === 'off') return {};
  const before = { ...toldByMarkers(input, survey, mirrors), ...input.ledger.gate.outs };
  return nextOuts(before, input.mirrors, mirrors);
};
