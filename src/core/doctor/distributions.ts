/** What is known of where a distribution keeps containerd's things. All paths are those of the node. */
export type Distribution = {
  readonly name: string;
  /** The distribution is recognised by any of these paths, … */
  readonly markers: readonly string[];
  /** … or by the `ID` of /etc/os-release. */
  readonly osIds: readonly string[];
  /** The first one that exists is containerd's configuration. */
  readonly configs: readonly string[];
  readonly sockets: readonly string[];
  readonly binaries: readonly string[];
  readonly certsDir: string;
  /** How settings get into that configuration for good; a hand-made change is overwritten. */
  readonly mend: string;
  /** How containerd is restarted there. */
  readonly restart: string;
};

const usual = {
  configs: ['/etc/containerd/config.toml'],
  sockets: ['/run/containerd/containerd.sock'],
  binaries: ['/usr/bin/containerd', '/usr/local/bin/containerd', '/opt/bin/containerd'],
  certsDir: '/etc/containerd/certs.d',
  restart: 'systemctl restart containerd',
} as const;

const rancher = (name: string, restart: string): Distribution => ({
  name,
  markers: [`/var/lib/rancher/${name}/agent/etc/containerd`],
  osIds: [],
  configs: [`/var/lib/rancher/${name}/agent/etc/containerd/config.toml`],
  sockets: ['/run/k3s/containerd/containerd.sock'],
  binaries: [`/var/lib/rancher/${name}/data/current/bin/containerd`, `/var/lib/rancher/${name}/bin/containerd`],
  certsDir: `/var/lib/rancher/${name}/agent/etc/containerd/certs.d`,
  mend: `${name} writes config.toml itself at each start: put changes into config-v3.toml.tmpl (config.toml.tmpl for containerd 1.x) beside it, with {{ template "base" . }} as first line.`,
  restart,
});

/** Where nothing more is known, and where containerd's own packages put things. */
export const plainDistribution: Distribution = {
  ...usual,
  name: 'plain containerd',
  markers: [],
  osIds: [],
  mend: 'Edit /etc/containerd/config.toml.',
};

/** The distributions that are told apart, the more special ones first. */
export const distributions: readonly Distribution[] = [
  rancher('rke2', 'systemctl restart rke2-agent (or rke2-server)'),
  rancher('k3s', 'systemctl restart k3s-agent (or k3s)'),
  {
    ...usual,
    name: 'k0s',
    markers: ['/etc/k0s/containerd.toml', '/run/k0s/containerd-cri.toml', '/var/lib/k0s'],
    osIds: [],
    configs: ['/etc/k0s/containerd.toml'],
    sockets: ['/run/k0s/containerd.sock'],
    binaries: ['/var/lib/k0s/bin/containerd'],
    certsDir: '/etc/k0s/certs.d',
    mend: 'k0s writes containerd.toml itself: put a file with the setting into /etc/k0s/containerd.d/.',
    restart: 'systemctl restart k0sworker (or k0scontroller)',
  },
  {
    ...usual,
    name: 'microk8s',
    markers: ['/var/snap/microk8s/current/args'],
    osIds: [],
    configs: ['/var/snap/microk8s/current/args/containerd.toml'],
    sockets: ['/var/snap/microk8s/common/run/containerd.sock'],
    binaries: ['/snap/microk8s/current/bin/containerd'],
    certsDir: '/var/snap/microk8s/current/args/certs.d',
    mend: 'MicroK8s makes containerd.toml of containerd-template.toml beside it: edit the template.',
    restart: 'snap restart microk8s.daemon-containerd',
  },
  {
    ...usual,
    name: 'talos',
    markers: [],
    osIds: ['talos'],
    configs: ['/etc/cri/containerd.toml'],
    binaries: ['/bin/containerd', ...usual.binaries],
    certsDir: '/etc/cri/conf.d/hosts',
    mend: 'Add a part by the machine configuration: machine.files with path /etc/cri/conf.d/20-customization.part.',
    restart: 'talosctl reboot',
  },
  {
    ...usual,
    name: 'bottlerocket',
    markers: [],
    osIds: ['bottlerocket'],
    mend: 'Bottlerocket makes config.toml of its settings: apiclient set, or [settings.container-registry] in user data.',
    restart: 'apiclient reboot',
  },
  {
    ...usual,
    name: 'gke',
    markers: ['/home/kubernetes/kube-env', '/home/kubernetes/bin/kubelet'],
    osIds: ['cos'],
    binaries: ['/usr/bin/containerd', '/home/containerd/usr/local/bin/containerd'],
    mend: "GKE makes config.toml when it makes the node: use the node pool's containerd configuration (--containerd-config-from-file, registryHosts).",
    restart: 'systemctl restart containerd, or make the node anew',
  },
  {
    ...usual,
    name: 'eks',
    markers: ['/etc/eks'],
    osIds: [],
    mend: 'EKS makes config.toml when the node boots: set it in spec.containerd.config of NodeConfig (AL2023) or in the user data of the node group.',
    restart: 'systemctl restart containerd',
  },
  {
    ...usual,
    name: 'aks',
    markers: ['/etc/kubernetes/azure.json'],
    osIds: [],
    mend: 'AKS makes config.toml when it makes the node: change it by a privileged DaemonSet or a custom node image; it does not outlive a node upgrade.',
    restart: 'systemctl restart containerd',
  },
];

/** Which one a node is, from what exists there and the text of its /etc/os-release. */
export const recogniseDistribution = (exists: (path: string) => boolean, osRelease: string): Distribution => {
  const id = /^ID=["']?([^"'\n]*)/m.exec(osRelease)?.[1] ?? '';
  return distributions.find(({ markers, osIds }) => osIds.includes(id) || markers.some(exists)) ?? plainDistribution;
};
