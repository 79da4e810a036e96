/** Who a mirror is (design.md, Gate): `local` and `service` are this node's own ports. */
export const mirrorRoles = ['local', 'service', 'control-plane', 'foreign'] as const;
export type MirrorRole = (typeof mirrorRoles)[number];

/** One mirror as it is probed: where containerd would ask, with what the file says about TLS and headers. */
export type Mirror = {
  /** Tells mirrors apart: the same URL with another certificate or header is another mirror. No credential is in it. */
  readonly key: string;
  /** As written in the file. */
  readonly url: string;
  /** Where containerd would ask for `/v2/`, most likely first: HTTPS and then HTTP where it would try both. */
  readonly probeUrls: readonly string[];
  readonly role: MirrorRole;
  readonly address: string;
  readonly port: number;
  /** Registry directories whose file names it. */
  readonly registries: readonly string[];
  /** This node's ports and Spegel's own mirrors are asked often; the others now and then. */
  readonly near: boolean;
  /** Asked for manifests too. */
  readonly deep: boolean;
  /** No Service stands before it: a kept connection does not stick to one of several pods. */
  readonly onePod: boolean;
  /** Sent to this host only, shown nowhere. */
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: readonly string[];
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  readonly skipVerify: boolean;
};
