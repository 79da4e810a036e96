type Row = { readonly severity: 'error' | 'warning' | 'info'; readonly meaning: string; readonly why: string };

const upstream = 'Pulls go to the upstream registry as if there were no mirror.';
const fails = 'Every pull that comes by here fails, from the upstream too.';
const noCri = 'Without the CRI plugin kubelet cannot run or pull anything on this node.';
const noStart = 'containerd does not start with this configuration, or will not start again.';

/** Every code of `doctor` about containerd itself: severity, what it means, and why it matters for pulls. */
export const containerdProblems = {
  'containerd-config-absent': {
    severity: 'error',
    meaning: 'there is no configuration file of containerd',
    why: upstream,
  },
  'containerd-config-unreadable': {
    severity: 'error',
    meaning: 'a configuration file of containerd cannot be read',
    why: 'What containerd does with mirrors cannot be told.',
  },
  'containerd-config-syntax': {
    severity: 'error',
    meaning: 'a configuration file of containerd is no valid TOML',
    why: noStart,
  },
  'containerd-config-version-high': {
    severity: 'error',
    meaning: 'the configuration has a version that this containerd does not know',
    why: noStart,
  },
  'containerd-config-section-unread': {
    severity: 'error',
    meaning: 'registry settings stand in a section that this containerd does not read',
    why: upstream,
  },
  'containerd-import-missing': { severity: 'error', meaning: 'an imported file does not exist', why: noStart },
  'containerd-import-version': {
    severity: 'error',
    meaning: 'an imported file has a higher version than the one that imports it',
    why: noStart,
  },
  'containerd-import-replaces': {
    severity: 'error',
    meaning: 'containerd 1.x lets an imported section replace the whole one that holds config_path',
    why: upstream,
  },
  'containerd-cri-disabled': { severity: 'error', meaning: 'the CRI plugin is switched off', why: noCri },
  'containerd-config-path-absent': {
    severity: 'error',
    meaning: 'config_path is not set',
    why: 'containerd reads no hosts.toml at all. Pulls go to the upstream.',
  },
  'containerd-config-path-default': {
    severity: 'error',
    meaning:
      'config_path is not set, and the built-in list of two directories is not understood by the transfer service',
    why: 'containerd reads no hosts.toml for kubelet, without an error or a log line.',
  },
  'containerd-config-path-list': {
    severity: 'error',
    meaning: 'config_path names several directories, which the transfer service takes for one',
    why: 'containerd reads no hosts.toml for kubelet, without an error or a log line.',
  },
  'containerd-config-path-list-local': {
    severity: 'warning',
    meaning: 'config_path names several directories, which only works as long as pulls are local',
    why: 'As soon as nothing forces local pulls any more, all hosts.toml files are passed over.',
  },
  'containerd-config-path-differs': {
    severity: 'error',
    meaning: 'containerd reads another directory than the one that is managed',
    why: 'The files that handspegel and Spegel write are never read.',
  },
  'containerd-config-path-second': {
    severity: 'warning',
    meaning: 'another directory of config_path comes before the managed one',
    why: 'A _default in the first directory hides everything in the second one.',
  },
  'containerd-config-path-relative': {
    severity: 'error',
    meaning: 'config_path is no absolute path',
    why: 'It is looked up from the directory in which containerd was started.',
  },
  'containerd-mirrors-and-config-path': {
    severity: 'error',
    meaning: 'registry.mirrors and config_path are both set',
    why: noCri,
  },
  'containerd-tls-and-config-path': {
    severity: 'error',
    meaning: 'registry.configs.*.tls and config_path are both set (1.x)',
    why: noCri,
  },
  'containerd-mirrors-instead': {
    severity: 'error',
    meaning: 'registry.mirrors is used instead of config_path',
    why: 'containerd asks the mirrors of config.toml and reads no hosts.toml.',
  },
  'containerd-registry-auth': {
    severity: 'warning',
    meaning: 'registry.configs or registry.auths are set',
    why: 'They are deprecated, and since 2.1 they switch every pull from the transfer service to local pulls.',
  },
  'containerd-transfer-config-path': {
    severity: 'warning',
    meaning: 'config_path stands in the section of the transfer service, where nothing reads it',
    why: 'It has no effect; CRI has its own config_path.',
  },
  'containerd-discard-unpacked-layers': {
    severity: 'warning',
    meaning: 'compressed layers are thrown away after unpacking',
    why: 'This node can pull from peers, but serves them no layers: its peers go to the upstream.',
  },
  'containerd-too-old': {
    severity: 'error',
    meaning: 'this containerd has no config_path',
    why: 'hosts.toml files are read since containerd 1.5.',
  },
  'containerd-no-default': {
    severity: 'error',
    meaning: 'this containerd does not know _default',
    why: '_default is read since 1.6.17: registries without a directory of their own get no mirror.',
  },
  'containerd-version-unknown': {
    severity: 'warning',
    meaning: 'the version of containerd is not known',
    why: 'Which rules hold differs from version to version: what is said here is a guess in part.',
  },
  'containerd-version-newer': {
    severity: 'info',
    meaning: 'this containerd is newer than those whose rules are known',
    why: 'Its rules may differ from those of the newest known version, by which its files are judged.',
  },
  'containerd-version-differs': {
    severity: 'warning',
    meaning: 'the binary has another version than the running containerd',
    why: 'The old one runs until it is restarted, and then other rules hold.',
  },
  'containerd-restart-needed': {
    severity: 'error',
    meaning: 'the configuration is newer than the running containerd',
    why: 'A changed config_path counts only after a restart. hosts.toml files need none.',
  },
  'containerd-binary-newer': {
    severity: 'warning',
    meaning: 'the binary is newer than the running containerd',
    why: 'The old one runs until it is restarted, and then other rules hold.',
  },
  'containerd-not-running': {
    severity: 'warning',
    meaning: 'there is no socket of containerd',
    why: 'Whether the running containerd knows this configuration cannot be told.',
  },
  'containerd-socket-silent': {
    severity: 'warning',
    meaning: 'the socket of containerd gives no answer',
    why: 'A containerd that hangs pulls nothing.',
  },
  'runtime-not-containerd': {
    severity: 'error',
    meaning: 'the runtime of this node is not containerd',
    why: 'Only containerd reads hosts.toml files.',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** Every code about a certs.d tree: `doctor` and `lint` share them. */
export const certsProblems = {
  'certs-dir-absent': { severity: 'warning', meaning: 'the directory does not exist', why: upstream },
  'certs-dir-not-a-directory': {
    severity: 'error',
    meaning: 'what should be the directory is something else',
    why: fails,
  },
  'certs-dir-distribution': {
    severity: 'warning',
    meaning: 'this distribution has its directory elsewhere',
    why: 'The files that handspegel and Spegel write are perhaps never read.',
  },
  'certs-no-mirror': { severity: 'warning', meaning: 'no hosts.toml names a host', why: upstream },
  'certs-empty-directory': {
    severity: 'error',
    meaning: 'an empty directory hides _default',
    why: 'Images of that registry get no mirror: that the directory exists is enough, nothing is merged.',
  },
  'certs-no-hosts-file': {
    severity: 'warning',
    meaning: 'a directory without hosts.toml hides _default',
    why: 'Images of that registry get no mirror; only certificates in the directory count.',
  },
  'certs-hosts-empty': {
    severity: 'warning',
    meaning: 'a hosts.toml without content hides _default',
    why: 'Images of that registry get no mirror.',
  },
  'certs-default-misspelt': {
    severity: 'error',
    meaning: 'a directory that was probably meant to be _default',
    why: 'containerd never reads it.',
  },
  'certs-directory-unread': {
    severity: 'warning',
    meaning: 'a directory that no image name leads to',
    why: 'containerd never reads it.',
  },
  'certs-directory-unusual': {
    severity: 'warning',
    meaning: 'a directory that few image names lead to',
    why: 'containerd looks for the name exactly as images spell it.',
  },
  'certs-directory-hidden': {
    severity: 'warning',
    meaning: 'two directories stand for one registry',
    why: 'containerd reads the one with underscores and never the other.',
  },
  'certs-file-name': {
    severity: 'warning',
    meaning: 'a file that was probably meant to be hosts.toml',
    why: 'containerd never reads it.',
  },
  'certs-not-a-directory': {
    severity: 'error',
    meaning: 'a file stands where a registry directory belongs',
    why: fails,
  },
  'certs-loose-file': { severity: 'warning', meaning: 'a file directly in certs.d', why: 'containerd never reads it.' },
  'certs-link-dangling': {
    severity: 'error',
    meaning: 'a symbolic link leads nowhere',
    why: 'For containerd the file or directory is missing. Pulls go elsewhere.',
  },
  'certs-link': {
    severity: 'info',
    meaning: 'a symbolic link',
    why: 'containerd follows it; handspegel writes nothing through it, and Spegel moves the link, not what it leads to.',
  },
  'certs-unreadable': {
    severity: 'error',
    meaning: 'something below certs.d cannot be read',
    why: 'If containerd cannot read it either, every pull of that registry fails.',
  },
  'certs-pull-fails': { severity: 'error', meaning: 'containerd fails every pull of a registry', why: fails },
  'certs-owner': {
    severity: 'warning',
    meaning: 'a file or directory does not belong to root',
    why: 'Whoever owns it decides where this node pulls its images from.',
  },
  'certs-writable': {
    severity: 'error',
    meaning: 'others than the owner may write a file or directory',
    why: 'Anybody on the node can send its pulls elsewhere.',
  },
  'certs-mode': {
    severity: 'warning',
    meaning: 'not even the owner may read a file or enter a directory',
    why: 'root reads it nevertheless, a containerd without that capability does not: its pulls fail.',
  },
  'certs-secret-readable': {
    severity: 'warning',
    meaning: 'everybody may read a file with credentials or a private key',
    why: 'It does not change a pull; it gives the credentials of the registry away.',
  },
  'certs-key-missing': { severity: 'error', meaning: 'a client certificate without its key', why: fails },
  'certs-key-alone': {
    severity: 'warning',
    meaning: 'a key without its certificate',
    why: 'containerd passes over it: a mirror that wants a client certificate refuses.',
  },
  'certs-mount': {
    severity: 'warning',
    meaning: 'certs.d is a mount of its own',
    why: 'No file can be renamed into it: handspegel cannot keep the mirrors right.',
  },
  'selinux-label': {
    severity: 'warning',
    meaning: 'a file has a label that containerd is probably not allowed to read',
    why: 'SELinux denies the read, and every pull of that registry fails.',
  },
  'selinux-confined': {
    severity: 'warning',
    meaning: 'SELinux enforces, and this process is confined',
    why: 'handspegel is not allowed to write certs.d, so the mirrors stay as they are.',
  },
} as const satisfies Readonly<Record<string, Row>>;

/** Every code about mirrors that were asked. */
export const mirrorProblems = {
  'mirror-refused': {
    severity: 'warning',
    meaning: 'a mirror refuses connections',
    why: 'containerd goes to the next host at once; this mirror serves nothing.',
  },
  'mirror-erroring': {
    severity: 'warning',
    meaning: 'a mirror answers with an error',
    why: 'containerd goes to the next host; this mirror serves nothing.',
  },
  'mirror-timeout': {
    severity: 'error',
    meaning: 'a mirror cannot be reached',
    why: 'containerd waits for it at each manifest and each layer: 30 s, or dial_timeout from 2.0.7 on.',
  },
  'mirror-hung': {
    severity: 'error',
    meaning: 'a mirror takes connections and does not answer',
    why: 'containerd waits 30 s at each request from 2.3 on, and for ever before.',
  },
  'mirror-wrong': {
    severity: 'error',
    meaning: 'a mirror answers, but not as a registry',
    why: 'containerd does not go on to the next host: pulls fail.',
  },
  'mirror-wants-credentials': {
    severity: 'warning',
    meaning: 'a mirror wants credentials that its hosts.toml does not have',
    why: 'containerd sends a mirror only what its header says, and goes to the next host.',
  },
  'mirror-stalls': {
    severity: 'error',
    meaning: 'a mirror stops in the middle of an image (`doctor --image`)',
    why: 'No probe sees it, so the gate leaves the mirror in the file; a pull through it never ends.',
  },
  'mirror-broken-content': {
    severity: 'error',
    meaning: 'a mirror sends an image wrong or not to its end (`doctor --image`)',
    why: 'No probe sees it; a pull through it fails, or begins again and again.',
  },
  'mirror-none-answers': { severity: 'error', meaning: 'no mirror of a file answers', why: upstream },
} as const satisfies Readonly<Record<string, Row>>;

/** All codes that only `doctor`, and in part `lint`, can give. */
export const doctorProblems = { ...containerdProblems, ...certsProblems, ...mirrorProblems };

export type DoctorCode = keyof typeof doctorProblems;
