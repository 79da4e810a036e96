import { exampleInside, parseCidr } from '../config/cidr.ts';
import type { Config } from '../config/config.ts';
import { isIPv6, uniqueAddresses } from '../config/context-address.ts';

/** Addresses to render with, since those of the node are not known yet. */
export type StandIns = {
  /** One of each family that is nowhere in the configuration: where it stands in the output, the node's goes. */
  readonly v4: string;
  readonly v6: string;
  /** Others, to see that nothing but the address itself changes. */
  readonly others: readonly { readonly v4: string; readonly v6: string }[];
  /** Addresses that the configuration names: a node that has one of them may get another file. */
  readonly named: readonly string[];
};

const textOf = ({ document, helmValues, extensions }: Config): string =>
  [JSON.stringify([document, helmValues]), ...extensions.map(({ content }) => content)].join('\n');

const namedIn = (text: string): readonly string[] =>
  uniqueAddresses(text.match(/[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+|\d+(?:\.\d+){3}/g) ?? []).filter((found) =>
    /^[\d.]+$|:/.test(found),
  );

/** `10.20.` of a template that asks for a prefix: an address that has it. */
const completed = (text: string): readonly string[] =>
  uniqueAddresses(
    (text.match(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){0,2}\.(?![\d.])/g) ?? []).map((start) =>
      [...start.split('.').filter((part) => part !== ''), '9', '9', '9'].slice(0, 4).join('.'),
    ),
  );

const spread: readonly (readonly [v4: string, v6: string])[] = [
  ['10.64.0.9', 'fd12:3456::9'],
  ['172.20.3.4', '2001:db8:aa:1:2:3:4:5'],
  ['192.168.7.8', '2a00:1450:4001:82b::200e'],
  ['203.0.113.200', 'fd00::a:b'],
];

const pickIn = (config: Config, isWanted: (address: string) => boolean, otherwise: string, text: string): string => {
  const inPolicy = config.settings.policy.mirrors.cidrs.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [0xb1b1, 0xb2c3, 0xc7d9, 0x2d].map((low) => exampleInside(cidr, low));
  });
  const candidates = [...inPolicy.filter(isWanted), otherwise];
  return candidates.find((address) => !text.includes(address)) ?? otherwise;
};

/** Addresses of RFC 2544 and RFC 3849, or in the networks that the policy allows. */
export const standInsOf = (config: Config, controlPlane: readonly string[]): StandIns => {
  const text = `${textOf(config)} ${controlPlane.join(' ')}`;
  const others = [
    ...spread.map(([v4, v6]) => ({ v4, v6 })),
    ...completed(text).map((v4) => ({ v4, v6: spread[0]?.[1] ?? '' })),
  ];
  return {
    v4: pickIn(config, (address) => !isIPv6(address), '198.18.177.177', text),
    v6: pickIn(config, isIPv6, '2001:db8:b1b1::b1b1', text),
    others,
    named: uniqueAddresses([...controlPlane, ...namedIn(text)]).filter((found) => /^[\d.]+$|:/.test(found)),
  };
};
