import type { Place } from './place.ts';

/** The file of one extension, which each change of the configuration changes. */
export const path = 'great-registry.com/hosts.toml';

export const configOf = (mirror: string, registry = 'great-registry.com'): string => `
extensions:
  great:
    path: templates/root_dir/etc/containerd/certs.d/${registry}/hosts.toml
    content: |
      [host.'https://${mirror}']
      capabilities = ['pull', 'resolve']
`;

export const says = (place: Place, mirror: string): boolean =>
  place.body(path)?.includes(`https://${mirror}'`) === true;
