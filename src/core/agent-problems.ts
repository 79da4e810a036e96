/** Codes of the running agent: what it could not read, keep or write. docs/problems.md explains each. */
export const agentProblemCodes = {
  'config-missing': { severity: 'error', meaning: 'there is no configuration where --config points' },
  'config-unreadable': { severity: 'error', meaning: 'the configuration cannot be read' },
  'config-map-missing': { severity: 'error', meaning: 'the watched ConfigMap does not exist' },
  'config-map-unwatched': { severity: 'warning', meaning: 'changes of the ConfigMap come by its mount alone' },
  'state-damaged': { severity: 'warning', meaning: 'what was remembered cannot be read' },
  'state-unreadable': { severity: 'warning', meaning: 'what is remembered may not be read by whoever asks' },
  'state-not-saved': { severity: 'error', meaning: 'the state directory cannot be written' },
  'write-failed': { severity: 'error', meaning: 'a file could not be written' },
  'certs-dir-unreadable': { severity: 'error', meaning: 'certs.d as a whole cannot be read' },
  'deadly-file': { severity: 'error', meaning: "somebody's file would kill this node's containerd" },
  'mirror-not-allowed-elsewhere': {
    severity: 'warning',
    meaning: 'a file that is not ours names a mirror that policy.mirrors does not allow',
  },
  'registry-not-a-directory': {
    severity: 'error',
    meaning: 'something else stands where a registry directory belongs',
  },
} as const;

/** Codes of `lint` about the paths that it was given. */
export const lintProblemCodes = {
  'lint-unreadable': { severity: 'error', meaning: 'a path cannot be read' },
  'lint-nothing-found': { severity: 'warning', meaning: 'a path holds nothing that is checked here' },
  'lint-not-a-configuration': { severity: 'info', meaning: 'a YAML document that holds no configuration' },
} as const;
