import { nearest } from '../core/config/config-nearest.ts';
import { normaliseAddress } from '../core/config/context-address.ts';
import { parseDuration } from '../core/config/settings-duration.ts';
import { parseListen } from '../core/config/settings-listen.ts';
import { parseContainerdVersion } from '../core/containerd/containerd-version.ts';

/** What the value of a flag, or of its variable, must be; `takes` goes on `--flag takes …`. */
export type FlagValue = { readonly takes: string; readonly fits: (value: string) => boolean };

export const oneOf = (words: readonly string[]): FlagValue => ({
  takes: `one of ${words.join(', ')}`,
  fits: (value) => words.includes(value),
});

/** What stands for all addresses of a machine is none of a node. */
const isNodeAddress = (value: string): boolean => {
  const address = normaliseAddress(value) ?? '';
  return (/^[\d.]+$/.test(address) || address.includes(':')) && !['0.0.0.0', '::'].includes(address);
};

export const nodeAddress: FlagValue = {
  takes: 'addresses of a node such as 10.0.0.5 or fd00::5',
  fits: isNodeAddress,
};

export const addressOrName: FlagValue = {
  takes: 'addresses or names without scheme and port such as 10.0.0.1',
  fits: (value) => normaliseAddress(value) !== undefined && !['0.0.0.0', '::'].includes(value),
};

/** As the Node object writes it too: `containerd://2.2.9`. A runtime taken for another one would switch Spegel off. */
export const runtimeName: FlagValue = {
  takes: 'the name of a runtime such as containerd or cri-o',
  fits: (value) =>
    /^[a-z][a-z0-9-]*(?::\/\/[^\s/]+)?$/i.test(value) &&
    (/^containerd\b/i.test(value) || nearest(value, ['containerd']) === undefined),
};

/** One that is newer than the modelled ones is read as the newest of them (containerd-version.ts). */
export const containerdVersion: FlagValue = {
  takes: 'a version of containerd such as 2.2.9',
  fits: (value) => parseContainerdVersion(value) !== undefined,
};

export const containerdVersionOrAll: FlagValue = {
  takes: `${containerdVersion.takes}, or all`,
  fits: (value) => value === 'all' || containerdVersion.fits(value),
};

export const listenAddress: FlagValue = {
  takes: 'ADDRESS:PORT, [IPv6]:PORT or :PORT',
  fits: (value) => parseListen(value) !== undefined,
};

/** Not of this machine: there is no working directory to begin at. */
export const nodePath: FlagValue = {
  takes: "a path on the node, which begins with '/'",
  fits: (value) => value.startsWith('/'),
};

export const duration: FlagValue = {
  takes: 'a duration such as 240s or 5m',
  fits: (value) => parseDuration(value) !== undefined,
};

/** Helm counts in seconds. */
export const wholeSeconds: FlagValue = {
  takes: 'a duration of a second or more such as 5m',
  fits: (value) => (parseDuration(value) ?? 0) >= 1_000,
};

export const apiServerUrl: FlagValue = {
  takes: 'a URL such as https://10.0.0.1:6443',
  fits: (value) => /^https?:\/\//i.test(value) && URL.canParse(value),
};

/** Of an object of Kubernetes. */
export const objectName: FlagValue = {
  takes: 'a name of small letters, digits, dashes and dots',
  fits: (value) => /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(value),
};

/** Of a Helm release, or of a namespace. */
export const releaseName: FlagValue = {
  takes: 'a name of small letters, digits and dashes',
  fits: (value) => /^[a-z0-9](?:[-a-z0-9]{0,51}[a-z0-9])?$/.test(value),
};

export const taintKey: FlagValue = {
  takes: 'the key of a taint such as example.com/starting',
  fits: (value) => /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(value),
};
