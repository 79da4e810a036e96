import { parseContainerdVersion } from '../containerd/containerd-version.ts';
import { emptyHostsFile, type HostsFile } from '../containerd/hosts-file.ts';
import { printHostsFile } from '../containerd/hosts-print.ts';
import type { Desired } from '../desired.ts';
import type { Facts } from '../facts.ts';
import { mirrorsOfFile } from '../gate/mirrors.ts';
import { encodeWord } from '../marker.ts';
import { nothingLeft } from '../plan-gate.ts';
import type { Tools } from '../tools.ts';
import type { BootMirror } from './boot-plan.ts';

export type BootMirrors = { readonly mirrors: readonly BootMirror[]; readonly top: string; readonly alone: string };

const none: BootMirrors = { mirrors: [], top: '', alone: '' };

/**
 * The mirrors of a hosts.toml one by one, so that a node can put together what the gate would: the file without those
 * that are silent. Empty when the file cannot be taken apart this way.
 */
export const bootMirrors = (
  registry: string,
  bytes: Uint8Array,
  { facts, desired, tools }: { facts: Facts; desired: Desired; tools: Pick<Tools, 'parse' | 'sha256'> },
): BootMirrors => {
  const parsed = tools.parse(bytes);
  if (parsed === undefined || parsed.hosts.length === 0) return none;
  const version = parseContainerdVersion(facts.containerdVersion ?? '');
  const print = (file: HostsFile): string => printHostsFile(file, { version });
  const context = { facts, ports: desired.ports, tools };
  const probes = new Map(
    mirrorsOfFile(bytes, { registry, beside: () => undefined, spegel: false }, context).map(
      ({ url, probeUrls }) => [url, probeUrls[0] ?? ''] as const,
    ),
  );
  const mirrors = parsed.hosts.map((host) => ({
    url: host.url,
    probe: probes.get(host.url) ?? '',
    word: encodeWord(host.url),
    block: print({ ...emptyHostsFile, hosts: [host] }),
  }));
  const alone = print({ ...parsed, hosts: [] });
  const top = alone.replace(/(?:^|\n)\[host\]\n$/, '');
  const whole = [top, ...mirrors.map(({ block }) => block)].filter((part) => part !== '').join('\n');
  if (whole !== print(parsed)) return none;
  return { mirrors, top, alone: alone === '' ? nothingLeft : alone };
};
