import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exampleInside, isInside, parseCidr } from '../../../src/core/config/cidr.ts';

const inside = (cidr: string, address: string): boolean => {
  const parsed = parseCidr(cidr);
  assert.ok(parsed !== undefined, cidr);
  return isInside(parsed, address);
};

test('an address is in a network when its first bits are the same', () => {
  const cases: readonly (readonly [cidr: string, inside: readonly string[], outside: readonly string[]])[] = [
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['11.0.0.0', '9.255.255.255', '::a00:1']],
    ['10.1.2.3/32', ['10.1.2.3'], ['10.1.2.2', '10.1.2.4']],
    ['10.1.2.0/23', ['10.1.2.0', '10.1.3.255'], ['10.1.1.255', '10.1.4.0']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::', 'a.io', '10.0.0']],
    ['fd00::/8', ['fd00::1', 'fdff:ffff::'], ['fc00::1', 'fe00::', '253.0.0.1']],
    ['2001:db8:0:8000::/49', ['2001:db8:0:8000::', '2001:db8:0:ffff::1'], ['2001:db8::1', '2001:db8:1:8000::']],
    ['::/0', ['::', 'fd00::1'], ['10.0.0.1']],
    ['fd00::5/128', ['fd00::5'], ['fd00::4']],
  ];
  for (const [cidr, yes, no] of cases) {
    for (const address of yes) assert.ok(inside(cidr, address), `${address} in ${cidr}`);
    for (const address of no) assert.ok(!inside(cidr, address), `${address} not in ${cidr}`);
  }
});

test('the example of a network lies in it', () => {
  assert.equal(exampleInside(parseCidr('10.0.0.0/8') ?? assert.fail(), 10), '10.0.0.10');
  assert.equal(exampleInside(parseCidr('fd00::/8') ?? assert.fail(), 1), 'fd00::1');
  const octet = fc.integer({ min: 0, max: 255 });
  const v4 = fc.tuple(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }));
  fc.assert(
    fc.property(v4, octet, ([a, b, c, d, bits], low) => {
      const cidr = parseCidr(`${a}.${b}.${c}.${d}/${bits}`) ?? assert.fail();
      assert.ok(isInside(cidr, exampleInside(cidr, low)));
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.integer({ min: 0, max: 65_535 }), (ip, bits, low) => {
      const cidr = parseCidr(`${ip}/${bits}`);
      // IPv4 inside IPv6 is IPv4 here.
      fc.pre(cidr !== undefined && cidr.groups.length !== 4);
      const example = exampleInside(cidr, low);
      assert.ok(!example.includes(':') || isInside(cidr, example), `${example} in ${ip}/${bits}`);
    }),
  );
});
