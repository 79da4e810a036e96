import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Running, run, startProcess, type Wrap } from './agent.ts';
import { architecture } from './image.ts';
import { until } from './until.ts';

/** Debian's docker-registry with its files in `storage`; its log is one JSON object per request. */
export const startRegistry = async (
  t: TestContext,
  options: { readonly dir: string; readonly listen: string; readonly wrap?: Wrap },
): Promise<Running> => {
  const file = join(options.dir, `registry-${options.listen.replaceAll(/[^\w.]/g, '-')}.yml`);
  writeFileSync(
    file,
    `version: 0.1
log: { formatter: json, level: info }
storage: { filesystem: { rootdirectory: ${join(options.dir, 'storage')} } }
http: { addr: '${options.listen}' }
`,
  );
  const registry = startProcess(t, [...(options.wrap ?? []), 'docker-registry', 'serve', file]);
  await until('the registry listens', () => registry.output().includes('listening on') || undefined, {
    otherwise: registry.output,
  });
  return registry;
};

export type Containerd = {
  readonly process: Running;
  readonly ctr: (...words: readonly string[]) => Promise<string>;
  /** The same, killed when it takes longer. */
  readonly ctrWithin: (limitMs: number, ...words: readonly string[]) => Promise<string>;
  /** A pull as kubelet asks for it: resolves with the image's id. */
  readonly pullOverCri: (image: string) => Promise<string>;
};

export type ContainerdOptions = {
  readonly dir: string;
  readonly certsDir: string;
  readonly wrap: Wrap;
  /** Where `containerd` and `ctr` lie; Debian's are on the PATH. */
  readonly bin?: string;
};

/** A containerd, of 1.6 or of 2.x, with all its files below `dir`. */
export const startContainerd = async (t: TestContext, options: ContainerdOptions): Promise<Containerd> => {
  const command = (name: string): string => (options.bin === undefined ? name : join(options.bin, name));
  const dir = join(options.dir, 'containerd');
  mkdirSync(dir, { recursive: true });
  const socket = join(dir, 'containerd.sock');
  const file = join(dir, 'config.toml');
  writeFileSync(
    file,
    `version = 2
root = '${dir}/root'
state = '${dir}/state'
[grpc]
address = '${socket}'
[ttrpc]
address = '${socket}.ttrpc'
[plugins.'io.containerd.grpc.v1.cri']
restrict_oom_score_adj = true
[plugins.'io.containerd.grpc.v1.cri'.containerd]
snapshotter = 'native'
[plugins.'io.containerd.grpc.v1.cri'.registry]
config_path = '${options.certsDir}'
[plugins.'io.containerd.internal.v1.opt']
path = '${dir}/opt'
# What only 2.x knows, and 1.6 passes over.
[plugins.'io.containerd.cri.v1.images']
snapshotter = 'native'
[plugins.'io.containerd.nri.v1.nri']
disable = true
[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]
platform = 'linux/${architecture}'
snapshotter = 'native'
`,
  );
  const process = startProcess(t, [...options.wrap, command('containerd'), '--config', file]);
  const client = [...options.wrap, command('ctr'), '--address', socket, '--namespace', 'e2e'];
  const ctr = (...words: readonly string[]): Promise<string> => run(t, [...client, ...words]);
  await until('containerd answers', () => ctr('version'), { otherwise: process.output });
  const ctrWithin = (limitMs: number, ...words: readonly string[]): Promise<string> =>
    run(t, [...client, ...words], limitMs);
  return { process, ctr, ctrWithin, pullOverCri: (image) => pullOverCri(socket, image) };
};

/** One field of a protobuf message that holds bytes. */
const field = (number: number, value: Buffer): Buffer => {
  if (value.length > 127) throw new Error('longer than this encoding goes');
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
};

/** `ImageService.PullImage` of the CRI, as gRPC has it: no client of it is in Debian. */
const pullOverCri = (socket: string, image: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const client = connectHttp2('http://localhost', { createConnection: () => connectSocket(socket) });
    client.on('error', reject);
    const call = client.request({
      ':method': 'POST',
      ':path': '/runtime.v1.ImageService/PullImage',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let status = '';
    const seen = (headers: IncomingHttpHeaders): void => {
      const code = headers['grpc-status'];
      if (typeof code === 'string') status = [code, headers['grpc-message'] ?? ''].flat().join(' ').trim();
    };
    call.on('response', seen);
    call.on('trailers', seen);
    call.on('data', (chunk: Buffer) => chunks.push(chunk));
    call.on('error', reject);
    call.on('end', () => {
      client.close();
      // 5 bytes of frame, then field 1: the reference of the image.
      if (status === '0') resolve(Buffer.concat(chunks).subarray(7).toString());
      else reject(new Error(`CRI: ${decodeURIComponent(status)}`));
    });
    const message = field(1, field(1, Buffer.from(image)));
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    call.end(Buffer.concat([frame, message]));
  });
