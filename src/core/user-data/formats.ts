/** What `user-data` can print. */
export const userDataFormats = ['cloud-init', 'ignition', 'shell', 'nodeadm'] as const;
export type UserDataFormat = (typeof userDataFormats)[number];

const scriptPath = '/etc/handspegel/user-data.sh';
const unitName = 'handspegel-user-data.service';

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '      ');

/** `bootcmd` runs at each boot, with the network up and before kubelet and what cloud-init itself starts. */
const cloudInit = (script: string, version: string): string => `#cloud-config
# handspegel ${version} user-data: the first registry host files, before kubelet pulls anything.
bootcmd:
  - - sh
    - -c
    - |
${indented(script)}`;

const unit = `[Unit]
Description=First registry host files of handspegel
Documentation=file:${scriptPath}
Wants=network-online.target
After=network-online.target
Before=kubelet.service k3s.service k3s-agent.service rke2-server.service rke2-agent.service k0scontroller.service k0sworker.service kubeadm.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${scriptPath}

[Install]
WantedBy=multi-user.target
`;

const base64 = (text: string): string =>
  btoa([...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join(''));

/** Version 3.0.0 of the specification: all that is needed, and what the most versions of Ignition read. */
const ignition = (script: string): string =>
  `${JSON.stringify(
    {
      ignition: { version: '3.0.0' },
      storage: {
        files: [
          {
            path: scriptPath,
            mode: 0o755,
            overwrite: true,
            contents: { source: `data:text/plain;charset=utf-8;base64,${base64(script)}` },
          },
        ],
      },
      systemd: { units: [{ name: unitName, enabled: true, contents: unit }] },
    },
    undefined,
    2,
  )}\n`;

const boundary = '==handspegel==';

const part = (type: string, body: string): string =>
  `--${boundary}\nContent-Type: ${type}; charset="utf-8"\n\n${body.replace(/\n*$/, '\n')}\n`;

/** Scripts run between nodeadm's two services: containerd is configured then, kubelet has not started. */
const nodeadm = (script: string, nodeConfig: string | undefined): string =>
  `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="${boundary}"

${nodeConfig === undefined ? '' : part('application/node.eks.aws', nodeConfig)}${part('text/x-shellscript', script)}--${boundary}--
`;

/** The script in the form that a machine takes at its first boot. `nodeConfig`: a NodeConfig of EKS to go with it. */
export const formatUserData = (
  format: UserDataFormat,
  {
    script,
    version,
    nodeConfig,
  }: { readonly script: string; readonly version: string; readonly nodeConfig?: string | undefined },
): string => {
  switch (format) {
    case 'cloud-init':
      return cloudInit(script, version);
    case 'ignition':
      return ignition(script);
    case 'shell':
      return script;
    case 'nodeadm':
      return nodeadm(script, nodeConfig);
  }
};
