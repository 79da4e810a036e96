// Makes the one bundle: `node bundle.mjs FILE`, from the directory of package.json.
import { build } from 'esbuild';

/**
 * What packages name at their top and the agent uses seldom or never, by who names it: loaded with the first use.
 * Together that is a sixth of the time until the agent is ready. Names are those that ES modules import.
 */
const onDemand = [
  { path: 'node:https', importer: /\/fastify\/lib\/server\.js$/ },
  { path: 'node:http2', importer: /\/fastify\/lib\/server\.js$/ },
  { path: 'semver', importer: /\/fastify\/lib\/plugin-utils\.js$/ },
  { path: '@opentelemetry/api', importer: /\/prom-client\/lib\/metrics\/processCpuTotal\.js$/ },
  { path: 're2js', importer: /\/src\/gotemplate\//, names: ['RE2JS', 'RE2JSException'] },
];
const proxy = (target, value) => `new Proxy(${target}, { get: (_, key) => ${value}[key] })`;
const standIn = ({ path, names }) =>
  names === undefined
    ? `module.exports = ${proxy('{}', `require('${path}')`)};`
    : names
        .map((name) => `export const ${name} = ${proxy('function () {}', `require('${path}').${name}`)};`)
        .join('\n');
const loadedOnDemand = {
  name: 'loaded on demand',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /./ }, ({ path, importer, resolveDir }) => {
      const rule = onDemand.find((known) => known.path === path && known.importer.test(importer));
      return rule && { path, namespace: 'on-demand', pluginData: { rule, resolveDir } };
    });
    onLoad({ filter: /./, namespace: 'on-demand' }, ({ pluginData: { rule, resolveDir } }) => ({
      contents: standIn(rule),
      resolveDir,
    }));
  },
};

/** Files of packages in whose place stands what the agent uses of them. */
const shortened = [
  {
    // The index of 760 generated modules, a sixth of the bundle; client-node's configuration uses these two.
    path: './gen/index.js',
    importer: /\/client-node\/dist\/config\.js$/,
    contents: `export { createConfiguration } from './gen/configuration.js';
export { ServerConfiguration } from './gen/servers.js';`,
  },
  // It pushes metrics, and loads TLS for that: the agent is scraped.
  { path: './lib/pushgateway', importer: /\/prom-client\/index\.js$/, contents: '' },
];
const leftOut = {
  name: 'left out',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^\.\// }, ({ path, importer, resolveDir }) => {
      const rule = shortened.find((known) => known.path === path && known.importer.test(importer));
      return rule && { path, namespace: 'shortened', pluginData: { contents: rule.contents, resolveDir } };
    });
    onLoad({ filter: /./, namespace: 'shortened' }, ({ pluginData }) => pluginData);
  },
};

const [outfile] = process.argv.slice(2);
await build({
  entryPoints: ['src/main.ts'],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  mainFields: ['module', 'main'],
  legalComments: 'none',
  external: ['pino-pretty'],
  plugins: [loadedOnDemand, leftOut],
  // A function of what a module gets, as src/launch.cjs calls it: put around it there, V8 would keep a second copy.
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
  logLevel: 'warning',
  outfile,
});
