{{- define "hubbub.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "hubbub.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The full name with a suffix: (list . "redis"). Within 63 characters, whatever the name. */}}
{{- define "hubbub.child" -}}
{{- $word := index . 1 -}}
{{- printf "%s-%s" (include "hubbub.fullname" (index . 0) | trunc (int (sub 62 (len $word))) | trimSuffix "-") $word -}}
{{- end }}

{{- define "hubbub.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* What never changes for the life of a release: (list . "node"). */}}
{{- define "hubbub.selectorLabels" -}}
app.kubernetes.io/name: {{ include "hubbub.name" (index . 0) | quote }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* All labels of an object: (list . "node"). */}}
{{- define "hubbub.labels" -}}
{{- $root := index . 0 -}}
{{- $ours := include "hubbub.selectorLabels" . | fromYaml -}}
{{- $_ := set $ours "helm.sh/chart" (include "hubbub.chart" $root) -}}
{{- $_ := set $ours "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_") -}}
{{- $_ := set $ours "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $ours "app.kubernetes.io/part-of" "hubbub" -}}
{{- toYaml (merge $ours $root.Values.commonLabels) -}}
{{- end }}

{{/* metadata of an object: (list . NAME COMPONENT ANNOTATIONS LABELS). */}}
{{- define "hubbub.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 | quote }}
namespace: {{ $root.Release.Namespace | quote }}
labels:
  {{- include "hubbub.labels" (list $root (index . 2)) | nindent 2 }}
  {{- with index . 4 }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with index . 3 }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "hubbub.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "hubbub.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* An image's name: (list . IMAGE DEFAULT_TAG). */}}
{{- define "hubbub.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $registry := default $image.registry $root.Values.global.imageRegistry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default (index . 2) $image.tag }}{{ end }}
{{- end }}

{{- define "hubbub.pullSecrets" -}}
{{- $names := list -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
{{- $names = append $names (dict "name" (kindIs "string" . | ternary . (get (kindIs "map" . | ternary . dict) "name"))) -}}
{{- end -}}
{{- with $names -}}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end }}

{{/* Whether Kubernetes is of this version or newer: (list . "1.30"); empty if not. */}}
{{- define "hubbub.since" -}}
{{- $version := default (index . 0).Capabilities.KubeVersion.Version (index . 0).Values.kubeVersionOverride -}}
{{- if semverCompare (printf ">=%s-0" (index . 1)) $version }}yes{{ end -}}
{{- end }}

{{/* A quantity of memory in MiB; 0 if it's none. */}}
{{- define "hubbub.mebibytes" -}}
{{- $bytes := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 -}}
{{- $text := include "hubbub.text" . -}}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" -}}
{{- divf (mulf (regexFind "^[0-9.]+" $text | float64) (get $bytes $unit | default 0)) 1048576 | floor | int -}}
{{- end }}

{{/* MiB that a pod takes with all its connections and without a word in any room: docs/operations.md, Sizing. */}}
{{- define "hubbub.leastMemory" -}}
{{- $workers := get .Values.config "HUBBUB_WORKERS" | default 1 | int -}}
{{- $connections := get .Values.config "HUBBUB_CONNECTIONS" | default 50000 | int64 -}}
{{- $processes := gt $workers 1 | ternary (add $workers 1) 1 -}}
{{- add (mul 50 $processes) (div (mul $workers $connections 6) 1024) -}}
{{- end }}

{{/* A number as settings read it: Helm hands on 10000000 as 1e+07. */}}
{{- define "hubbub.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end -}}
{{- end }}

{{/* Whether there is always more than one pod: (list . "minReplicas"); whether there can be: "maxReplicas". Empty if not. */}}
{{- define "hubbub.several" -}}
{{- $v := (index . 0).Values -}}
{{- $pods := $v.autoscaling.enabled | ternary (get $v.autoscaling (index . 1)) $v.replicaCount -}}
{{- if gt (int $pods) 1 }}yes{{ end -}}
{{- end }}

{{/* The networks of pods, nodes and load balancers: their X-Forwarded-For is believed by default. */}}
{{- define "hubbub.privateNetworks" -}}
10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 fc00::/7
{{- end -}}
