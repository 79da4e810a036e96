import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Agent, startReadyAgent } from './support/agent.ts';
import { createNetwork, type Namespace } from './support/namespaces.ts';
import { createPlace, type Place } from './support/place.ts';
import { stays, together } from './support/until.ts';

const path = 'both.example.com/hosts.toml';
/** The built-in file names the first address, as Spegel's does; a template may ask for all. */
const config = `
extensions:
  both:
    path: templates/root_dir/etc/containerd/certs.d/${path}
    content: |
      {{ range .config.node_address_ips }}
      [host.'http://{{ if contains ":" . }}[{{ . }}]{{ else }}{{ . }}{{ end }}:30020']
      capabilities = ['pull', 'resolve']
      {{ end }}
`;
const first = { v4: '10.78.0.2', v6: 'fd00:78::2' };
const next = { v4: '10.78.0.3', v6: 'fd00:78::3' };
const routes = 'ip route replace default via 10.78.0.1; ip -6 route replace default via fd00:78::1 dev eth0';

type Home = { readonly network: Namespace; readonly place: Place; readonly agent: Agent };

/** An agent in a network of its own; `given`: it is told its addresses, as from status.hostIPs. */
const begin = async (t: TestContext, given: boolean): Promise<Home> => {
  const network = await createNetwork(t, [`${first.v4}/24`, `${first.v6}/64`]);
  await network.sh(routes);
  const place = createPlace(t, { config, nodeIp: given ? [first.v4, first.v6] : [] });
  const agent = await startReadyAgent(t, place, { wrap: network.wrap });
  await agent.until('a file for both families', () => names(place, first.v4, first.v6) || undefined);
  return { network, place, agent };
};

const urls = (place: Place, file = path): readonly string[] =>
  [...(place.body(file) ?? '').matchAll(/^\[host\.'(.*)'\]$/gm)].map((match) => match[1] ?? '');

/** Exactly these, in this order; the built-in file the first of them. */
const names = (place: Place, v4: string, v6: string): boolean =>
  urls(place).join() === `http://${v4}:30020,http://[${v6}]:30020` &&
  urls(place, '_default/hosts.toml').join() === `http://${v4}:30020`;

for (const given of [true, false]) {
  describe(`an address of the node changes, ${given ? 'with' : 'without'} --node-ip`, together, () => {
    it('of IPv4: the file is rewritten once, and nothing is restarted', async (t) => {
      const { network, place, agent } = await begin(t, given);
      const written = place.writes(path);
      await network.sh(
        `ip addr add ${next.v4}/24 dev eth0; ip addr del ${first.v4}/24 dev eth0; ip route replace default via 10.78.0.1`,
      );
      const ms = await agent.until('the new address', () => names(place, next.v4, first.v6) || undefined);
      t.diagnostic(`rewritten after ${Math.round(ms)} ms`);
      await stays('the file as it is', 2_500, () => names(place, next.v4, first.v6));
      assert.equal(place.writes(path), written + 1);
    });

    it('of IPv6: the file is rewritten once', async (t) => {
      const { network, place, agent } = await begin(t, given);
      const written = place.writes(path);
      await network.sh(`ip addr add ${next.v6}/64 dev eth0 nodad; ip addr del ${first.v6}/64 dev eth0`);
      const ms = await agent.until('the new address', () => names(place, first.v4, next.v6) || undefined);
      t.diagnostic(`rewritten after ${Math.round(ms)} ms`);
      await stays('the file as it is', 2_500, () => names(place, first.v4, next.v6));
      assert.equal(place.writes(path), written + 1);
    });

    it('in both families and back again: each time once', async (t) => {
      const { network, place, agent } = await begin(t, given);
      const written = place.writes(path);
      const swap = (from: typeof first, to: typeof first): string =>
        `ip addr add ${to.v4}/24 dev eth0; ip addr add ${to.v6}/64 dev eth0 nodad
         ip addr del ${from.v4}/24 dev eth0; ip addr del ${from.v6}/64 dev eth0
         ip route replace default via 10.78.0.1`;
      await network.sh(swap(first, next));
      await agent.until('the new addresses', () => names(place, next.v4, next.v6) || undefined);
      await network.sh(swap(next, first));
      await agent.until('the old addresses', () => names(place, first.v4, first.v6) || undefined);
      await stays('the file as it is', 2_500, () => names(place, first.v4, first.v6));
      // One family may be seen a second before the other.
      assert.ok(place.writes(path) - written <= 4, `${place.writes(path) - written} writes`);
    });
  });
}

describe('an address that is none of the node', together, () => {
  it('comes and goes on the same interface: nothing is written', async (t) => {
    const { network, place } = await begin(t, true);
    const stamp = place.stamp(path);
    const written = place.writes(path);
    await network.sh('ip addr add 10.78.0.77/24 dev eth0');
    await stays('the file unchanged', 2_500, () => place.stamp(path) === stamp);
    await network.sh('ip addr del 10.78.0.77/24 dev eth0; ip link add other0 type veth peer name other1');
    await network.sh('ip addr add 10.79.0.2/24 dev other0; ip link set other0 up');
    await stays('the file unchanged', 2_500, () => place.stamp(path) === stamp);
    assert.equal(place.writes(path), written);
  });

  it('of a node that has IPv6 only: the built-in file follows it', async (t) => {
    const network = await createNetwork(t, [`${first.v6}/64`]);
    await network.sh('ip -6 route add default via fd00:78::1 dev eth0');
    const place = createPlace(t, { nodeIp: [] });
    const agent = await startReadyAgent(t, place, { wrap: network.wrap });
    const file = '_default/hosts.toml';
    assert.deepEqual(urls(place, file), [`http://[${first.v6}]:30020`]);
    await network.sh(`ip addr add ${next.v6}/64 dev eth0 nodad; ip addr del ${first.v6}/64 dev eth0`);
    const changed = (): boolean => urls(place, file).join() === `http://[${next.v6}]:30020`;
    await agent.until('the new address', () => (changed() && place.writes(file) > 1) || undefined);
    assert.equal(place.writes(file), 2);
  });

  it('the interface goes for a while: the last known address stays in the file', async (t) => {
    const { network, place, agent } = await begin(t, false);
    const stamp = place.stamp(path);
    await network.sh(`ip addr flush dev eth0`);
    await stays('the file unchanged', 2_500, () => place.stamp(path) === stamp);
    await network.sh(`ip addr add ${next.v4}/24 dev eth0; ip addr add ${next.v6}/64 dev eth0 nodad; ${routes}`);
    await agent.until('the new addresses', () => names(place, next.v4, next.v6) || undefined);
  });
});
