import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { reply, serveImage } from './registry-answers.ts';
import { type Asked, ports } from './registry-world.ts';

// A process of its own, to be run inside a network of its own: all registries of a test, told apart by the host name
// that they are asked by. Each request is in the file `asked` of the directory on its command line before the answer.

const [dir = '.'] = process.argv.slice(2);

const write = (asked: Asked): void => appendFileSync(join(dir, 'asked'), `${JSON.stringify(asked)}\n`);

/** What a registry does is the first word of its name. */
const answer =
  (scheme: string) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const host = request.headers.host ?? '';
    const url = new URL(request.url ?? '/', `${scheme}://${host}`);
    write({ host, method: request.method ?? '', url: url.href });
    if (host.startsWith('empty')) reply(response, 404, 'application/json', '{}');
    else if (host.startsWith('broken')) reply(response, 500, 'text/plain', 'broken');
    else if (host.startsWith('mute')) request.socket.destroy();
    else serveImage(response, url.pathname);
  };

/** TLS at a port that speaks HTTP: there is a name in it, or it was asked by its address. */
const noteTls = (error: Error, address: string, port: number): void => {
  const packet = 'rawPacket' in error && error.rawPacket instanceof Buffer ? error.rawPacket : Buffer.alloc(0);
  if (packet[0] !== 0x16) return;
  const name = /[a-z][a-z0-9-]*\.test|localhost/.exec(packet.toString('latin1'))?.[0];
  const own = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : `[${address}]`;
  write({ host: `${name ?? own}:${port}` });
};

const certificate = { cert: readFileSync(join(dir, 'cert.pem')), key: readFileSync(join(dir, 'key.pem')) };

const plain = createServer(answer('http'));
plain.on('clientError', (error, socket) => {
  if (socket instanceof Socket) noteTls(error, socket.localAddress ?? '', ports.http);
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
});
plain.listen(ports.http, '::');
for (const port of ports.https) createTlsServer(certificate, answer('https')).listen(port, '::');
appendFileSync(join(dir, 'asked'), '');
process.stdout.write('listening\n');
