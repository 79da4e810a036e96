import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultSource, defaultSources, followAddresses, type Homes, readInterfaces } from '../../src/io/addresses.ts';

type Table = Readonly<Record<string, readonly string[]>>;

/** The addresses after a row of looks at the interfaces. */
const after = (given: readonly string[], ...looks: readonly Table[]): readonly string[] => {
  let state: { addresses: readonly string[]; homes: Homes } = { addresses: given, homes: new Map() };
  for (const look of looks) state = followAddresses(state.addresses, state.homes, new Map(Object.entries(look)));
  return state.addresses;
};

describe('followAddresses', () => {
  it('keeps what stands, in its order', () => {
    const table = { eth0: ['10.0.0.5', 'fd00::5'], eth1: ['192.168.0.1'] };
    assert.deepEqual(after(['fd00::5', '10.0.0.5'], table, table), ['fd00::5', '10.0.0.5']);
    assert.deepEqual(after(['10.0.0.5', '10.0.0.5'], table), ['10.0.0.5']);
    assert.deepEqual(after([], table), []);
  });

  it('replaces what went by what is new of its family on its interface', () => {
    const before = { eth0: ['10.0.0.5', 'fd00::5'], eth1: ['192.168.0.1'] };
    assert.deepEqual(after(['10.0.0.5', 'fd00::5'], before, { eth0: ['fd00::5', '10.0.0.6'], eth1: ['192.168.0.1'] }), [
      '10.0.0.6',
      'fd00::5',
    ]);
    assert.deepEqual(after(['10.0.0.5', 'fd00::5'], before, { eth0: ['10.0.0.6', 'fd00::6'] }), [
      '10.0.0.6',
      'fd00::6',
    ]);
  });

  it('replaces it also when old and new overlapped, or there was a time without any', () => {
    const old = { eth0: ['10.0.0.5'] };
    const renewed = { eth0: ['10.0.0.6'] };
    assert.deepEqual(after(['10.0.0.5'], old, { eth0: ['10.0.0.5', '10.0.0.6'] }, renewed), ['10.0.0.6']);
    assert.deepEqual(after(['10.0.0.5'], old, {}), ['10.0.0.5']);
    assert.deepEqual(after(['10.0.0.5'], old, {}, {}, renewed), ['10.0.0.6']);
    assert.deepEqual(after(['10.0.0.5'], old, {}, old), ['10.0.0.5']);
    assert.deepEqual(after(['10.0.0.5'], old, renewed, old), ['10.0.0.5']);
  });

  it('never takes a virtual address that stood beside it, nor one of another interface or family', () => {
    const before = { eth0: ['10.0.0.5', '10.0.0.100'], cni0: ['10.244.0.1'] };
    assert.deepEqual(after(['10.0.0.5'], before, { eth0: ['10.0.0.100', 'fd00::5'], cni0: ['10.244.1.1'] }), [
      '10.0.0.5',
    ]);
    const renewed = { eth0: ['10.0.0.100', '10.0.0.6'] };
    assert.deepEqual(after(['10.0.0.5'], before, { eth0: ['10.0.0.100'] }, renewed), ['10.0.0.6']);
  });

  it('follows an address that moves to another interface', () => {
    const before = { eth0: ['10.0.0.5'] };
    assert.deepEqual(after(['10.0.0.5'], before, { br0: ['10.0.0.5'] }, { br0: ['10.0.0.6'] }), ['10.0.0.6']);
  });

  it('gives each address an heir of its own', () => {
    const before = { eth0: ['10.0.0.5', '10.0.0.6'] };
    const later = { eth0: ['10.0.1.5', '10.0.1.6'] };
    assert.deepEqual(after(['10.0.0.5', '10.0.0.6'], before, later), ['10.0.1.5', '10.0.1.6']);
    assert.deepEqual(after(['10.0.0.5', '10.0.0.6'], before, { eth0: ['10.0.1.5'] }), ['10.0.1.5', '10.0.0.6']);
  });

  it('keeps an address as given that never stood on an interface', () => {
    const look = { eth0: ['10.0.0.5'] };
    assert.deepEqual(after(['203.0.113.9'], look, { eth0: ['10.0.0.6'] }), ['203.0.113.9']);
  });

  it('never loses or doubles an address, whatever the interfaces do', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'fd00::2', 'fd00::3');
    const table = fc.dictionary(fc.constantFrom('eth0', 'eth1'), fc.uniqueArray(address));
    fc.assert(
      fc.property(fc.uniqueArray(address), fc.array(table), (given, looks) => {
        const found = after(given, ...looks);
        assert.equal(new Set(found).size, given.length);
        assert.deepEqual(found.map(isIP), given.map(isIP));
      }),
    );
  });
});

describe('readInterfaces', () => {
  it('gives what the kernel has, without loopback and link-local addresses', () => {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    for (const addresses of readInterfaces().values()) {
      for (const address of addresses) {
        assert.ok(all.some((one) => one.address === address && !one.internal));
        assert.doesNotMatch(address, /^(127\.|169\.254\.|fe80|::1$)/);
      }
    }
  });
});

describe('defaultSources', () => {
  it('gives addresses that stand on an interface, of each family once', async () => {
    const standing = [...readInterfaces().values()].flat();
    const found = await defaultSources();
    assert.deepEqual(
      found,
      [await defaultSource('udp4'), await defaultSource('udp6')].filter((one) => one !== undefined),
    );
    for (const address of found) assert.ok(standing.includes(address), address);
  });
});
