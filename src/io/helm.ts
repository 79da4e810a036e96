import { spawn } from 'node:child_process';

export type HelmOptions = {
  /** Looked up in PATH of `env` when it has no slash. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told to stop, helm ends what it does by itself (a rollback, say), and that is waited for. */
  readonly signal: AbortSignal;
};

export type HelmEnd = { readonly code: number; readonly out: string; readonly error: string };

/** Runs helm with these words, `input` on its standard input; no shell. Rejects when there is no such program. */
export type Helm = (words: readonly string[], input?: string) => Promise<HelmEnd>;

/** The user's own helm, on PATH or where it is said to be. */
export const createHelm = ({ program, env, signal }: HelmOptions): Helm => {
  const missing = (cause: Error): Error =>
    'code' in cause && cause.code === 'ENOENT'
      ? new Error(`there is no ${program}: install Helm 3 or 4, or say where it is (--helm)`, { cause })
      : new Error(`${program} cannot be run: ${cause.message}`, { cause });
  return (words, input = '') =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [...words], { env, stdio: 'pipe' });
      const text = { out: '', error: '' };
      const stop = (): void => void child.kill('SIGTERM');
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text.out += part;
      });
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        text.error += part;
      });
      // It may end without having read all of it; its exit code tells.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.on('error', (error) => reject(missing(error)));
      child.on('close', (code) => {
        signal.removeEventListener('abort', stop);
        resolve({ code: code ?? 1, ...text });
      });
    });
};
