import type { Problem } from './problem.ts';

/** What happens where Spegel writes a file too (design.md, Policy). */
export type Policy = 'yield' | 'hold' | 'merge';

/** One file that a template asks for, without our marker line. */
export type DesiredFile = {
  /** File name below the registry directory: `hosts.toml`, `ca.crt`, … */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** 0o644, or 0o600 when it holds a secret. */
  readonly mode: number;
  /** `built-in` or `extension:<key>`; shown in marker, log and status. */
  readonly source: string;
};

/** All files of one registry directory: they are applied together or not at all. */
export type DesiredUnit = {
  readonly registry: string;
  readonly policy: Policy;
  /** Why this policy holds: shown in `plan` and status. */
  readonly policyReason: string;
  readonly files: readonly DesiredFile[];
  /** `prependExisting`: somebody's own hosts of this registry follow ours. */
  readonly prependExisting: boolean;
  /** With an error the old set on disk stays; warnings stop nothing. */
  readonly problems: readonly Problem[];
  /**
   * Its hosts.toml names certificates of its own directory that no template makes: warnings as long as nobody has looked
   * whether they stand there. On the node they are judged with what does.
   */
  readonly beside?: readonly Problem[];
};

/** What templates and facts ask for today. */
export type Desired = {
  readonly units: ReadonlyMap<string, DesiredUnit>;
  /** Does Spegel's chart, by configuration and runtime, run here and write hosts files? */
  readonly spegel: 'adds-mirrors' | 'no-mirrors' | 'disabled';
  /** Why Spegel is disabled here or adds no mirrors, for people; empty when it does. */
  readonly spegelReason: string;
  /** Spegel's own ports on this node as the chart's values give them. */
  readonly ports: { readonly host: number; readonly node: number };
  /** This node and the control plane, each as normalised. */
  readonly ownHosts: ReadonlySet<string>;
  readonly problems: readonly Problem[];
};
