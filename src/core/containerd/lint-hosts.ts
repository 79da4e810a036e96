import { modelledVersions, rulesOf, versionNumber } from './containerd-version.ts';
import { parseGoDuration } from './hosts-duration.ts';
import type { HostEntry, HostSettings, HostsFile } from './hosts-file.ts';
import { type HostsProblemCode, hostsProblems } from './hosts-problems.ts';
import { type JudgedProblem, type JudgeOptions, judgeHostsFile } from './judge.ts';
import { hostPlaces, lintKeys } from './lint-keys.ts';

type Remark = { readonly code: HostsProblemCode; readonly message: string; readonly hint: string };

const urlRemarks = (url: string, overridePath: boolean): readonly Remark[] => {
  const remarks: Remark[] = [];
  const add = (code: HostsProblemCode, message: string, hint: string): void => {
    remarks.push({ code, message, hint });
  };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1];
  const authority = url.slice(scheme === undefined ? 0 : scheme.length + 3).split('/', 1)[0] ?? '';
  if (scheme === undefined) {
    add('hosts-no-scheme', `${url} has no scheme: it is asked by HTTPS`, 'Write http:// or https:// before it.');
  } else if (scheme !== 'http' && scheme !== 'https') {
    add('hosts-odd-scheme', `containerd does not understand ${scheme}://`, 'Write http:// or https:// in lower case.');
  }
  if (/[?#]/.test(url) || authority.includes('@')) {
    add('hosts-url-parts-dropped', `user, query and fragment of ${url} are dropped`, 'For credentials, set a header.');
  }
  const path = url.replace(/[?#].*$/, '').replace(/\/+$/, '');
  if (!overridePath && /\/v2\/./.test(path) && !path.endsWith('/v2')) {
    add('hosts-path-doubled', `${url} is asked at ${path}/v2/…`, 'Set override_path = true.');
  }
  return remarks;
};

const settingRemarks = (settings: HostSettings, name: string): readonly Remark[] => {
  const remarks: Remark[] = [];
  const files = [settings.ca ?? [], settings.client ?? []].flat(2);
  if (files.includes('')) {
    const message = `${name} names an empty file: it means the directory, and every pull fails`;
    remarks.push({
      code: 'hosts-empty-key-file',
      message,
      hint: 'A PEM that holds both is written client = "both.pem".',
    });
  }
  const timeout = settings.dialTimeout === undefined ? undefined : parseGoDuration(settings.dialTimeout);
  if (timeout !== undefined && timeout <= 0n) {
    const message = `${name} has a dial_timeout of ${settings.dialTimeout}`;
    remarks.push({ code: 'hosts-dial-timeout-useless', message, hint: "Write a time such as '200ms'." });
  }
  return remarks;
};

const hostRemarks = (host: HostEntry): readonly Remark[] => {
  const remarks = [...urlRemarks(host.url, host.overridePath ?? false), ...settingRemarks(host, host.url)];
  if ((host.capabilities ?? []).length === 0) {
    const message = `${host.url} has no capabilities: it may do everything, push too`;
    remarks.push({ code: 'hosts-implicit-push', message, hint: "Write capabilities = ['pull', 'resolve']." });
  }
  if (host.dialTimeout === undefined) {
    const message = `${host.url} has no dial_timeout: if it drops packets, each blob waits 30 s`;
    remarks.push({ code: 'hosts-no-dial-timeout', message, hint: "Write dial_timeout = '200ms'; 1.x passes over it." });
  }
  return remarks;
};

const can = (host: HostEntry, capability: string): boolean => {
  const written = (host.capabilities ?? []).map((name) => name.toLowerCase());
  return written.length === 0 || written.includes(capability);
};

const fileRemarks = (file: HostsFile): readonly Remark[] => {
  const remarks: Remark[] = [];
  if (file.hosts.length > 0 && !file.hosts.some((host) => can(host, 'pull') && can(host, 'resolve'))) {
    const message = 'no host may pull and resolve: every tag is asked at the upstream';
    remarks.push({ code: 'hosts-no-resolve', message, hint: "Write capabilities = ['pull', 'resolve']." });
  }
  if (file.top.capabilities !== undefined && file.server === undefined) {
    const message = 'capabilities at the top have no effect without a server';
    remarks.push({ code: 'hosts-top-capabilities', message, hint: 'Put them into a [host."URL"] table.' });
  }
  if (file.server !== undefined) {
    remarks.push(...urlRemarks(file.server, file.top.overridePath ?? false));
    if (/^(?:https?:\/\/)?(?:index\.)?docker\.io(?:\/|$)/.test(file.server)) {
      const message = `${file.server} answers with a web page`;
      remarks.push({ code: 'hosts-docker-io-server', message, hint: 'Write https://registry-1.docker.io.' });
    }
  }
  return [...remarks, ...settingRemarks(file.top, 'the top level')];
};

const timeoutRemark = (file: HostsFile, versions: JudgeOptions['version']): readonly Remark[] => {
  const without = versions !== undefined && !rulesOf(versions).dialTimeout;
  if (!without || !file.hosts.some(({ dialTimeout }) => dialTimeout !== undefined)) return [];
  const message = `containerd ${versionNumber(versions)} passes over dial_timeout: 30 s are waited`;
  return [{ code: 'hosts-dial-timeout-unknown', message, hint: 'It is known since 2.0.7 and 2.1.0.' }];
};

/**
 * Everything worth saying about a `hosts.toml`: what containerd makes of it, then what it passes over without a word.
 * Pure and offline; the codes are those of `hostsProblems`.
 */
export const lintHostsFile = (bytes: Uint8Array, options: JudgeOptions): readonly JudgedProblem[] => {
  const judged = judgeHostsFile(bytes, options);
  const versions = (options.version === undefined ? modelledVersions : [options.version]).map(versionNumber);
  const problem = (remark: Remark): JudgedProblem => ({
    ...remark,
    severity: hostsProblems[remark.code].severity,
    versions,
  });
  const { file } = judged;
  if (file === undefined) return [...judged.problems, ...lintKeys(bytes).map(problem)];
  const places = hostPlaces(bytes);
  const hosts = file.hosts.flatMap((host) =>
    hostRemarks(host).map((remark) => ({ ...problem(remark), ...places.get(host.url) })),
  );
  return [
    ...judged.problems,
    ...lintKeys(bytes).map(problem),
    ...hosts,
    ...fileRemarks(file).map(problem),
    ...timeoutRemark(file, options.version).map(problem),
  ];
};
