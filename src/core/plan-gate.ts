import { parseContainerdVersion } from './containerd/containerd-version.ts';
import { withoutHosts } from './containerd/hosts-edit.ts';
import type { HostEntry } from './containerd/hosts-file.ts';
import { printHostsFile } from './containerd/hosts-print.ts';
import { type FileGate, giveBackLimits, heldBack, nextFileGate } from './gate/file-gate.ts';
import { mirrorKey } from './gate/mirrors.ts';
import { firstStanding, isReturning } from './gate/standing.ts';
import { currentOf } from './gate/verdict.ts';
import type { PlanInput } from './plan-input.ts';
import { shownUrl } from './shown-url.ts';
import { registryOf } from './tree.ts';
import { isSomebodys } from './writer.ts';

/** What the gate makes of one file's content. */
export type Gated = {
  readonly body: Uint8Array;
  /** URLs of mirrors taken out of the body. */
  readonly without: readonly string[];
  /** With `gate: observe`: what would have been taken out. */
  readonly would: readonly string[];
  /** One sentence about them; empty when none is out. */
  readonly detail: string;
  /** To be remembered; `undefined` when the gate does not act. */
  readonly gate: FileGate | undefined;
  /** Mirrors that one sample, or none in time, keeps out of a first file. */
  readonly firstOut: readonly string[];
};

/** The text of a file whose mirrors are all out. */
export const nothingLeft = '# every mirror of this file is withdrawn: containerd goes upstream\n';

type Keyed = { readonly key: string; readonly entry: HostEntry };

const keyed = (input: PlanInput, path: string, body: Uint8Array): readonly Keyed[] =>
  (input.tools.parse(body)?.hosts ?? []).map((entry) => ({
    key: mirrorKey(entry, registryOf(path), input.tools),
    entry,
  }));

/** A file without memory of it: what its own marker says is out stays out. */
const remembered = (input: PlanInput, path: string, hosts: readonly Keyed[]): FileGate | undefined => {
  const known = input.ledger.gate.files[path];
  const without = input.survey.get(path)?.marked?.without;
  if (known !== undefined || without === undefined) return known;
  const out = hosts.filter(({ entry }) => without.includes(entry.url)).map(({ key }) => key);
  return { out, leftOut: out, givenBack: [] };
};

const because = (input: PlanInput, gate: FileGate, isOut: (key: string) => boolean, out: readonly Keyed[]): string => {
  const seen = out.map(({ key, entry }) => {
    const state = input.mirrors.get(key);
    const detail = state === undefined ? undefined : currentOf(state)?.last.detail;
    return `${shownUrl(entry.url)}${detail === undefined ? '' : ` (${detail})`}`;
  });
  const held = heldBack(gate, isOut);
  const flaps =
    held === undefined ? '' : `; it flaps: given back ${giveBackLimits.count} times within an hour, now out for one`;
  return `withdrawn: ${seen.join(', ')}${flaps}`;
};

/** Mirrors of a file that no standing file names, each to be asked once before the file is written. */
const first = (input: PlanInput, path: string, hosts: readonly Keyed[]): readonly Keyed[] => {
  const writer = input.survey.get(path)?.writer ?? 'absent';
  const stood = path in input.ledger.written || (writer !== 'absent' && !isSomebodys(writer));
  return stood || input.settings.gate !== 'enforce' ? [] : hosts.filter(({ key }) => !input.known.has(key));
};

/** Until when a first file waits for the answers of its mirrors; `undefined`: nothing to wait for. */
export const awaitedUntil = (input: PlanInput, path: string, body: Uint8Array): number | undefined => {
  const open = first(input, path, keyed(input, path, body)).filter(
    ({ key }) => firstStanding(input.mirrors.get(key), input.now) === undefined,
  );
  if (open.length === 0) return undefined;
  return Math.min(...open.map(({ key }) => (input.mirrors.get(key)?.watchedSince ?? input.now) + 500));
};

/** Takes what is out from a file's content; the same bytes when nothing is. */
export const gateBody = (input: PlanInput, path: string, body: Uint8Array): Gated => {
  const open = { body, without: [], would: [], detail: '', gate: undefined, firstOut: [] };
  const { gate: mode } = input.settings;
  const hosts = mode === 'off' ? [] : keyed(input, path, body);
  const parsed = input.tools.parse(body);
  if (parsed === undefined || hosts.length === 0) return open;
  const firstOut = first(input, path, hosts)
    .filter(({ key }) => firstStanding(input.mirrors.get(key), input.now) === 'out')
    .map(({ key }) => key);
  const isOut = (key: string): boolean => key in input.outs || firstOut.includes(key);
  const standings = {
    isOut,
    isReturning: (key: string) => isReturning(input.outs, key, input.mirrors.get(key)),
    isLeftOut: (key: string) => firstOut.includes(key),
  };
  const keys = [...new Set(hosts.map(({ key }) => key))];
  const gate = nextFileGate(remembered(input, path, hosts), keys, standings, input.now);
  const out = hosts.filter(({ key }) => gate.out.includes(key));
  if (out.length === 0) return { ...open, gate: mode === 'enforce' ? gate : undefined };
  const urls = out.map(({ entry }) => entry.url);
  if (mode === 'observe') {
    const detail = because(input, { out: gate.out, givenBack: [] }, isOut, out);
    return { ...open, would: urls, detail: `would be ${detail}` };
  }
  const left = withoutHosts(parsed, (entry) => urls.includes(entry.url));
  const text = printHostsFile(left, { version: parseContainerdVersion(input.facts.containerdVersion ?? '') });
  const bytes = new TextEncoder().encode(text === '' ? nothingLeft : text);
  return { body: bytes, without: urls, would: [], detail: because(input, gate, isOut, out), gate, firstOut };
};

/** When time alone lets something back into a file that has flapped. */
export const reopensAt = (files: Readonly<Record<string, FileGate>>, now: number): number | undefined => {
  const times = Object.values(files).flatMap(({ closedUntil }) =>
    closedUntil !== undefined && closedUntil > now ? [closedUntil] : [],
  );
  return times.length === 0 ? undefined : Math.min(...times);
};
