{{/* The chosen broker, in one place: its settings, its address, and the environment of a pod. */}}

{{/* The key of the file that says who we are, instead of a password; empty if there is none. */}}
{{- define "hubbub.brokerFile" -}}
{{- $broker := get .Values .Values.broker -}}
{{- with $broker.credsKey | default $broker.nkeyKey }}{{ . }}{{ end -}}
{{- end }}

{{- define "hubbub.brokerTlsPath" -}}/etc/hubbub/broker-tls{{- end }}
{{- define "hubbub.brokerCredsPath" -}}/etc/hubbub/broker-creds{{- end }}

{{- define "hubbub.brokerPort" -}}{{ eq .Values.broker "redis" | ternary 6379 4222 }}{{- end }}

{{/* The URL without secrets, as far as it's known here; empty if a Secret holds it. */}}
{{- define "hubbub.brokerUrl" -}}
{{- $broker := get .Values .Values.broker -}}
{{- if $broker.bundled -}}
{{- printf "%s://%s:%s" .Values.broker (include "hubbub.child" (list . .Values.broker)) (include "hubbub.brokerPort" .) -}}
{{- else -}}
{{- $broker.url -}}
{{- end -}}
{{- end }}

{{/* Parameters that the URL gets. */}}
{{- define "hubbub.brokerQuery" -}}
{{- $broker := get .Values .Values.broker -}}
{{- $tls := include "hubbub.brokerTlsPath" . -}}
{{- $query := list -}}
{{- $redis := eq .Values.broker "redis" -}}
{{- with $redis | ternary $broker.waitReplicas $broker.streamReplicas }}{{ $query = append $query (printf "replicas=%d" (int .)) }}{{ end -}}
{{- with $broker.credsKey }}{{ $query = append $query (printf "creds=%s/%s" (include "hubbub.brokerCredsPath" $) .) }}{{ end -}}
{{- with $broker.nkeyKey }}{{ $query = append $query (printf "nkey=%s/%s" (include "hubbub.brokerCredsPath" $) .) }}{{ end -}}
{{- with $broker.tls.certKey }}{{ $query = append $query (printf "%s=%s/%s" ($redis | ternary "ssl_certfile" "cert") $tls .) }}{{ end -}}
{{- with $broker.tls.keyKey }}{{ $query = append $query (printf "%s=%s/%s" ($redis | ternary "ssl_keyfile" "key") $tls .) }}{{ end -}}
{{- join "&" $query -}}
{{- end }}

{{/* Whether there is a password beside the URL. */}}
{{- define "hubbub.brokerPassword" -}}
{{- $broker := get .Values .Values.broker -}}
{{- if or $broker.bundled (and $broker.existingSecret $broker.url (not (include "hubbub.brokerFile" .))) }}yes{{ end -}}
{{- end }}

{{/* The Secret of the broker: yours, or that of the bundled broker. */}}
{{- define "hubbub.brokerSecret" -}}
{{- $broker := get .Values .Values.broker -}}
{{- $broker.existingSecret | default (include "hubbub.child" (list . .Values.broker)) -}}
{{- end }}

{{/* The variable with the password. NATS has a token, if there is no user. */}}
{{- define "hubbub.brokerPasswordName" -}}
{{- $broker := get .Values .Values.broker -}}
{{- and (eq .Values.broker "nats") (not $broker.username) | ternary "NATS_TOKEN" (print (upper .Values.broker) "_PASSWORD") -}}
{{- end }}

{{- define "hubbub.brokerPasswordFrom" -}}
secretKeyRef: {name: {{ include "hubbub.brokerSecret" . | quote }}, key: {{ (get .Values .Values.broker).passwordKey | quote }}}
{{- end }}

{{/* The URL as a pod gets it; user and password are variables of their own, so they may hold any character. */}}
{{- define "hubbub.brokerFullUrl" -}}
{{- $broker := get .Values .Values.broker -}}
{{- $url := include "hubbub.brokerUrl" . -}}
{{- with include "hubbub.brokerQuery" . -}}
{{- $url = printf "%s%s%s" $url (contains "?" $url | ternary "&" "?") . -}}
{{- end -}}
{{- $url -}}
{{- end }}

{{- define "hubbub.brokerEnv" -}}
- name: BROKER
  value: {{ .Values.broker }}
{{- if ne .Values.broker "memory" }}
{{- $broker := get .Values .Values.broker }}
{{- $name := upper .Values.broker }}
{{- if include "hubbub.brokerPassword" . }}
{{- if $broker.username }}
- name: {{ $name }}_USER
  value: {{ $broker.username | quote }}
{{- end }}
- name: {{ include "hubbub.brokerPasswordName" . }}
  valueFrom:
    {{- include "hubbub.brokerPasswordFrom" . | nindent 4 }}
{{- end }}
- name: {{ $name }}_URL
  {{- if include "hubbub.brokerUrl" . }}
  value: {{ include "hubbub.brokerFullUrl" . | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ $broker.existingSecret | quote }}, key: {{ $broker.urlKey | quote }}}
  {{- end }}
{{- if and $broker.tls.existingSecret $broker.tls.caKey }}
- name: SSL_CERT_FILE
  value: {{ include "hubbub.brokerTlsPath" . }}/{{ $broker.tls.caKey }}
{{- end }}
{{- end }}
{{- end }}

{{- define "hubbub.brokerVolumes" -}}
{{- if ne .Values.broker "memory" }}
{{- $broker := get .Values .Values.broker }}
{{- with $broker.tls.existingSecret }}
- name: broker-tls
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- with include "hubbub.brokerFile" . }}
- name: broker-creds
  secret:
    secretName: {{ $broker.existingSecret | quote }}
    defaultMode: 0440
    items: [{key: {{ . | quote }}, path: {{ . | quote }}}]
{{- end }}
{{- end }}
{{- end }}

{{- define "hubbub.brokerMounts" -}}
{{- if ne .Values.broker "memory" }}
{{- $broker := get .Values .Values.broker }}
{{- if $broker.tls.existingSecret }}
- {name: broker-tls, mountPath: {{ include "hubbub.brokerTlsPath" . }}, readOnly: true}
{{- end }}
{{- if include "hubbub.brokerFile" . }}
- {name: broker-creds, mountPath: {{ include "hubbub.brokerCredsPath" . }}, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{/* The ports that the network policy lets out to the broker: those that were named, or those of the URL. */}}
{{- define "hubbub.brokerPorts" -}}
{{- $ports := .Values.networkPolicy.brokerPorts -}}
{{- if and (not $ports) (ne .Values.broker "memory") -}}
{{- $url := include "hubbub.brokerUrl" . -}}
{{- $usual := include "hubbub.brokerPort" . -}}
{{- $sentinels := contains "+sentinel" $url -}}
{{- range splitList "," (regexReplaceAll "[a-z+]+://|[/?][^,]*" $url "") -}}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" | default ($sentinels | ternary "26379" $usual) -}}
{{- $ports = append $ports (int $port) -}}
{{- end -}}
{{- if $sentinels }}{{ $ports = append $ports (int $usual) }}{{ end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end }}
