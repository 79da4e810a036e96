import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { textOf } from '../core/error-text.ts';

/** How one image came through one mirror. `missing`: it has it not, or not all of it; the next host is asked. */
export type Reading = {
  readonly kind: 'whole' | 'missing' | 'stalls' | 'broken';
  /** For people; never holds a header or a body. */
  readonly detail: string;
};

export type ReadImageOptions = {
  /** Up to and with `/v2/` or what stands in its place. */
  readonly base: string;
  readonly registry: string;
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  /** So long without a byte is a stall, in milliseconds. */
  readonly stallMs: number;
  /** `linux` images of this architecture, as Go calls it, out of an index. */
  readonly architecture: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<import('node:https').RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;
  readonly signal: AbortSignal;
};

type Body = { readonly status: number; readonly bytes: Buffer; readonly length: number; readonly digest: string };
type Descriptor = { readonly digest: string; readonly platform?: { readonly architecture?: string } };
type Manifest = {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
};

class Stop extends Error {
  readonly reading: Reading;
  constructor(kind: Reading['kind'], detail: string) {
    super(detail);
    this.reading = { kind, detail };
  }
}

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const largestManifest = 4 * 1024 * 1024;
const mostRequests = 10;
const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

const open = (url: URL, options: ReadImageOptions, what: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const own = url.host === new URL(options.base).host;
    const settings: RequestOptions = {
      headers: { 'user-agent': 'handspegel', accept, ...(own ? options.headers : {}) },
      agent: false,
      signal: options.signal,
      timeout: options.stallMs,
      ...options.tls,
    };
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    let answered = false;
    const asking = send(url, settings, (response) => {
      answered = true;
      resolve(response);
    });
    asking.on('timeout', () => {
      // How an answer that has begun ends is told by its body.
      if (!answered) asking.destroy(new Stop('stalls', `${what}: no answer for ${options.stallMs / 1_000} s`));
    });
    asking.on('error', reject);
    asking.end();
  });

/** Reads to the end; only what is asked for is kept in memory. */
const read = async (response: IncomingMessage, keep: boolean, stallMs: number, what: string): Promise<Body> => {
  const size = response.headers['content-length'];
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  let length = 0;
  const got = (): string => `${what}: ${length} of ${size ?? 'an unknown number of'} bytes`;
  response.setTimeout(stallMs, () => {
    response.destroy(new Stop('stalls', `${got()}, then nothing for ${stallMs / 1_000} s`));
  });
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      hash.update(chunk);
      if (keep && length <= largestManifest) chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Stop) throw error;
    throw new Stop('broken', `${got()}, then it breaks off`);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  return { status: response.statusCode ?? 0, bytes: Buffer.concat(chunks), length, digest };
};

const get = async (path: string, options: ReadImageOptions, keep: boolean, what: string): Promise<Body> => {
  let url = new URL(path, options.base);
  url.searchParams.set('ns', options.registry);
  for (let requests = 1; ; requests += 1) {
    const response = await open(url, options, what);
    const { location } = response.headers;
    if (!isRedirect(response.statusCode ?? 0) || location === undefined || requests === mostRequests) {
      return read(response, keep, options.stallMs, what);
    }
    response.resume();
    url = new URL(location, url);
  }
};

const getContent = async (path: string, options: ReadImageOptions, keep: boolean, what: string): Promise<Body> => {
  const body = await get(path, options, keep, what);
  if (body.status !== 200) throw new Stop('missing', `${what}: answers ${body.status}`);
  const wanted = /sha256:[0-9a-f]{64}$/.exec(path)?.[0];
  if (wanted !== undefined && wanted !== body.digest) {
    throw new Stop('broken', `${what}: ${body.length} bytes that are something else`);
  }
  return body;
};

const parse = ({ bytes }: Body): Manifest => {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Manifest) : {};
  } catch {
    throw new Stop('broken', 'its manifest is no JSON');
  }
};

const readAll = async (options: ReadImageOptions): Promise<Reading> => {
  const { repository, reference, architecture } = options;
  const manifest = async (which: string): Promise<Manifest> =>
    parse(await getContent(`${repository}/manifests/${which}`, options, true, 'the manifest'));
  let found = await manifest(reference);
  const [first] = (found.manifests ?? []).toSorted(
    (a, b) => Number(b.platform?.architecture === architecture) - Number(a.platform?.architecture === architecture),
  );
  if (first !== undefined) found = await manifest(first.digest);
  const blobs = [...(found.config === undefined ? [] : [found.config]), ...(found.layers ?? [])];
  if (blobs.length === 0) throw new Stop('broken', 'its manifest names no content');
  let length = 0;
  for (const { digest } of blobs) {
    const what = `blob ${digest.slice(0, 19)}…`;
    length += (await getContent(`${repository}/blobs/${digest}`, options, false, what)).length;
  }
  return { kind: 'whole', detail: `${blobs.length} blobs, ${length} bytes` };
};

/**
 * Reads an image through a mirror as a pull would, each blob to its end, and compares the digests. Nothing is kept.
 * Resolves whatever happens.
 */
export const readImage = async (options: ReadImageOptions): Promise<Reading> => {
  try {
    return await readAll(options);
  } catch (error) {
    return error instanceof Stop ? error.reading : { kind: 'missing', detail: textOf(error) };
  }
};
