import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

// The smallest image that runs: one layer with a static busybox, made and pushed with nothing but the registry's API.

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/** As Go calls it. */
export const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

export const digestOf = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`;

export type Image = { readonly manifest: Buffer; readonly blobs: readonly Buffer[]; readonly digest: string };

/** Packs busybox and one file that tells images apart. */
export const buildImage = (dir: string, text: string, command?: readonly string[]): Image => {
  const root = join(dir, 'rootfs');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  writeFileSync(join(root, 'motd'), text);
  const tar = spawnSync('tar', ['--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-C', root, '-cf', '-', '.'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  if (tar.status !== 0) throw new Error(`tar failed: ${tar.stderr.toString()}`);
  return imageOf(tar.stdout, command);
};

/** An image of one layer. */
export const imageOf = (tar: Uint8Array, command: readonly string[] = ['/bin/busybox', 'cat', '/motd']): Image => {
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: command },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: describe(types.config, config),
      layers: [describe(types.layer, layer)],
    }),
  );
  return { manifest, blobs: [config, layer], digest: digestOf(manifest) };
};

/** A layer with one file. */
const tarOf = (path: string, text: string): Buffer => {
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  const fields = [octal(0o644, 8), octal(0, 8), octal(0, 8), octal(text.length, 12), octal(0, 12)];
  header.write(path);
  header.write(`${fields.join('')}        0`, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte);
  header.write(octal(sum, 7), 148);
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  body.write(text);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
};

const named = new Map<string, Image>();

/** Text that hardly packs: a kibibyte of layer for each kibibyte asked for. */
const noise = (seed: string, kibibytes: number): string =>
  Array.from({ length: kibibytes * 32 }, (_, i) => hash('sha256', `${seed} ${i}`, 'hex')).join('');

/**
 * A tiny image that does not run: each name its own, the same everywhere. One whose name ends in `-512k` has a layer of
 * about that size.
 */
export const imageNamed = (name: string): Image => {
  const kibibytes = Number(/-(\d+)k$/.exec(name)?.[1] ?? 0);
  const image = named.get(name) ?? imageOf(tarOf('name', kibibytes === 0 ? name : noise(name, kibibytes)));
  named.set(name, image);
  return image;
};

const ask = async (url: string, init: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
  return response;
};

/** Pushes an image to a registry that answers at `base`. */
export const pushImage = async (base: string, name: string, tag: string, image: Image): Promise<void> => {
  for (const blob of image.blobs) {
    const begun = await ask(`${base}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', base);
    place.searchParams.set('digest', digestOf(blob));
    const headers = { 'content-type': 'application/octet-stream' };
    await ask(place.href, { method: 'PUT', headers, body: new Uint8Array(blob) });
  }
  const headers = { 'content-type': types.manifest };
  await ask(`${base}/v2/${name}/manifests/${tag}`, { method: 'PUT', headers, body: new Uint8Array(image.manifest) });
};
