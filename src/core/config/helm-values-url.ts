import { isIPv6, normaliseAddress } from './context-address.ts';

/** How the catch-all stands in a list of registries. */
export const catchAll = '_default';

/** Spegel takes either word for all registries; we keep the first. */
export const isCatchAll = (text: string): boolean => text === '_default' || text === '*';

export type RegistryUrl =
  | { readonly ok: true; readonly url: string; readonly host: string }
  | { readonly ok: false; readonly error: string };

/** Wider than an image name allows, since URLs do: `my_registry` resolves in many a cluster. */
const isHost = (host: string): boolean =>
  host.startsWith('[')
    ? isIPv6(normaliseAddress(host) ?? '')
    : /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?$/.test(host);

/**
 * A registry or mirror as Spegel demands it: scheme and host, perhaps a port, nothing else. `host` is the name of the
 * registry's directory.
 */
export const registryUrl = (text: string): RegistryUrl => {
  const fail = (error: string): RegistryUrl => ({ ok: false, error });
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text);
  if (match === null) return fail(isCatchAll(text) ? 'must not be the catch-all' : 'needs the scheme http or https');
  const [, scheme = '', authority = '', rest = ''] = match;
  if (rest !== '') return fail('must have no path and no query');
  if (authority.includes('@')) return fail('must have no user');
  const parts = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority);
  const [, host = '', port = ''] = parts ?? [];
  if (parts === null || !isHost(host)) return fail('has no valid host');
  if (port !== '' && (Number(port) < 1 || Number(port) > 65_535)) return fail('has no valid port');
  return { ok: true, url: `${scheme.toLowerCase()}://${authority}`, host: authority };
};
