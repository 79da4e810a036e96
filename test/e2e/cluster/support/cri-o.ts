import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { atEnd } from '../../support/cleanup.ts';
import { type ClusterNode, containerdSocket } from './node.ts';

/** Of the answer to CRI's Version: field 2, the runtime's name. */
const told = Buffer.from('\x12\x0acontainerd');
/** As long as that, so that no frame around it changes: another name, and a field 15 that nobody knows. */
const instead = Buffer.from('\x12\x05cri-o\x7a\x03xxx');

const rename = (chunk: Buffer): Buffer => {
  const changed = Buffer.from(chunk);
  for (let at = changed.indexOf(told); at >= 0; at = changed.indexOf(told, at)) instead.copy(changed, at);
  return changed;
};

/** A node's containerd under the name of CRI-O; gives the path of its socket, as the node sees it. */
export const startCrio = async (t: TestContext, node: ClusterNode): Promise<string> => {
  // The node's own /run is a tmpfs that is not seen here; what lies in /var/lib/kubelet is seen by both.
  const name = '/var/lib/kubelet/crio.sock';
  const path = join(node.dir, name);
  const server = createServer((kubelet) => {
    const runtime = connect(join(`/proc/${node.pid}/root`, containerdSocket));
    kubelet.pipe(runtime);
    runtime.on('data', (chunk) => kubelet.write(rename(chunk)));
    for (const [one, other] of [
      [kubelet, runtime],
      [runtime, kubelet],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  atEnd(t, () => {
    server.close();
    rmSync(path, { force: true });
  });
  return name;
};
