import { controlPlaneOf } from './core/config/context-mirrors.ts';
import type { Decision } from './core/decision.ts';
import type { Facts } from './core/facts.ts';
import { isTakenOut } from './core/gate/file-gate.ts';
import type { MirrorState } from './core/gate/verdict.ts';
import type { Ledger } from './core/ledger.ts';
import type { Problem } from './core/problem.ts';
import { redactProblem, secretValues } from './core/redact.ts';
import { fileStatus, type JournalRecord, mirrorStatus, nodeStatus, phaseStatus, type Status } from './core/status.ts';
import { type Configuration, inputProblems, type Watched } from './inputs.ts';
import type { PassResult } from './reconcile.ts';

/** A node as it is now; each is asked when a status is made. */
export type NodeNow = {
  readonly agentVersion: string;
  readonly certsDir: string;
  readonly now: () => number;
  readonly iso: (steady: number) => string;
  readonly configuration: () => Configuration;
  readonly facts: () => Facts;
  readonly watched: () => Watched;
  readonly ledger: () => Ledger;
  readonly mirrors: () => ReadonlyMap<string, MirrorState>;
  readonly ready: () => boolean;
  /** The last pass. */
  readonly last: () => PassResult | undefined;
  readonly journal: () => readonly JournalRecord[];
  /** Of the place of certs.d and of what is remembered. */
  readonly problems: () => readonly Problem[];
};

const none: readonly Decision[] = [];

/** Each problem once, without credentials. */
const problemsOf = (node: NodeNow): readonly Problem[] => {
  const facts = node.facts();
  const configuration = node.configuration();
  const found = [
    ...inputProblems(configuration.choice(), configuration.desired(facts), node.watched()),
    ...node.problems(),
    ...(node.last()?.problems ?? []),
    ...(node.last()?.decisions.flatMap((decision) => decision.problems) ?? []),
  ];
  const secrets = secretValues(facts.secrets);
  const once = new Map(found.map((problem) => [`${problem.code} ${problem.message} ${problem.path ?? ''}`, problem]));
  return [...once.values()].map((problem) => redactProblem(problem, secrets));
};

export type NodeStatus = {
  /** The one record that page, metrics and command line read, made anew at each call. */
  readonly status: () => Status;
  /** Those of the status alone. */
  readonly problems: () => readonly Problem[];
};

export const createNodeStatus = (node: NodeNow): NodeStatus => {
  let told: { readonly decisions: readonly Decision[]; readonly files: Status['files'] } | undefined;
  /** The same list until the next pass, so that whoever prints it can keep what it printed. */
  const files = (decisions: readonly Decision[]): Status['files'] => {
    if (told?.decisions !== decisions) {
      told = { decisions, files: decisions.flatMap((decision) => decision.files).map(fileStatus) };
    }
    return told.files;
  };

  const status = (): Status => {
    const { agentVersion, certsDir, iso } = node;
    const configuration = node.configuration();
    const choice = configuration.choice();
    const known = node.facts();
    const desired = configuration.desired(known);
    const { gate } = node.ledger();
    return {
      agentVersion,
      pid: process.pid,
      certsDir,
      at: iso(node.now()),
      phase: phaseStatus(node.ledger(), iso),
      ready: node.ready(),
      waitingFor: node.last()?.waitingFor,
      node: nodeStatus(
        choice.config === undefined ? known : { ...known, controlPlane: controlPlaneOf(choice.config, known) },
      ),
      configuration: { source: choice.source, sha256: choice.sha256, inForce: choice.inForce },
      spegel: {
        mode: desired?.spegel ?? 'unknown',
        reason: desired?.spegelReason ?? 'there is no valid configuration',
      },
      files: files(node.last()?.decisions ?? none),
      gate: configuration.settings().gate,
      mirrors: [...node.mirrors()].map(([key, state]) => mirrorStatus(state, isTakenOut(gate, key), iso)),
      problems: problemsOf(node),
      journal: node.journal(),
    };
  };
  return { status, problems: () => problemsOf(node) };
};
