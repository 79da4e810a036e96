/**
 * An agent sleeps most of its life: from here on V8 collects more and optimizes nothing, which costs no CPU in what an
 * agent does. Not at the start: with other flags than its own build Node.js compiles every module of its library anew,
 * those of sockets and HTTP among them.
 */
export const preferMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  for (const flag of ['--no-opt', '--no-maglev', '--optimize-for-size']) setFlagsFromString(flag);
};
