{{/* Whether the chart brings the broker; empty if not. */}}
{{- define "hubbub.bundled" -}}
{{- if and (ne .Values.broker "memory") (get .Values .Values.broker).bundled }}yes{{ end -}}
{{- end }}

{{/* Whether pods wait for their broker; empty if not. */}}
{{- define "hubbub.waits" -}}
{{- if and (ne .Values.broker "memory") .Values.waitForBrokerSeconds }}yes{{ end -}}
{{- end }}

{{/* A pod that starts before its broker would end with an error, and be started again ever later: so it waits. */}}
{{- define "hubbub.waitForBroker" -}}
- name: wait-for-broker
  image: {{ include "hubbub.image" (list . .Values.image .Chart.AppVersion) | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  securityContext: {{- toYaml .Values.containerSecurityContext | nindent 4 }}
  command:
    - python
    - -c
    - |
      {{- .Files.Get "files/wait_for.py" | trim | nindent 6 }}
    - {{ .Values.waitForBrokerSeconds | quote }}
  env:
    {{- include "hubbub.brokerEnv" . | nindent 4 }}
  resources: {{- toYaml .Values.tests.resources | nindent 4 }}
{{- end }}
