import type { ProbedMirror, SelinuxFacts } from './doctor-facts.ts';
import { type Finding, finding } from './finding.ts';

const hints = {
  refused:
    'Nothing listens there: is Spegel running on that node (kubectl get pods -l app.kubernetes.io/name=spegel -o wide)?',
  erroring: 'See the log of what answers there, and whether the path in the URL is right.',
  timeout: 'Packets are dropped: look for a firewall or a NetworkPolicy, or take the mirror out of the file.',
  hung: 'Restart what listens there; handspegel with gate: enforce takes such a mirror out by itself.',
  wrong: 'Something else than a registry has this port: take the mirror out of the file.',
} as const;

const blobHint =
  "Restart what sends it (Spegel: its pod on the node that has the image); until then an extension for this registry without the mirror, or '' for none, lets pulls go upstream.";

const findingOf = (mirror: ProbedMirror): Finding | undefined => {
  const { kind, url, detail, files } = mirror;
  const place = files[0] === undefined ? {} : { file: files[0] };
  if (mirror.reading?.kind === 'stalls' || mirror.reading?.kind === 'broken') {
    const code = mirror.reading.kind === 'stalls' ? 'mirror-stalls' : 'mirror-broken-content';
    return finding(code, `${url}: ${mirror.reading.detail}`, blobHint, place);
  }
  if (kind !== 'up') return finding(`mirror-${kind}`, `${url}: ${detail}`, hints[kind], place);
  if (mirror.status !== 401) return undefined;
  const hint = "Write the header Authorization for this host; for Spegel's basic auth let handspegel read the Secret.";
  return finding('mirror-wants-credentials', `${url}: ${detail}`, hint, place);
};

/** What each mirror said when it was asked, and whether a file is left with none. */
export const mirrorFindings = (mirrors: readonly ProbedMirror[]): readonly Finding[] => {
  const each = mirrors.flatMap((mirror) => findingOf(mirror) ?? []);
  const byFile = Map.groupBy(
    mirrors.flatMap((mirror) => mirror.files.map((file) => ({ file, mirror }))),
    ({ file }) => file,
  );
  const silent = [...byFile].flatMap(([file, asked]) => {
    if (asked.some(({ mirror }) => mirror.kind === 'up' && mirror.status !== 401)) return [];
    const message = `none of the ${asked.length} ${asked.length === 1 ? 'mirror' : 'mirrors'} of ${file} serves anything`;
    return [
      finding('mirror-none-answers', message, 'Mend one of them; handspegel plan shows what the agent would do.', {
        file,
      }),
    ];
  });
  return [...silent, ...each];
};

/** Types that files get in places from which they are moved by mistake; a container runtime may not read them all. */
const suspicious =
  /^(?:unlabeled|file|default|tmp|user_tmp|user_home|user_home_dir|admin_home|home_root|mnt|initrc_tmp|nfs)_t$/;
const free = /^(?:spc|unconfined|unconfined_service|container_runtime|init|initrc|kernel|super|sysadm|control)_t$/;

/** What SELinux would forbid, as far as labels show it. */
export const selinuxFindings = ({ enforcing, own, labels }: SelinuxFacts): readonly Finding[] => {
  if (!enforcing) return [];
  const findings = [...labels]
    .filter(([, type]) => suspicious.test(type))
    .map(([path, type]) =>
      finding('selinux-label', `${path} has the type ${type}`, `restorecon -Rv ${path}`, { file: path }),
    );
  if (own === undefined || free.test(own)) return findings;
  const hint = 'Run the agent with seLinuxOptions: {type: spc_t}, as the chart does.';
  return [...findings, finding('selinux-confined', `this process has the type ${own}`, hint)];
};
