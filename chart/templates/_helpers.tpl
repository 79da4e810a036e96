{{- define "handspegel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "handspegel.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "handspegel.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "handspegel.selectorLabels" -}}
app.kubernetes.io/name: {{ include "handspegel.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "handspegel.agentLabels" -}}
{{ include "handspegel.selectorLabels" . }}
app.kubernetes.io/component: agent
{{- end -}}

{{/* What the hooks and the test select the agents' pods by. */}}
{{- define "handspegel.agentSelector" -}}
app.kubernetes.io/name={{ include "handspegel.name" . }},app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/component=agent
{{- end -}}

{{- define "handspegel.labels" -}}
{{ include "handspegel.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "handspegel.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "handspegel.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "handspegel.configMapName" -}}
{{- default (include "handspegel.fullname" .) .Values.existingConfigMap -}}
{{- end -}}

{{- define "handspegel.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default (printf "v%s" .Chart.AppVersion) .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* Where a distribution keeps containerd's things, as the agent's own presets and `doctor` know it. */}}
{{- define "handspegel.preset" -}}
{{- $plain := dict "certsDir" "" "configDir" "/etc/containerd" "socketDir" "/run/containerd" "lookup" true -}}
{{- $rancher := "/var/lib/rancher/%s/agent/etc/containerd" -}}
{{- $presets := dict
  "default" $plain
  "k3s" (dict "certsDir" (printf "/var/lib/rancher/%s/agent/etc/containerd/certs.d" "k3s") "configDir" (printf $rancher "k3s") "socketDir" "/run/k3s/containerd" "lookup" true)
  "rke2" (dict "certsDir" (printf "/var/lib/rancher/%s/agent/etc/containerd/certs.d" "rke2") "configDir" (printf $rancher "rke2") "socketDir" "/run/k3s/containerd" "lookup" true)
  "k0s" (dict "certsDir" "/etc/k0s/certs.d" "configDir" "/etc/k0s" "socketDir" "/run/k0s" "lookup" true)
  "microk8s" (dict "certsDir" "/var/snap/microk8s/current/args/certs.d" "configDir" "/var/snap/microk8s/current/args" "socketDir" "/var/snap/microk8s/common/run" "lookup" true)
  "talos" (dict "certsDir" "/etc/cri/conf.d/hosts" "configDir" "/etc/cri" "socketDir" "/run/containerd" "lookup" true)
  "gke" (dict "certsDir" "" "configDir" "/etc/containerd" "socketDir" "/run/containerd" "lookup" false)
  "eks" (dict "certsDir" "" "configDir" "/etc/containerd" "socketDir" "/run/containerd" "lookup" false)
  "aks" (dict "certsDir" "" "configDir" "/etc/containerd" "socketDir" "/run/containerd" "lookup" false)
-}}
{{- get $presets .Values.distribution | toYaml -}}
{{- end -}}

{{/* The part of `config` that is the document: below spec.kublrAgentConfig, kublrAgentConfig, or all of it. */}}
{{- define "handspegel.document" -}}
{{- $spec := .Values.config.spec | default dict -}}
{{- if and (kindIs "map" $spec) (hasKey $spec "kublrAgentConfig") -}}
{{- $spec.kublrAgentConfig | default dict | toYaml -}}
{{- else if hasKey .Values.config "kublrAgentConfig" -}}
{{- .Values.config.kublrAgentConfig | default dict | toYaml -}}
{{- else -}}
{{- .Values.config | toYaml -}}
{{- end -}}
{{- end -}}

{{/* A value deep in a document, JSON of {value}; empty when anything on the way is absent, null or no map. */}}
{{- define "handspegel.pick" -}}
{{- $at := .from -}}
{{- range .keys -}}
{{- if kindIs "map" $at -}}{{- $at = get $at . -}}{{- else -}}{{- $at = "" -}}{{- end -}}
{{- end -}}
{{- dict "value" $at | toJson -}}
{{- end -}}

{{/* certs.d of the nodes, in the agent's own order: flag, preset, the configuration's preset, Spegel's values, default. */}}
{{- define "handspegel.certsDir" -}}
{{- $document := include "handspegel.document" . | fromYaml -}}
{{- $preset := include "handspegel.preset" . | fromYaml -}}
{{- $named := (include "handspegel.pick" (dict "from" $document "keys" (list "handspegel" "certsDir" "preset")) | fromJson).value -}}
{{- $byName := dict "k3s" "/var/lib/rancher/k3s/agent/etc/containerd/certs.d" "rke2" "/var/lib/rancher/rke2/agent/etc/containerd/certs.d" "k0s" "/etc/k0s/certs.d" "microk8s" "/var/snap/microk8s/current/args/certs.d" "talos" "/etc/cri/conf.d/hosts" -}}
{{- $values := (include "handspegel.pick" (dict "from" $document "keys" (list "cluster" "addon" "spegel" "helm_values")) | fromJson).value -}}
{{- if kindIs "string" $values -}}{{- $values = $values | fromYaml -}}{{- end -}}
{{- $spegels := (include "handspegel.pick" (dict "from" $values "keys" (list "spegel" "containerdRegistryConfigPath")) | fromJson).value -}}
{{- $configured := ternary (get $byName $named | default "/etc/containerd/certs.d") "" (not (empty $named)) -}}
{{- $chosen := coalesce .Values.certsDir $preset.certsDir $configured $spegels "/etc/containerd/certs.d" | trimSuffix "/" -}}
{{- $parent := dir $chosen -}}
{{- if or (not (hasPrefix "/" $chosen)) (has $parent (list "/" "." "/etc" "/usr" "/lib" "/var" "/var/lib" "/run" "/proc" "/sys" "/dev")) -}}
{{- fail (printf "certsDir is %q, and the agent mounts the directory above it, %q: it must be an absolute path with a parent directory of its own, such as /etc/containerd/certs.d" $chosen $parent) -}}
{{- end -}}
{{- $chosen -}}
{{- end -}}

{{/* Host and port of health and metrics: `port`, then the configuration's server.listen. */}}
{{- define "handspegel.listen" -}}
{{- $document := include "handspegel.document" . | fromYaml -}}
{{- $listen := (include "handspegel.pick" (dict "from" $document "keys" (list "handspegel" "server" "listen")) | fromJson).value | default ":9847" -}}
{{- if .Values.port -}}{{- $listen = printf ":%v" (int .Values.port) -}}{{- end -}}
{{- $port := regexFind "[0-9]+$" $listen -}}
host: {{ $listen | trimSuffix (printf ":%s" $port) | trimPrefix "[" | trimSuffix "]" | quote }}
port: {{ $port }}
{{- end -}}

{{/* Addresses of the API server as the cluster knows them: control-plane nodes, where those are nodes of ours. */}}
{{- define "handspegel.lookedUp" -}}
{{- $preset := include "handspegel.preset" . | fromYaml -}}
{{- $found := list -}}
{{- if and .Values.controlPlane.lookup $preset.lookup -}}
{{- range (lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "").items -}}
{{- if eq (dig "metadata" "labels" "kubernetes.io/service-name" "" .) "kubernetes" -}}
{{- range .endpoints -}}{{- $found = concat $found .addresses -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* The document as the ConfigMap holds it: `config`, with looked-up addresses where it names none. */}}
{{- define "handspegel.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $document := $config -}}
{{- if and (kindIs "map" (.Values.config.spec | default dict)) (hasKey (.Values.config.spec | default dict) "kublrAgentConfig") -}}
{{- $document = $config.spec.kublrAgentConfig -}}
{{- else if hasKey $config "kublrAgentConfig" -}}
{{- $document = $config.kublrAgentConfig -}}
{{- end -}}
{{- $addresses := include "handspegel.lookedUp" . | fromJsonArray -}}
{{- if and $addresses (kindIs "map" $document) (not (include "handspegel.pick" (dict "from" $document "keys" (list "handspegel" "controlPlane" "addresses")) | fromJson).value) -}}
{{- $settings := $document.handspegel | default dict -}}
{{- $controlPlane := $settings.controlPlane | default dict -}}
{{- $_ := set $controlPlane "addresses" $addresses -}}
{{- $_ := set $settings "controlPlane" $controlPlane -}}
{{- $_ := set $document "handspegel" $settings -}}
{{- end -}}
{{- $config | toYaml -}}
{{- end -}}

{{- define "handspegel.hookAnnotations" -}}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Pod of a hook or of the test: works before there is a pod network, with nothing but the API. `helm`: with a Helm. */}}
{{- define "handspegel.hookPod" -}}
{{- $root := .root -}}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .serviceAccount }}
  hostNetwork: true
  dnsPolicy: Default
  nodeSelector:
    kubernetes.io/os: linux
  tolerations:
    - operator: Exists
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  {{- if .helm }}
  initContainers:
    - name: helm
      image: {{ $root.Values.spegel.helm.image }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: {{ concat (list "cp" "-rL") (list $root.Values.spegel.helm.path $root.Values.spegel.helm.chartPath | compact) (list "/tools/") | toJson }}
      securityContext:
        {{- include "handspegel.noRights" . | nindent 8 }}
      resources:
        requests: {cpu: 5m, memory: 32Mi}
        limits: {memory: 128Mi}
      volumeMounts:
        - name: tools
          mountPath: /tools
  {{- end }}
  containers:
    - name: handspegel
      image: {{ include "handspegel.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{ .args | toJson }}
      {{- if or $root.Values.kubernetes.apiServer .helm }}
      env:
        {{- with $root.Values.kubernetes.apiServer }}
        - name: HANDSPEGEL_API_SERVER
          value: {{ . | quote }}
        {{- end }}
        {{- if .helm }}
        {{- range list "CACHE" "CONFIG" "DATA" }}
        - name: HELM_{{ . }}_HOME
          value: /helm
        {{- end }}
        {{- if $root.Values.spegel.helm.registrySecret }}
        - name: HELM_REGISTRY_CONFIG
          value: /registry/config.json
        {{- end }}
        {{- with $root.Values.spegel.helm.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- end }}
      {{- end }}
      securityContext:
        {{- include "handspegel.noRights" . | nindent 8 }}
      resources:
        requests: {cpu: 5m, memory: 96Mi}
        limits: {memory: {{ ternary "384Mi" "192Mi" (not (empty .helm)) }}}
      {{- if .helm }}
      volumeMounts:
        - name: config
          mountPath: /etc/handspegel/config
          readOnly: true
        - name: tools
          mountPath: /tools
          readOnly: true
        - name: home
          mountPath: /helm
        {{- if $root.Values.spegel.helm.registrySecret }}
        - name: registry
          mountPath: /registry
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "handspegel.configMapName" $root }}
    - name: tools
      emptyDir:
        sizeLimit: 512Mi
    - name: home
      emptyDir:
        sizeLimit: 128Mi
    {{- with $root.Values.spegel.helm.registrySecret }}
    - name: registry
      secret:
        secretName: {{ . }}
        items:
          - key: .dockerconfigjson
            path: config.json
    {{- end }}
      {{- end }}
{{- end -}}

{{- define "handspegel.noRights" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
capabilities:
  drop: [ALL]
{{- end -}}
