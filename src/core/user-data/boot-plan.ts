import type { Problem } from '../problem.ts';

/**
 * Text that is finished on the node: each mark stands for one of its addresses. Private use characters, which are in no
 * file that is made this way.
 */
export const marks = {
  v4: '\uE004',
  v6: '\uE006',
  /** The IPv6 address as it stands in a word of a marker line. */
  v6Word: '\uE016',
} as const;

/** A file beside a hosts.toml. */
export type BootFile = { readonly name: string; readonly text: string };

/** One mirror of a hosts.toml, so that the node can leave it out. */
export type BootMirror = {
  readonly url: string;
  /** What is asked. */
  readonly probe: string;
  /** The URL as the marker line has it. */
  readonly word: string;
  /** Its table, with the line end. */
  readonly block: string;
};

/** What becomes of one registry directory on a node with certain addresses. */
export type BootOutcome =
  | {
      readonly kind: 'files';
      readonly beside: readonly BootFile[];
      readonly hosts: string;
      readonly mirrors: readonly BootMirror[];
      /** What stands before the tables when a mirror is left out. */
      readonly top: string;
      /** The text when all mirrors are left out. */
      readonly alone: string;
    }
  | { readonly kind: 'left'; readonly why: string }
  | { readonly kind: 'nothing' };

/** `none`: the node has no address of that family; `any`: whatever it is; else exactly this one. */
export type AddressCase = { readonly v4: string; readonly v6: string };

export type BootUnit = {
  readonly registry: string;
  /** The first that fits counts; the last four fit every node. */
  readonly cases: readonly (AddressCase & { readonly outcome: BootOutcome })[];
};

/** Everything that a script needs to know. */
export type BootPlan = {
  readonly version: string;
  readonly certsDir: string;
  readonly stateDir: string;
  /** Addresses to find the own one by, where there is no default route. */
  readonly controlPlane: readonly string[];
  readonly units: readonly BootUnit[];
  readonly probe: boolean;
  readonly problems: readonly Problem[];
};

/** Codes of `user-data`; docs/problems.md explains each. */
export const userDataProblemCodes = {
  'user-data-left-out': { severity: 'warning', meaning: 'files that cannot be made before the agent runs' },
  'user-data-no-control-plane': { severity: 'warning', meaning: 'no address of the control plane is known' },
  'user-data-no-node-config': { severity: 'warning', meaning: 'user data of EKS without a NodeConfig' },
  'user-data-no-shell': { severity: 'warning', meaning: 'this distribution runs no script at boot' },
} as const;
