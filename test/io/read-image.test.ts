import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type Reading, readImage } from '../../src/io/read-image.ts';

const digestOf = (bytes: Buffer): string => `sha256:${hash('sha256', bytes, 'hex')}`;
const layer = Buffer.from('x'.repeat(100_000));
const config = Buffer.from('{}');
const manifest = Buffer.from(
  JSON.stringify({ config: { digest: digestOf(config) }, layers: [{ digest: digestOf(layer) }] }),
);
const other = Buffer.from(JSON.stringify({ config: { digest: 'sha256:no' }, layers: [] }));
const index = Buffer.from(
  JSON.stringify({
    manifests: [
      { digest: digestOf(other), platform: { architecture: 's390x' } },
      { digest: digestOf(manifest), platform: { architecture: 'amd64' } },
    ],
  }),
);
const content = new Map([manifest, other, config, layer].map((bytes) => [digestOf(bytes), bytes]));

const serve = async (t: TestContext, handle: RequestListener): Promise<string> => {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`;
};

/** A registry that has one image, and does something else with its layer. */
const registry =
  (
    top: Buffer,
    withLayer: (response: ServerResponse) => unknown = (response) => response.end(layer),
  ): RequestListener =>
  (request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const last = path.split('/').at(-1) ?? '';
    if (!path.startsWith('/v2/tools/hello/')) response.writeHead(404).end();
    else if (last === digestOf(layer)) withLayer(response);
    else response.end(last === 'v1' ? top : content.get(last));
  };

const read = (base: string, repository = 'tools/hello'): Promise<Reading> =>
  readImage({
    base,
    repository,
    registry: 'registry.test',
    reference: 'v1',
    stallMs: 200,
    architecture: 'amd64',
    headers: { authorization: 'Basic eA==' },
    tls: {},
    signal: new AbortController().signal,
  });

describe('an image that is read through a mirror', () => {
  for (const [what, top] of [
    ['an image', manifest],
    ['an image of several platforms', index],
  ] as const) {
    it(`is whole: ${what}`, async (t) => {
      assert.deepEqual(await read(await serve(t, registry(top))), { kind: 'whole', detail: '2 blobs, 100002 bytes' });
    });
  }

  it('is missing: the mirror has it not, or refuses', async (t) => {
    assert.deepEqual(await read(await serve(t, registry(manifest)), 'tools/none'), {
      kind: 'missing',
      detail: 'the manifest: answers 404',
    });
    assert.equal((await read('http://127.0.0.1:1/v2/')).kind, 'missing');
  });

  it('stalls: in the middle of a blob, before it, or at the manifest', async (t) => {
    const half = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 50_000));
    };
    const middle = await read(await serve(t, registry(manifest, half)));
    assert.equal(middle.kind, 'stalls');
    assert.match(middle.detail, /^blob sha256:[0-9a-f]{12}…: 50000 of 100000 bytes, then nothing for 0\.2 s$/);
    assert.equal(
      (
        await read(
          await serve(
            t,
            registry(manifest, () => undefined),
          ),
        )
      ).kind,
      'stalls',
    );
    assert.equal((await read(await serve(t, () => undefined))).kind, 'stalls');
  });

  it('is broken: it ends too early, or is something else', async (t) => {
    const short = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 50_000), () => response.destroy());
    };
    assert.match(
      (await read(await serve(t, registry(manifest, short)))).detail,
      /50000 of 100000 bytes, then it breaks/,
    );
    const page = (response: ServerResponse): unknown => response.end('<html>');
    const wrong = await read(await serve(t, registry(manifest, page)));
    assert.deepEqual([wrong.kind, /6 bytes that are something else/.test(wrong.detail)], ['broken', true]);
    assert.equal((await read(await serve(t, (_request, response) => response.end('<html>')))).kind, 'broken');
  });

  it('follows a redirect, without the header of the file', async (t) => {
    const seen: (string | undefined)[] = [];
    const store = await serve(t, (request, response) => {
      seen.push(request.headers.authorization);
      response.end(layer);
    });
    const away = (response: ServerResponse): unknown => response.writeHead(307, { location: store }).end();
    assert.equal((await read(await serve(t, registry(manifest, away)))).kind, 'whole');
    assert.deepEqual(seen, [undefined]);
  });
});
