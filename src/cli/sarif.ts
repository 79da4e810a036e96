import { pathToFileURL } from 'node:url';
import type { Problem } from '../core/problem.ts';

type Level = 'error' | 'warning' | 'note';

const levels: Readonly<Record<Problem['severity'], Level>> = { error: 'error', warning: 'warning', info: 'note' };

const uriOf = (file: string): string =>
  file.startsWith('/') ? pathToFileURL(file).href : file.split('/').map(encodeURIComponent).join('/');

const locationOf = ({ file = '', line, column }: { file?: string; line?: number; column?: number }): object => ({
  physicalLocation: {
    artifactLocation: { uri: uriOf(file) },
    ...(line === undefined
      ? {}
      : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } }),
  },
});

export type SarifOptions = {
  readonly version: string;
  /** What a code means, in one sentence. */
  readonly meaningOf: (code: string) => string;
};

/**
 * Problems as a SARIF 2.1.0 log (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), which code hosts show
 * beside the lines of a pull request.
 */
export const toSarif = (problems: readonly Problem[], { version, meaningOf }: SarifOptions): object => {
  const codes = [...new Set(problems.map(({ code }) => code))].toSorted();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'handspegel',
            version,
            rules: codes.map((code) => ({
              id: code,
              shortDescription: { text: meaningOf(code) },
              help: { text: `See ${code} in docs/problems.md.` },
            })),
          },
        },
        // Columns count characters, not UTF-16 units.
        columnKind: 'unicodeCodePoints',
        results: problems.map(({ code, severity, message, hint, related, ...place }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: levels[severity],
          message: { text: `${message}\n${hint}` },
          locations: place.file === undefined ? [] : [locationOf(place)],
          ...(related === undefined
            ? {}
            : {
                relatedLocations: related
                  .filter(({ file }) => file !== undefined)
                  .map((other) => ({ ...locationOf(other), message: { text: other.message } })),
              }),
        })),
      },
    ],
  };
};
