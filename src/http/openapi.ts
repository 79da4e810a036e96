import { agentVersion } from '../version.ts';
import { answers, type Schema } from './answers.ts';

type Answers = { readonly response: Readonly<Record<string, Schema>> };

const meanings: Readonly<Record<string, string>> = {
  200: 'What was asked for.',
  400: 'The question cannot be answered; why.',
  404: 'There is no such thing.',
};

const get = (summary: string, { response }: Answers, parameters: readonly Schema[] = []): Schema => ({
  get: {
    summary,
    parameters,
    responses: Object.fromEntries(
      Object.entries(response).map(([code, schema]) => [
        code,
        { description: meanings[code] ?? '', content: { 'application/json': { schema } } },
      ]),
    ),
  },
});

const query = (name: string, description: string, required: boolean): Schema => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type: 'string' },
});

/** The API of the local listener, as OpenAPI 3.1. */
export const openApi = (): Schema => ({
  openapi: '3.1.0',
  info: {
    title: 'handspegel',
    version: agentVersion,
    description: 'What the agent of one node knows; read only, on the loopback address of the node.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths: {
    '/api/status': get('Phase, files, mirrors, problems and last events of this node.', answers.status),
    '/api/explain': get('Where a pull of an image goes, and why.', answers.explain, [
      query('image', 'Name of the image, e.g. docker.io/library/nginx:1.29', true),
    ]),
    '/api/diff': get('What stands beside what is wanted.', answers.diff),
    '/api/history': get('The remembered versions of each file.', answers.history, [
      query('path', 'Relative to certs.d, e.g. _default/hosts.toml', false),
    ]),
    '/api/events': {
      get: {
        summary: 'The status as server-sent events: at once and after each change, twice a second at most.',
        responses: { 200: { description: 'Events of the name `status`.', content: { 'text/event-stream': {} } } },
      },
    },
  },
});
