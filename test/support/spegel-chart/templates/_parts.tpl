{{- define "spegel.labels" -}}
app.kubernetes.io/name: spegel
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spegel.image" -}}
image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
imagePullPolicy: IfNotPresent
{{- end -}}

{{- define "spegel.nodeIp" -}}
- name: NODE_IP
  {{- if .Values.service.registry.nodeIp }}
  value: {{ .Values.service.registry.nodeIp }}
  {{- else }}
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
  {{- end }}
{{- end -}}

{{/* certs.d of the node, as the init container and the uninstall hook get it. */}}
{{- define "spegel.certsVolume" -}}
- name: containerd-config
  hostPath:
    path: {{ .Values.spegel.containerdRegistryConfigPath }}
    type: DirectoryOrCreate
{{- end -}}

{{- define "spegel.certsMount" -}}
- name: containerd-config
  mountPath: {{ .Values.spegel.containerdRegistryConfigPath }}
{{- end -}}
