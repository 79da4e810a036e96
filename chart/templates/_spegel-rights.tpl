{{/* The kinds of objects that `helm_values` switch on in Spegel's chart beside those that it always makes; rules as YAML. */}}
{{- define "handspegel.spegelExtraRules" -}}
{{- $document := include "handspegel.document" . | fromYaml -}}
{{- $values := (include "handspegel.pick" (dict "from" $document "keys" (list "cluster" "addon" "spegel" "helm_values")) | fromJson).value -}}
{{- if kindIs "string" $values -}}{{- $values = $values | fromYaml -}}{{- end -}}
{{- $verbs := list "get" "list" "watch" "create" "patch" "delete" -}}
{{- $rules := list -}}
{{- $kinds := dict
  "serviceMonitor" (list "monitoring.coreos.com" "servicemonitors")
  "networkPolicy" (list "networking.k8s.io" "networkpolicies")
  "verticalPodAutoscaler" (list "autoscaling.k8s.io" "verticalpodautoscalers")
-}}
{{- range $name, $kind := $kinds -}}
{{- if (include "handspegel.pick" (dict "from" $values "keys" (list $name "enabled")) | fromJson).value -}}
{{- $rules = append $rules (dict "apiGroups" (list (first $kind)) "resources" (list (last $kind)) "verbs" $verbs) -}}
{{- end -}}
{{- end -}}
{{- if (include "handspegel.pick" (dict "from" $values "keys" (list "grafanaDashboard" "enabled")) | fromJson).value -}}
{{- $mode := (include "handspegel.pick" (dict "from" $values "keys" (list "grafanaDashboard" "mode")) | fromJson).value -}}
{{- $kind := ternary (list "grafana.integreatly.org" "grafanadashboards") (list "" "configmaps") (eq (toString $mode) "GrafanaOperator") -}}
{{- $rules = append $rules (dict "apiGroups" (list (first $kind)) "resources" (list (last $kind)) "verbs" $verbs) -}}
{{- end -}}
{{- concat $rules .Values.spegel.extraRules | toJson -}}
{{- end -}}

{{/* ServiceAccount and rights of a Job that runs Helm for Spegel: name, hook. As narrow as Helm 3 and 4 take it. */}}
{{- define "handspegel.spegelRights" -}}
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
  namespace: {{ $root.Values.spegel.namespace }}
{{ $meta }}
rules:
  # Where Helm keeps releases; their names end in a revision, and creation cannot be limited to a name.
  - apiGroups: ['']
    resources: [secrets]
    verbs: [get, list, create, update, delete]
  # What Spegel's chart makes, its hooks included; to list is asked for by Helm 4 where an API server is older than 1.34.
  - apiGroups: [apps]
    resources: [daemonsets]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: ['']
    resources: [services, serviceaccounts, pods]
    verbs: [get, list, watch, create, patch, delete]
  {{- range include "handspegel.spegelExtraRules" $root | fromJsonArray }}
  - {{ . | toJson }}
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ $root.Values.spegel.namespace }}
{{ $meta }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ $root.Release.Namespace }}
---
# Which nodes decide, and whether Spegel runs elsewhere.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name }}-{{ $root.Release.Namespace }}
{{ $meta }}
rules:
  - apiGroups: ['']
    resources: [nodes]
    verbs: [list]
  - apiGroups: [apps]
    resources: [daemonsets]
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
{{- end -}}

{{/* One such Job: name, hook, weight, command. */}}
{{- define "handspegel.spegelJob" -}}
{{- $root := .root -}}
{{- $spegel := $root.Values.spegel -}}
{{- $args := list "spegel" .command "--namespace" $spegel.namespace "--release" $spegel.release "--helm" (printf "/tools/%s" (base $spegel.helm.path)) "--timeout" (printf "%ds" (int $spegel.timeoutSeconds)) -}}
{{- if eq .command "apply" -}}
{{- $args = concat $args (list "--config" "/etc/handspegel/config" "--certs-dir" (include "handspegel.certsDir" $root)) -}}
{{- if $spegel.helm.chartPath -}}
{{- $args = concat $args (list "--chart" (printf "/tools/%s" (base $spegel.helm.chartPath))) -}}
{{- else -}}
{{- if $spegel.chart -}}{{- $args = concat $args (list "--chart" $spegel.chart) -}}{{- end -}}
{{- if $spegel.chartVersion -}}{{- $args = concat $args (list "--chart-version" $spegel.chartVersion) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $spegel.takeOver -}}{{- $args = append $args "--take-over" -}}{{- end -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "handspegel.labels" $root | nindent 4 }}
    app.kubernetes.io/component: spegel-{{ .command }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-weight: '{{ .weight }}'
    {{- include "handspegel.hookAnnotations" $root | nindent 4 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ add (int $spegel.timeoutSeconds) 60 }}
  template:
    metadata:
      labels:
        {{- include "handspegel.selectorLabels" $root | nindent 8 }}
        app.kubernetes.io/component: spegel-{{ .command }}
    {{- include "handspegel.hookPod" (dict "root" $root "serviceAccount" .name "args" $args "helm" true) | nindent 4 }}
{{- end -}}
