import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Explanation } from '../../core/containerd/explain.ts';
import type { Status } from '../../core/status.ts';

export type PageState = {
  readonly status: () => Status;
  /** What `/livez` looks at. */
  readonly liveChecks: () => readonly { readonly reasons: readonly string[] }[];
  /** Where a pull of this image goes, from what lies on disk now. */
  readonly explain: (image: string) => Promise<Explanation | { readonly error: string }>;
};

/** Nothing from elsewhere, nothing inline, in no frame. */
const pagePolicy =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const longestImage = 512;

const send = (reply: FastifyReply, type: string, body: string): FastifyReply =>
  reply
    .headers({
      'content-security-policy': pagePolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    .type(`${type}; charset=utf-8`)
    .send(body);

/** Why an image that was asked for is not looked up. */
const refused = (image: string): string | undefined => {
  if (image === '') return 'Write the name of an image, such as docker.io/library/nginx:1.29.';
  return image.length > longestImage ? `The name of an image has at most ${longestImage} characters here.` : undefined;
};

type Query = { readonly image?: string | readonly string[]; readonly all?: string };

/**
 * The page for people, on the local listener: `/` (with `?image=` the way of a pull, with `?all` every file in full),
 * its style and its script. Nothing of it is loaded before somebody asks.
 */
export const addPage = (server: FastifyInstance, state: PageState): void => {
  server.get<{ Querystring: Query }>('/', async (request, reply) => {
    const { pageDocument } = await import('./document.ts');
    const image = [request.query.image].flat().at(-1)?.trim();
    const error = image === undefined ? undefined : refused(image);
    const asked =
      image === undefined
        ? undefined
        : { image: image.slice(0, longestImage), answer: error === undefined ? await state.explain(image) : { error } };
    const all = request.query.all !== undefined;
    return send(
      reply,
      'text/html',
      pageDocument({ status: state.status(), dead: state.liveChecks().flatMap(({ reasons }) => reasons), asked, all }),
    );
  });
  server.get('/page.css', async (_request, reply) => send(reply, 'text/css', (await import('./style.ts')).style));
  server.get('/page.js', async (_request, reply) =>
    send(reply, 'text/javascript', (await import('./script.ts')).script),
  );
  server.get('/page.svg', async (_request, reply) => send(reply, 'image/svg+xml', (await import('./style.ts')).icon));
};
