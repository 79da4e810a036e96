/** Codes about Spegel's own chart beside the files that we write. docs/problems.md explains each. */
export const spegelProblemCodes = {
  'spegel-ports-differ': {
    severity: 'warning',
    meaning: 'a template names a port at which no Spegel of these chart values answers',
  },
  'spegel-auth-missing': {
    severity: 'warning',
    meaning: "a template names Spegel's mirror without the basic auth that the chart values demand",
  },
  'spegel-moves-registries': {
    severity: 'warning',
    meaning: 'the chart values let Spegel write files, and an extension writes a registry file beside them',
  },
  'spegel-chart-layout': {
    severity: 'error',
    meaning: "the chart's version does not have the ports that the configuration counts on",
  },
  'spegel-other-runtime': {
    severity: 'warning',
    meaning: 'Spegel is asked for on a node whose runtime it cannot work with',
  },
  'spegel-not-wanted': {
    severity: 'warning',
    meaning: 'values are printed of a Spegel that is not to be installed',
  },
  'spegel-filter-matches-nothing': {
    severity: 'warning',
    meaning: 'a filter of `registryFilters` asks for a backslash, which no image name has',
  },
  'spegel-value-moved': {
    severity: 'info',
    meaning: 'a chart value stands where no chart reads it, and is handed on where one does',
  },
} as const;

export type SpegelProblemCode = keyof typeof spegelProblemCodes;
