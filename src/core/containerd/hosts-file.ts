/** One `header` entry; order and spelling as in the file. */
export type HeaderLine = { readonly name: string; readonly value: string | readonly string[] };

/** One `client` item: a PEM with certificate and key, or the two apart. */
export type ClientPair = string | readonly [string, string];

/** The keys that a `[host."…"]` table and the top level share. An absent key was not written. */
export type HostSettings = {
  readonly capabilities?: readonly string[];
  readonly ca?: string | readonly string[];
  readonly client?: string | readonly ClientPair[];
  /** Also `false` is kept: its mere presence counts as a TLS setting. */
  readonly skipVerify?: boolean;
  readonly overridePath?: true;
  /** As written: `200ms`, `1m30s`. */
  readonly dialTimeout?: string;
  readonly header?: readonly HeaderLine[];
};

/** One mirror; `url` as written between the quotes of `[host.'…']`. */
export type HostEntry = HostSettings & { readonly url: string };

/**
 * What a `hosts.toml` says, without its layout: unknown keys and comments are gone. `top` holds the top-level keys but
 * `server`.
 */
export type HostsFile = {
  readonly server?: string;
  readonly top: HostSettings;
  readonly hosts: readonly HostEntry[];
};

/** A file that says nothing: containerd goes upstream. */
export const emptyHostsFile: HostsFile = { top: {}, hosts: [] };

/** True if something stands at the top level, so that the file means something without any host. */
export const hasTopLevel = (file: HostsFile): boolean =>
  file.server !== undefined || Object.values(file.top).some((value) => value !== undefined);
