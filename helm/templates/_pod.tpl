{{/* Seconds that a pod may take to end: until no traffic is routed to it, the time limit of its process, and a margin. */}}
{{- define "hubbub.leastGrace" -}}
{{- $close := get .Values.config "HUBBUB_CLOSE_SECONDS" | default 5 | float64 -}}
{{- $process := addf (float64 .Values.stop.drainSeconds) (mulf 3 $close) 15 | ceil | int -}}
{{- add (int .Values.stop.preStopSeconds) $process 5 -}}
{{- end }}

{{- define "hubbub.grace" -}}
{{- .Values.terminationGracePeriodSeconds | default (include "hubbub.leastGrace" .) -}}
{{- end }}

{{/* No shell: the kubelet sleeps, and where it can't yet, Python does. With memory there is no other pod to route to. */}}
{{- define "hubbub.preStop" -}}
{{- $seconds := int .Values.stop.preStopSeconds -}}
{{- if and $seconds (ne .Values.broker "memory") -}}
lifecycle:
  preStop:
    {{- if include "hubbub.since" (list . "1.30") }}
    sleep: {seconds: {{ $seconds }}}
    {{- else }}
    exec: {command: [python, -c, {{ printf "import time; time.sleep(%d)" $seconds | quote }}]}
    {{- end }}
{{- end -}}
{{- end }}

{{/* What is secret: (list . "tokenKey") names its Secret and key; empty if it isn't set. */}}
{{- define "hubbub.secretRef" -}}
{{- $secret := get (index . 0).Values.auth (index . 1) -}}
{{- if $secret.existingSecret -}}
{name: {{ $secret.existingSecret | quote }}, key: {{ $secret.key | quote }}}
{{- else if $secret.value -}}
{name: {{ include "hubbub.child" (list (index . 0) "auth") | quote }}, key: {{ $secret.key | quote }}}
{{- end -}}
{{- end }}

{{/* The environment that the chart sets; extraEnv follows it. */}}
{{- define "hubbub.env" -}}
{{- include "hubbub.brokerEnv" . }}
{{- include "hubbub.archiveEnv" . }}
- name: HUBBUB_PORT
  value: "8000"
- name: HUBBUB_OPERATOR_PORT
  value: "9090"
- name: HUBBUB_DRAIN_SECONDS
  value: {{ include "hubbub.text" .Values.stop.drainSeconds | quote }}
{{- range $name, $variable := dict "tokenKey" "HUBBUB_TOKEN_KEY" "apiKey" "HUBBUB_API_KEY" "filesSecret" "HUBBUB_FILES_SECRET" "pushKey" "HUBBUB_PUSH_PRIVATE_KEY" }}
{{- with include "hubbub.secretRef" (list $ $name) }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The port of the storage for S3 that files are stored in; nothing without one. */}}
{{- define "hubbub.filesPort" -}}
{{- $url := get .Values.config "HUBBUB_FILES_URL" | default "" -}}
{{- if hasPrefix "s3" $url -}}
{{- $port := regexFind ":[0-9]+" (urlParse $url).host | trimPrefix ":" -}}
{{- $port | default (hasPrefix "s3+" $url | ternary "80" "443") -}}
{{- end -}}
{{- end }}

{{/* The size of the temporary folder: with S3, each of a node's 32 uploads waits there until it is whole. */}}
{{- define "hubbub.temporary" -}}
{{- if include "hubbub.filesPort" . -}}
{{- $most := get .Values.config "HUBBUB_FILE_BYTES" | default 16777216 | int64 -}}
{{- mul $most 32 (get .Values.config "HUBBUB_WORKERS" | default 1 | int64) | add 67108864 -}}
{{- else -}}
64Mi
{{- end -}}
{{- end }}

{{/* One probe: (list PATH SETTINGS). */}}
{{- define "hubbub.probe" -}}
httpGet: {path: {{ index . 0 }}, port: http}
{{ toYaml (index . 1) }}
{{- end }}

{{/* Spread over zones and hosts, by our selector; each revision separately, where Kubernetes supports that. */}}
{{- define "hubbub.spread" -}}
{{- $ours := dict "labelSelector" (dict "matchLabels" (include "hubbub.selectorLabels" (list . "node") | fromYaml)) -}}
{{- if include "hubbub.since" (list . "1.27") }}{{ $_ := set $ours "matchLabelKeys" (list "pod-template-hash") }}{{ end -}}
{{- $spread := list -}}
{{- range .Values.topologySpreadConstraints }}{{ $spread = append $spread (merge (deepCopy .) $ours) }}{{ end -}}
{{- with $spread -}}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end }}
