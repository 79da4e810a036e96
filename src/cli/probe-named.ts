import type { ImageReference } from '../core/containerd/image-reference.ts';
import type { CertsFacts, ProbedMirror } from '../core/doctor/doctor-facts.ts';
import { type NamedHost, namedHosts } from '../core/doctor/hosts-findings.ts';

const headersOf = ({ host }: NamedHost): Readonly<Record<string, string>> =>
  Object.fromEntries((host.header ?? []).map(({ name, value }) => [name, [value].flat().join(', ')]));

/** Where containerd would ask, with the `/v2/` that every registry answers. */
const urlsOf = ({ host }: NamedHost): readonly string[] => {
  const rest = `${host.host}${host.path.replace(/\/$/, '')}/`;
  return host.httpsFirst ? [`https://${rest}`, `http://${rest}`] : [`${host.scheme}://${rest}`];
};

/** An image that is read through the mirrors of its file. */
export type ReadThrough = { readonly image: ImageReference; readonly file: string };

const stallMs = 10_000;

const readBy = async (
  named: NamedHost,
  base: string,
  { image }: ReadThrough,
  signal: AbortSignal,
): Promise<Pick<ProbedMirror, 'reading'>> => {
  const { readImage } = await import('../io/read-image.ts');
  const { namespace: registry, repository, digest, tag } = image;
  const reading = await readImage({
    base,
    registry,
    repository,
    reference: digest ?? tag ?? 'latest',
    stallMs,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    headers: headersOf(named),
    tls: {
      ...(named.ca.length === 0 ? {} : { ca: [...named.ca] }),
      ...named.client,
      rejectUnauthorized: named.host.skipVerify !== true,
    },
    signal,
  });
  return { reading };
};

type Asking = {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly through: ReadThrough | undefined;
};

const probeOne = async (named: NamedHost, files: readonly string[], asking: Asking): Promise<ProbedMirror> => {
  const { timeoutMs, signal, through } = asking;
  const { probeMirror } = await import('../io/probe.ts');
  const shown = { url: named.host.url, files };
  const urls = urlsOf(named).filter((url) => URL.canParse(url) && /^https?:/.test(url));
  let last: ProbedMirror = { ...shown, kind: 'erroring', latencyMs: 0, detail: 'its URL cannot be asked' };
  for (const url of urls) {
    const sample = await probeMirror({
      url,
      timeoutMs,
      headers: headersOf(named),
      ...(named.ca.length === 0 ? {} : { ca: named.ca }),
      ...(named.client === undefined ? {} : named.client),
      skipVerify: named.host.skipVerify === true,
      signal,
    });
    last = { ...shown, ...sample, latencyMs: Math.round(sample.latencyMs) };
    if (sample.kind !== 'up') continue;
    if (through === undefined || !files.includes(through.file)) return last;
    return { ...last, ...(await readBy(named, url, through, signal)) };
  }
  return last;
};

/** One real request to each mirror that a file of certs.d names, each mirror once; upstreams are not asked. */
export const probeNamed = async (certs: CertsFacts, asking: Asking): Promise<readonly ProbedMirror[]> => {
  const groups = Map.groupBy(namedHosts(certs), (named) => JSON.stringify([named.host, named.ca, named.client]));
  return Promise.all(
    [...groups.values()].flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [probeOne(first, [...new Set(group.map(({ file }) => file))], asking)];
    }),
  );
};
