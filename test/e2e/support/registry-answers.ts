import type { ServerResponse } from 'node:http';
import { digestOf, imageNamed, types } from './image.ts';

/** Answers whole. */
export const reply = (response: ServerResponse, status: number, type: string, body: Uint8Array | string): void => {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
};

/** What the path of a request asks for: a blob, or anything else. */
export const isBlob = (path: string): boolean => /\/blobs\/sha256:/.test(path);

/** Answers as a registry that has every image: the name says what is in it. */
export const serveImage = (response: ServerResponse, path: string): void => {
  const [, name = '', kind, reference = ''] = /([^/]+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  const image = imageNamed(name);
  const blob = image.blobs.find((one) => digestOf(one) === reference);
  if (kind === 'manifests' && (!reference.includes(':') || reference === image.digest)) {
    response.setHeader('docker-content-digest', image.digest);
    reply(response, 200, types.manifest, image.manifest);
  } else if (kind === 'blobs' && blob !== undefined) reply(response, 200, 'application/octet-stream', blob);
  else reply(response, 404, 'application/json', '{}');
};
