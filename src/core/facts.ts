/** An image by digest: its manifest must come from this node's own ports. */
export type HeldImage = { readonly registry: string; readonly repository: string; readonly digest: string };

/** What is known of this node and its cluster. Nothing is needed to start: an absent fact is simply not there yet. */
export type Facts = {
  readonly nodeName?: string;
  /** Addresses of this node, all families, the preferred one first. */
  readonly nodeAddresses: readonly string[];
  /** Addresses of the control-plane nodes in the order found. */
  readonly controlPlane: readonly string[];
  /** `containerd`, `cri-o`, …; absent means unknown. */
  readonly runtime?: string;
  /** As the node reports it, e.g. `2.2.9` or `1.6.20~ds1`. */
  readonly containerdVersion?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Images that this node holds, for the deep probe; from the Node object. */
  readonly heldImages?: readonly HeldImage[];
  /** Secret name -> key -> value; redacted wherever it is shown. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export const noFacts: Facts = { nodeAddresses: [], controlPlane: [], labels: {}, secrets: {} };
