{{/* Whether the chart brings the broker; empty if not. */}}
{{- define "hubbub.bundled" -}}
{{- if and (ne .Values.broker "memory") (get .Values .Values.broker).bundled }}yes{{ end -}}
{{- end }}

{{/* A pod that starts before its broker would end with an error, and be started again: so it waits. */}}
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
    - {{ include "hubbub.child" (list . .Values.broker) | quote }}
    - {{ include "hubbub.brokerPort" . | quote }}
  resources: {{- toYaml .Values.tests.resources | nindent 4 }}
{{- end }}
