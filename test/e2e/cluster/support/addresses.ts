/** The one network of the cluster test: it lies in a namespace of its own, so these are free. */
export const world = '172.30.0.1';

/** Plain HTTP, for what the cluster itself runs; each node has a `hosts.toml` for it that is nobody's template. */
export const origin = `${world}:5000`;

/** HTTPS, for people's images: no directory of its own, so its pulls go by `_default`. */
export const upstream = 'registry.test';

export const podNetwork = '10.244.0.0/16';
export const serviceNetwork = '10.96.0.0/16';
/** The Service `kubernetes`. */
export const apiClusterIp = '10.96.0.1';
