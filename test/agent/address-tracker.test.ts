import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressTracker } from '../../src/address-tracker.ts';
import { followAddresses, type Interfaces } from '../../src/io/addresses.ts';

/** A node whose kernel says what the test says, and counts what it is asked. */
const node = (given: readonly string[]) => {
  const kernel = {
    changed: true,
    addresses: ['10.0.0.5', 'fd00::5'],
    canBeAsked: true,
    asked: { interfaces: 0, routes: 0 },
  };
  const tracker = createAddressTracker(given, {
    mayHaveChanged: () => {
      const { changed } = kernel;
      kernel.changed = false;
      return changed;
    },
    interfaces: (): Interfaces => {
      kernel.asked.interfaces += 1;
      return new Map(kernel.canBeAsked ? [['eth0', kernel.addresses]] : []);
    },
    defaultSources: async () => {
      kernel.asked.routes += 1;
      return kernel.addresses;
    },
    follow: followAddresses,
  });
  const look = async (): Promise<readonly string[]> => {
    if (tracker.mayHaveChanged()) await tracker.refresh();
    return tracker.current();
  };
  const become = (addresses: readonly string[]): void => {
    kernel.addresses = [...addresses];
    kernel.changed = true;
  };
  return { kernel, look, become };
};

for (const given of [['10.0.0.5', 'fd00::5'], []]) {
  describe(`the addresses of this node, ${given.length > 0 ? 'given' : 'not given'}`, () => {
    it('are followed at the first look after a change, in both families', async () => {
      const { look, become } = node(given);
      assert.deepEqual(await look(), ['10.0.0.5', 'fd00::5']);
      become(['10.0.0.6', 'fd00::5']);
      assert.deepEqual(await look(), ['10.0.0.6', 'fd00::5']);
      become(['10.0.0.6', 'fd00::6']);
      assert.deepEqual(await look(), ['10.0.0.6', 'fd00::6']);
    });

    it('cost no look at the interfaces while nothing has changed, but for one now and then', async () => {
      const { kernel, look } = node(given);
      for (let i = 0; i < 112; i++) await look();
      assert.equal(kernel.asked.interfaces, 4);
      assert.equal(kernel.asked.routes, given.length > 0 ? 0 : 4);
    });

    it('are looked at again at once when the interfaces could not be asked', async () => {
      const { kernel, look, become } = node(given);
      await look();
      kernel.canBeAsked = false;
      become(['10.0.0.6', 'fd00::6']);
      await look();
      kernel.canBeAsked = true;
      assert.deepEqual(await look(), ['10.0.0.6', 'fd00::6']);
    });
  });
}
