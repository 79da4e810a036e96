import { mirrorRoles } from '../core/gate/mirror.ts';
import { verdicts } from '../core/gate/verdict.ts';

/** JSON schemas of every answer: Fastify writes by them, and nothing that they do not name leaves the node. */
export type Schema = Readonly<Record<string, unknown>>;

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const integer = { type: 'integer' } as const;
const boolean = { type: 'boolean' } as const;
const word = (...words: readonly string[]): Schema => ({ type: 'string', enum: words });
const list = (items: Schema): Schema => ({ type: 'array', items });

/** Keys that end in `?` may be missing. */
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key.replace(/\?$/, ''), value])),
  required: Object.keys(properties).filter((key) => !key.endsWith('?')),
  additionalProperties: false,
});

const problem = object({
  code: string,
  severity: word('error', 'warning', 'info'),
  message: string,
  hint: string,
  'file?': string,
  'line?': integer,
  'column?': integer,
  'path?': string,
});

const file = object({
  path: string,
  action: string,
  reason: string,
  detail: string,
  writer: string,
  'source?': string,
  'standIn?': string,
  'withdrawn?': list(string),
  'wouldWithdraw?': list(string),
  'deadly?': string,
});

const mirror = object({
  url: string,
  role: word(...mirrorRoles),
  address: string,
  port: integer,
  verdict: word(...verdicts, 'unknown'),
  since: string,
  latencyMs: number,
  detail: string,
  withdrawn: boolean,
  registries: list(string),
  recent: list(object({ at: string, verdict: word(...verdicts), latencyMs: number })),
});

const statusSchema = object({
  agentVersion: string,
  pid: integer,
  certsDir: string,
  at: string,
  phase: object({ phase: string, since: string, reason: string }),
  ready: boolean,
  'waitingFor?': string,
  node: object({
    'name?': string,
    addresses: list(string),
    controlPlane: list(string),
    'runtime?': string,
    'containerdVersion?': string,
  }),
  configuration: object({ source: string, sha256: string, inForce: string }),
  gate: word('enforce', 'observe', 'off'),
  spegel: object({ mode: string, reason: string }),
  files: list(file),
  mirrors: list(mirror),
  problems: list(problem),
  journal: list(object({ at: string, event: string, 'path?': string, detail: string })),
});

const host = object({
  url: string,
  role: string,
  scheme: string,
  host: string,
  path: string,
  httpsFirst: boolean,
  capabilities: list(string),
  asked: list(string),
  'ns?': string,
  delays: object({ refused: number, dropped: number, hung: { anyOf: [number, word('never')] } }),
});

const explanationSchema = object({
  image: object({ namespace: string, repository: string, 'tag?': string, 'digest?': string }),
  version: string,
  candidates: list(object({ directory: string, says: string })),
  outcome: word('pulls', 'fails', 'dies'),
  'error?': string,
  'refused?': string,
  'ignored?': object({ reason: string, line: integer, column: integer }),
  hosts: list(host),
  skipped: list(object({ what: string, why: string })),
  rules: list(object({ rule: string, says: string })),
  versions: list(object({ version: string, outcome: string, hosts: list(string) })),
});

const error = object({ error: string });

const differences = object({
  differences: list(object({ path: string, action: string, reason: string, diff: string })),
});

const versions = object({
  files: list(
    object({
      path: string,
      versions: list(object({ version: integer, at: string, writer: string, reason: string, sha256: string })),
    }),
  ),
});

/** As Fastify takes them, by route. */
export const answers = {
  status: { response: { 200: statusSchema } },
  explain: { response: { 200: explanationSchema, 400: error } },
  diff: { response: { 200: differences } },
  history: { response: { 200: versions, 404: error } },
} as const;
