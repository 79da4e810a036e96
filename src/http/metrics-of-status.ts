import { verdicts } from '../core/gate/verdict.ts';
import type { FileStatus, MirrorStatus, Status } from '../core/status.ts';
import type { Sample } from './family.ts';
import { limitLabels, overflow } from './label-limit.ts';

/** The ports that Kublr's document names are always there. */
const documentPorts = { '30020': 'local', '30021': 'service' } as const;
const mostMirrors = 60;
const mostFiles = 250;
const mostDeadly = 50;

type Place = { readonly port: string; readonly role: string; readonly address: string };

const placeOf = ({ port, role, address }: MirrorStatus): Place => ({ port: String(port), role, address });

const missing = (status: Status): readonly Place[] =>
  Object.entries(documentPorts)
    .filter(([port, role]) => !status.mirrors.some((one) => String(one.port) === port && one.role === role))
    .map(([port, role]) => ({ port, role, address: status.node.addresses[0] ?? '' }));

/** This node's own ports first, so that they are never those beyond the limit. */
const nearFirst = (mirrors: readonly MirrorStatus[]): readonly MirrorStatus[] => {
  const rank = ({ role }: MirrorStatus): number => (role === 'local' || role === 'service' ? 0 : 1);
  return mirrors.toSorted((a, b) => rank(a) - rank(b));
};

/** Several mirrors of one address and port (other paths, other certificates) are one series: the worst counts. */
export const mirrorSamples = (
  status: Status,
): { readonly up: readonly Sample[]; readonly verdict: readonly Sample[] } => {
  const limit = limitLabels(mostMirrors, [0, 2]);
  const places = new Map<string, { readonly place: Place; readonly up: boolean; readonly verdict: string }>();
  for (const mirror of nearFirst(status.mirrors)) {
    const { port, role, address } = placeOf(mirror);
    const [shownPort = '', shownRole = '', shownAddress = ''] = limit(port, role, address);
    const place = { port: shownPort, role: shownRole, address: shownAddress };
    const key = JSON.stringify(place);
    const known = places.get(key);
    const up = mirror.verdict === 'up';
    if (known === undefined || (known.up && !up)) places.set(key, { place, up, verdict: mirror.verdict });
  }
  for (const place of missing(status)) places.set(JSON.stringify(place), { place, up: false, verdict: 'unknown' });
  const all = [...places.values()];
  return {
    up: all.map(({ place, up }) => ({ labels: place, value: Number(up) })),
    verdict: all.flatMap(({ place, verdict }) =>
      verdicts.map((one) => ({ labels: { ...place, verdict: one }, value: Number(one === verdict) })),
    ),
  };
};

const registryOf = (path: string): string => path.slice(0, Math.max(path.indexOf('/'), 0)) || path;

const isHosts = ({ path }: FileStatus): boolean => path.endsWith('/hosts.toml') && path.split('/').length === 2;

const writerOf = ({ writer, standIn }: FileStatus): string => (standIn === undefined ? writer : `ours-${standIn}`);

const summed = (
  files: readonly FileStatus[],
  most: number,
  label: string,
  labelOf: (file: FileStatus) => string | undefined,
): readonly Sample[] => {
  const limit = limitLabels(most, [0]);
  const found = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();
  for (const file of files) {
    const [registry = '', value = ''] = limit(registryOf(file.path), labelOf(file) ?? '');
    const labels: Record<string, string> = labelOf(file) === undefined ? { registry } : { registry, [label]: value };
    const key = JSON.stringify(labels);
    const known = found.get(key);
    if (known === undefined) found.set(key, { labels, value: 1 });
    // What lies beyond the limit is counted together.
    else if (registry === overflow) known.value += 1;
  }
  return [...found.values()];
};

/** Which hosts.toml stands, and why; `_default` is never among those beyond the limit. */
export const fileSamples = (
  status: Status,
): {
  readonly writer: readonly Sample[];
  readonly effective: readonly Sample[];
  readonly deadly: readonly Sample[];
} => {
  const files = status.files.filter(isHosts);
  const first = files.toSorted(
    (a, b) => Number(b.path.startsWith('_default/')) - Number(a.path.startsWith('_default/')),
  );
  return {
    writer: summed(first, mostFiles, 'writer', writerOf),
    effective: summed(first, mostFiles, 'reason', ({ reason }) => reason),
    deadly: summed(
      status.files.filter(({ deadly }) => deadly !== undefined),
      mostDeadly,
      '',
      () => undefined,
    ),
  };
};

/** How many problems of each code the status tells; the codes are ours, so they are few. */
export const problemSamples = ({ problems }: Status): readonly Sample[] => {
  const found = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();
  for (const { severity, code } of problems) {
    const key = `${severity} ${code}`;
    const known = found.get(key) ?? { labels: { severity, code }, value: 0 };
    known.value += 1;
    found.set(key, known);
  }
  return [...found.values()];
};
