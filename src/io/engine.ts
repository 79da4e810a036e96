/**
 * An agent sleeps most of its life: from here on V8 collects more and optimizes nothing, which costs no CPU in what an
 * agent does. Not at the start: with other flags than its own build Node.js compiles every module of its library anew,
 * those of sockets and HTTP among them.
 */
export const preferMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  // Its few young objects are collected sooner than other threads wake up to help.
  const flags = ['--no-opt', '--no-maglev', '--optimize-for-size', '--no-parallel-scavenge'];
  for (const flag of flags) setFlagsFromString(flag);
};
