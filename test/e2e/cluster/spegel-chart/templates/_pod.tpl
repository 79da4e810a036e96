{{- define "spegel.labels" -}}
app.kubernetes.io/name: spegel
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spegel.image" -}}
image: {{ .Values.image.repository }}:{{ .Values.image.tag }}
imagePullPolicy: IfNotPresent
{{- end -}}

{{/* certs.d of the node, as the init container and the uninstall hook get it. */}}
{{- define "spegel.certsVolume" -}}
- name: containerd-config
  hostPath:
    path: /etc/containerd/certs.d
    type: DirectoryOrCreate
{{- end -}}

{{- define "spegel.certsMount" -}}
- name: containerd-config
  mountPath: /etc/containerd/certs.d
{{- end -}}
