/** Every code that judging or linting a `hosts.toml` can give, with its meaning; docs/problems.md explains each. */
export const hostsProblems = {
  'hosts-deadly': { severity: 'error', meaning: 'containerd dies of this file at the next pull of the registry' },
  'hosts-ignored': { severity: 'error', meaning: 'containerd ignores the whole file and goes to the upstream' },
  'hosts-not-listed': { severity: 'error', meaning: 'containerd 2.x does not see a host that is no [host."…"] table' },
  'hosts-certificate-missing': { severity: 'error', meaning: 'a certificate or key is missing: every pull fails' },
  'hosts-certificate-wrong': { severity: 'error', meaning: 'a certificate or key is wrong: every pull fails' },
  'hosts-certificate-unchecked': {
    severity: 'warning',
    meaning: 'a certificate or key outside could not be looked at',
  },
  'hosts-listed-twice': { severity: 'warning', meaning: 'containerd 2.x asks a host twice' },
  'hosts-order-random': { severity: 'warning', meaning: 'containerd 1.x asks the hosts in another order at each pull' },
  'hosts-url-unusable': { severity: 'warning', meaning: 'a URL without a host cannot be asked' },
  'hosts-https-first': { severity: 'warning', meaning: 'an http:// host is tried as HTTPS first' },
  'hosts-toml-differs': { severity: 'warning', meaning: 'containerd reads the file, other TOML readers do not' },
} as const;

export type HostsProblemCode = keyof typeof hostsProblems;
