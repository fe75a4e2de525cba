{{/* The archive, in one place: the environment of a pod, and its volume. */}}

{{- define "hubbub.archivePath" -}}/var/lib/hubbub{{- end }}

{{- define "hubbub.archiveClaim" -}}
{{- .Values.archive.sqlite.existingClaim | default (include "hubbub.child" (list . "archive")) -}}
{{- end }}

{{- define "hubbub.archiveEnv" -}}
{{- if .Values.archive.sqlite.enabled }}
- name: ARCHIVE_URL
  value: sqlite:///hubbub.sqlite
- name: HUBBUB_DATA
  value: {{ include "hubbub.archivePath" . }}
{{- end }}
{{- end }}

{{- define "hubbub.archiveVolumes" -}}
{{- if .Values.archive.sqlite.enabled }}
- name: archive
  persistentVolumeClaim: {claimName: {{ include "hubbub.archiveClaim" . | quote }}}
{{- end }}
{{- end }}

{{- define "hubbub.archiveMounts" -}}
{{- if .Values.archive.sqlite.enabled }}
- {name: archive, mountPath: {{ include "hubbub.archivePath" . }}}
{{- end }}
{{- end }}
