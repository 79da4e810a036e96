import type { HeldImage } from './facts.ts';

/** What the cluster tells of this node; everything may be missing. */
export type LearnedFacts = {
  readonly runtime?: string;
  readonly containerdVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly heldImages?: readonly HeldImage[];
  readonly controlPlane?: readonly string[];
};

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const strings = (value: unknown): readonly string[] =>
  list(value).filter((one): one is string => typeof one === 'string');

const mostImages = 20;

/** `registry/repository@digest`, as kubelet reports images; names without a digest are no help. */
const heldImage = (name: string): HeldImage | undefined => {
  const match = /^([^/@]+)\/([^@]+)@(sha256:[0-9a-f]{64})$/.exec(name);
  if (match === null) return undefined;
  const [, registry = '', repository = '', digest = ''] = match;
  return /[.:]|^localhost$/.test(registry) ? { registry, repository, digest } : undefined;
};

/** Runtime, its version, labels and images of a Node object (v1). */
export const factsOfNode = (node: unknown): LearnedFacts => {
  const { metadata, status } = record(node);
  const { nodeInfo, images } = record(status);
  const told = record(nodeInfo)['containerRuntimeVersion'];
  const [, runtime = '', version = ''] = /^([a-z0-9-]+):\/\/(.*)$/.exec(typeof told === 'string' ? told : '') ?? [];
  const labels = Object.entries(record(record(metadata)['labels'])).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const held = list(images).flatMap((image) =>
    strings(record(image)['names']).flatMap((name) => heldImage(name) ?? []),
  );
  return {
    ...(runtime === '' ? {} : { runtime }),
    ...(runtime === 'containerd' && version !== '' ? { containerdVersion: version } : {}),
    labels: Object.fromEntries(labels),
    heldImages: held.slice(0, mostImages),
  };
};

/** The addresses behind the Service `kubernetes` (EndpointSlices, discovery.k8s.io/v1); those that are not ready are left out. */
export const controlPlaneOfSlices = (slices: unknown): readonly string[] => {
  const found = list(record(slices)['items']).flatMap((slice) =>
    /^IPv[46]$/.test(String(record(slice)['addressType']))
      ? list(record(slice)['endpoints']).flatMap((endpoint) =>
          record(record(endpoint)['conditions'])['ready'] === false ? [] : strings(record(endpoint)['addresses']),
        )
      : [],
  );
  return [...new Set(found)];
};
