import type { CertsFacts, ProbedMirror } from '../core/doctor/doctor-facts.ts';
import { type NamedHost, namedHosts } from '../core/doctor/hosts-findings.ts';

const headersOf = ({ host }: NamedHost): Readonly<Record<string, string>> =>
  Object.fromEntries((host.header ?? []).map(({ name, value }) => [name, [value].flat().join(', ')]));

/** Where containerd would ask, with the `/v2/` that every registry answers. */
const urlsOf = ({ host }: NamedHost): readonly string[] => {
  const rest = `${host.host}${host.path.replace(/\/$/, '')}/`;
  return host.httpsFirst ? [`https://${rest}`, `http://${rest}`] : [`${host.scheme}://${rest}`];
};

const probeOne = async (
  named: NamedHost,
  files: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbedMirror> => {
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
    if (sample.kind === 'up') break;
  }
  return last;
};

/** One real request to each mirror that a file of certs.d names, each mirror once; upstreams are not asked. */
export const probeNamed = async (
  certs: CertsFacts,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly ProbedMirror[]> => {
  const groups = Map.groupBy(namedHosts(certs), (named) => JSON.stringify([named.host, named.ca, named.client]));
  return Promise.all(
    [...groups.values()].flatMap((group) => {
      const [first] = group;
      return first === undefined
        ? []
        : [probeOne(first, [...new Set(group.map(({ file }) => file))], timeoutMs, signal)];
    }),
  );
};
