import { presetCertsDir } from '../config/settings-certs-dir.ts';
import { certsFindings } from './certs-findings.ts';
import { configFindings } from './config-findings.ts';
import { daemonFindings } from './daemon-findings.ts';
import type { DoctorFacts } from './doctor-facts.ts';
import { type Finding, finding, sortFindings } from './finding.ts';
import { mirrorFindings, selinuxFindings } from './mirror-findings.ts';

const reasons: Readonly<Record<string, string>> = {
  'certs-dir-differs':
    'Spegel and handspegel write into different directories, and containerd reads one of them at most.',
};

const placeFindings = (facts: DoctorFacts): readonly Finding[] => {
  const { certsDir, distribution, config } = facts;
  const said = certsDir.problems.map((problem) => ({ ...problem, why: reasons[problem.code] ?? '' }));
  // Where containerd's configuration was read, it is compared with that; else with what the distribution is known for.
  const unknown = config.files.length === 0;
  if (!unknown || distribution.certsDir === certsDir.path || distribution.certsDir === presetCertsDir('default'))
    return said;
  const message = `${distribution.name} reads ${distribution.certsDir}, and ${certsDir.path} is managed`;
  const hint = `Set handspegel.certsDir.preset: ${distribution.name}, and spegel.containerdRegistryConfigPath: ${distribution.certsDir}.`;
  return [...said, finding('certs-dir-distribution', message, hint, { file: distribution.certsDir })];
};

const ownFindings = (facts: DoctorFacts): readonly Finding[] =>
  facts.problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => ({
      ...problem,
      why: 'With an error the configuration does not count; the last good one stays in force.',
    }));

/**
 * Why a mirror is not used on this node: every finding with its reason and what mends it, errors first. Pure: the facts
 * are read by src/io and src/cli/doctor-facts.ts.
 */
export const diagnose = (facts: DoctorFacts): readonly Finding[] => {
  const daemon = daemonFindings(facts);
  if (daemon.some(({ code }) => code === 'runtime-not-containerd')) return daemon;
  const { config, version, distribution, certsDir } = facts;
  const mount =
    facts.mount === undefined
      ? []
      : [finding('certs-mount', facts.mount, 'Mount its parent directory instead.', { file: certsDir.path })];
  return sortFindings([
    ...configFindings({ config, version, distribution, certsDir: certsDir.path }),
    ...daemon,
    ...placeFindings(facts),
    ...certsFindings(facts.certs),
    ...mirrorFindings(facts.mirrors),
    ...selinuxFindings(facts.selinux),
    ...mount,
    ...ownFindings(facts),
  ]);
};
