import { type At, type Reader, readInteger } from './config-reader.ts';
import { chartValueAt, type HelmValues } from './helm-values.ts';
import { readSwitch } from './helm-values-types.ts';
import type { Settings } from './settings.ts';

/**
 * Which of Spegel's ports are in its file.
 * - `two-ports`: charts up to v0.7.4, host port and node port.
 * - `same-node`: v0.5.0 to v0.7.4 with `usePreferSameNodeTrafficDistribution`, the node port alone (30021).
 * - `single-port`: charts after v0.7.4, the node port alone (30020).
 */
export type PortLayout = 'two-ports' | 'same-node' | 'single-port';

export type ChartPorts = {
  readonly layout: PortLayout;
  /** The port at which this node's and the control plane's Spegel is asked first. */
  readonly host: number;
  /** The port of the Service; the same as `host` where there is only one. */
  readonly node: number;
};

const port = { min: 1, max: 65_535 };

const readPort = (reader: Reader, at: At | undefined, fallback: number, needed: boolean): number => {
  if (at === undefined) return fallback;
  const { value } = at.node;
  if (value === null) {
    if (needed) {
      const message = `${at.name} is null, and the chart would write a mirror without a port`;
      reader.report.error(reader.typeCode, at, message, 'Write a port, or leave the value out.');
    }
    return fallback;
  }
  if (typeof value === 'string' && /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) <= port.max) {
    const message = `${at.name} is the string "${value}"; the chart renders it like the number`;
    reader.report.warning(reader.typeCode, at, message, `Write ${value} without quotes.`);
    return Number(value);
  }
  return readInteger(reader, at, port) ?? fallback;
};

/**
 * `auto`: a host port means two ports; without one, what only a single-port chart has or could mean does not: the value
 * `internalTrafficLocal`, a host port set to null, or 30020 as node port, which the other charts give to the host port.
 */
const layoutOf = (reader: Reader, values: HelmValues, setting: Settings['spegel']['layout']): PortLayout => {
  const at = (name: string): At | undefined => chartValueAt(values, 'service', 'registry', name);
  const sameNode = readSwitch(reader, at('usePreferSameNodeTrafficDistribution'), false);
  readSwitch(reader, at('internalTrafficLocal'), false);
  if (setting === 'single-port') return setting;
  if (sameNode) return 'same-node';
  if (setting === 'two-ports') return setting;
  const hostPort = at('hostPort');
  if (hostPort !== undefined) return hostPort.node.value === null ? 'single-port' : 'two-ports';
  const nodePort = at('nodePort')?.node.value;
  const single = at('internalTrafficLocal') !== undefined || nodePort === 30_020 || nodePort === '30020';
  return single ? 'single-port' : 'two-ports';
};

/** Reads the ports of the chart's Service and pod, and which layout they have. */
export const readPorts = (reader: Reader, values: HelmValues, setting: Settings['spegel']['layout']): ChartPorts => {
  const at = (name: string): At | undefined => chartValueAt(values, 'service', 'registry', name);
  const layout = layoutOf(reader, values, setting);
  const host = readPort(reader, at('hostPort'), 30_020, layout === 'two-ports');
  const node = readPort(reader, at('nodePort'), layout === 'single-port' ? 30_020 : 30_021, true);
  if (layout !== 'two-ports') return { layout, host: node, node };
  const spot = at('nodePort') ?? at('hostPort');
  if (host === node && spot !== undefined) {
    const hint = 'Give them different ports, or say `handspegel.spegel.layout: single-port` for a chart after v0.7.4.';
    const message = `host port and node port are both ${host}: Spegel would name one mirror twice, and containerd ignores such a file`;
    reader.report.warning(reader.valueCode, spot, message, hint);
  }
  return { layout, host, node };
};
