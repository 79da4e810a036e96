import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import { isIPv6, normaliseAddress } from '../../../src/core/config/context-address.ts';

const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom('', '01', '1a', '-1')), {
  maxLength: 6,
});
const texts = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  bytes.map((parts) => parts.join('.')),
  fc.stringMatching(/^[0-9a-f:.g]{0,24}$/),
  fc.domain(),
);

const isAddress = (text: string): boolean => {
  const address = normaliseAddress(text);
  return address !== undefined && (isIPv6(address) || /^[\d.]+$/.test(address));
};

it('an address is what Node.js takes for one, in brackets or not', () => {
  fc.assert(
    fc.property(texts, fc.boolean(), (text, isBare) => {
      assert.equal(isAddress(isBare ? text : `[${text}]`), isIP(text) !== 0);
    }),
    { numRuns: 2_000 },
  );
});
