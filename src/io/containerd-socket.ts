import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';
import { textOf } from '../core/error-text.ts';

export type SocketVersion = { readonly version: string } | { readonly error: string };

const method = '/containerd.services.version.v1.Version/Version';

/** The first field of a VersionResponse (api/services/version/v1/version.proto): tag 0x0a, length, text. */
const decodeVersion = (body: Buffer): string | undefined => {
  const message = body.subarray(5);
  if (message[0] !== 0x0a) return undefined;
  const length = message[1] ?? 0;
  return length > 0 && length < 0x80 && message.length >= 2 + length
    ? message.toString('utf8', 2, 2 + length)
    : undefined;
};

const ask = (session: ClientHttp2Session): Promise<SocketVersion> =>
  new Promise((resolve) => {
    session.on('error', (error) => resolve({ error: textOf(error) }));
    const request = session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let status = '';
    const note = (headers: IncomingHttpHeaders): void => {
      const code = headers['grpc-status'];
      if (code !== undefined) status = [code, headers['grpc-message'] ?? ''].flat().join(' ').trim();
    };
    request.on('response', note);
    request.on('trailers', note);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', (error) => resolve({ error: textOf(error) }));
    request.on('close', () => {
      const version = decodeVersion(Buffer.concat(chunks));
      resolve(
        version === undefined
          ? { error: status === '' ? 'an answer without a version' : `gRPC status ${status}` }
          : { version },
      );
    });
    // One message without content: not compressed, 0 bytes long.
    request.end(Buffer.alloc(5));
  });

/** Asks the running containerd for its version through its socket, by gRPC; never throws. */
export const socketVersion = async (path: string, timeoutMs: number, signal: AbortSignal): Promise<SocketVersion> => {
  const session = connect('http://localhost', { createConnection: () => createConnection(path) });
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
  const stopped = new Promise<SocketVersion>((resolve) => {
    limit.addEventListener('abort', () => resolve({ error: `no answer in ${timeoutMs} ms` }), { once: true });
  });
  const answer = await Promise.race([ask(session), stopped]);
  session.destroy();
  return answer;
};
