{{/* ServiceAccount and rights of a hook: name, hook, configMap (verbs on it, or none), agents (sees pods and nodes). */}}
{{- define "handspegel.hookRights" -}}
{{- $root := .root -}}
{{- $meta := printf "  labels:\n    %s\n  annotations:\n    helm.sh/hook: %s\n    helm.sh/hook-weight: '-5'\n    %s" (include "handspegel.labels" $root | indent 4 | trim) .hook (include "handspegel.hookAnnotations" $root) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
{{ $meta }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
{{ $meta }}
rules:
  {{- if .configMap }}
  - apiGroups: ['']
    resources: [configmaps]
    resourceNames: [{{ include "handspegel.configMapName" $root }}]
    verbs: [get, update]
  {{- end }}
  {{- if .agents }}
  - apiGroups: ['']
    resources: [pods]
    verbs: [list]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
{{ $meta }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ $root.Release.Namespace }}
{{- if .agents }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name }}-{{ $root.Release.Namespace }}
{{ $meta }}
rules:
  - apiGroups: ['']
    resources: [nodes]
    verbs: [list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .name }}-{{ $root.Release.Namespace }}
{{ $meta }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .name }}-{{ $root.Release.Namespace }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ $root.Release.Namespace }}
{{- end }}
{{- end -}}
