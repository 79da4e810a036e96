import {
  compareVersions,
  newerThanModelled,
  parseContainerdVersion,
  versionNumber,
} from '../containerd/containerd-version.ts';
import type { DoctorFacts } from './doctor-facts.ts';
import { type Finding, finding } from './finding.ts';

const older = (facts: DoctorFacts, minor: number, patch: number): boolean => {
  const known = facts.daemon.version?.version;
  return known !== undefined && compareVersions(known, { major: 1, minor, patch, text: '' }) < 0;
};

const versionFindings = (facts: DoctorFacts): readonly Finding[] => {
  const { daemon, version } = facts;
  if (daemon.version === undefined) {
    const message = `the version of containerd is not known: ${versionNumber(version)} is assumed`;
    return [finding('containerd-version-unknown', message, 'Give it: --containerd-version "$(containerd --version)".')];
  }
  const name = versionNumber(daemon.version.version);
  if (older(facts, 5, 0)) {
    return [
      finding('containerd-too-old', `containerd ${name} has no config_path`, 'Update containerd to 1.7 or later.'),
    ];
  }
  const findings: Finding[] = [];
  const newer = newerThanModelled(daemon.version.version);
  if (newer !== undefined) findings.push(finding('containerd-version-newer', newer, 'Look for a newer handspegel.'));
  const { look, root } = facts.certs;
  const hasDefault = 'tree' in look && look.tree.entries.has('_default');
  if (older(facts, 6, 17) && hasDefault) {
    const hint = 'Update containerd to 1.6.17 or later, or make a directory for each registry (mirroredRegistries).';
    findings.push(
      finding('containerd-no-default', `containerd ${name} does not know ${root}/_default`, hint, {
        file: `${root}/_default`,
      }),
    );
  }
  const binary = parseContainerdVersion(daemon.binary?.version ?? '');
  if (daemon.version.source !== 'binary' && binary !== undefined && versionNumber(binary) !== name) {
    const message = `${daemon.binary?.path} is ${versionNumber(binary)}, and ${daemon.version.source} says ${name}`;
    findings.push(finding('containerd-version-differs', message, `Restart containerd: ${facts.distribution.restart}`));
  }
  return findings;
};

const timeFindings = (facts: DoctorFacts): readonly Finding[] => {
  const { daemon, config, distribution, time } = facts;
  const { socket, binary } = daemon;
  if (socket === undefined) {
    const message = `there is no socket of containerd at ${daemon.sockets.join(' or ')}`;
    const hint = `Start containerd (${distribution.restart}), or mount the directory of its socket.`;
    return [finding('containerd-not-running', message, hint)];
  }
  const findings: Finding[] = [];
  const newest = config.files.toSorted((a, b) => b.changedAt - a.changedAt)[0];
  if (newest !== undefined && newest.changedAt > socket.since) {
    const message = `${newest.path} was changed at ${time(newest.changedAt)}, and containerd runs since ${time(socket.since)}`;
    findings.push(
      finding('containerd-restart-needed', message, `Restart containerd: ${distribution.restart}`, {
        file: newest.path,
      }),
    );
  }
  if (binary !== undefined && binary.changedAt > socket.since) {
    const message = `${binary.path} was changed at ${time(binary.changedAt)}, and containerd runs since ${time(socket.since)}`;
    findings.push(
      finding('containerd-binary-newer', message, `Restart containerd: ${distribution.restart}`, { file: binary.path }),
    );
  }
  return findings;
};

/** What can be told about the running containerd: its version, and whether it knows its own configuration. */
export const daemonFindings = (facts: DoctorFacts): readonly Finding[] => {
  const { runtime, daemon } = facts;
  if (runtime !== undefined && !/^containerd/i.test(runtime)) {
    const hint =
      'Mirrors of another runtime are configured in its own files; say --runtime containerd if this is wrong.';
    return [finding('runtime-not-containerd', `the runtime is ${runtime}`, hint)];
  }
  const silent =
    daemon.silent === undefined
      ? []
      : [
          finding(
            'containerd-socket-silent',
            daemon.silent,
            `See its log (journalctl -u containerd), then: ${facts.distribution.restart}`,
          ),
        ];
  return [...versionFindings(facts), ...silent, ...timeFindings(facts)];
};
