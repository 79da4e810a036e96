/** What may be wrong with the mirrors of a node, and what the gate makes of it. */
export type Fault = {
  /** As the mirrors of `pull-mirrors.ts` know it; `up`: they are well. */
  readonly name: string;
  readonly title: string;
  /** What shows it, so that the gate can act. */
  readonly seenBy: '/v2/' | 'deep probe' | 'nothing';
  /** The gate takes such mirrors out; harmless ones stay in the file. */
  readonly costly: boolean;
};

const shallow = (name: string, title: string, costly: boolean): Fault => ({ name, title, seenBy: '/v2/', costly });

/** The faults of the pull matrix (docs/pulls.md). */
export const faults: readonly Fault[] = [
  shallow('silent', 'accepts and never answers', true),
  shallow('stalls', 'sends headers, then nothing', true),
  shallow('drops', 'drops packets', true),
  shallow('refuses', 'refuses', false),
  shallow('error-500', 'answers 500', false),
  shallow('page', 'serves a page of HTML with 200', true),
  shallow('not-found', 'answers 404', false),
  shallow('slow', 'answers after 3 s', true),
  { name: 'dies', title: 'dies while a blob is under way', seenBy: '/v2/', costly: false },
  { name: 'silent-manifests', title: 'is well at /v2/, and manifests never come', seenBy: 'deep probe', costly: true },
  { name: 'stalls-in-blobs', title: 'stalls in the middle of a blob', seenBy: 'nothing', costly: false },
];
