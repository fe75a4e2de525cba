{{/* The archive, in one place: the environment of a pod, and its volume. */}}

{{- define "hubbub.archivePath" -}}/var/lib/hubbub{{- end }}

{{- define "hubbub.archiveClaim" -}}
{{- .Values.archive.sqlite.existingClaim | default (include "hubbub.child" (list . "archive")) -}}
{{- end }}

{{- define "hubbub.archiveTlsPath" -}}/etc/hubbub/archive-tls{{- end }}

{{/* Whether there is an archive in PostgreSQL; empty if not. */}}
{{- define "hubbub.postgres" -}}
{{- with .Values.archive.postgres }}{{ if or .url .existingSecret .bundled }}yes{{ end }}{{ end -}}
{{- end }}

{{/* The name of the bundled PostgreSQL, and of its component. */}}
{{- define "hubbub.postgresName" -}}{{ include "hubbub.child" (list . "postgres") }}{{- end }}

{{/* The URL without secrets, as far as it's known here; empty if a Secret holds it. */}}
{{- define "hubbub.postgresUrl" -}}
{{- with .Values.archive.postgres -}}
{{- if .bundled -}}
{{- printf "postgresql://hubbub@%s:5432/hubbub" (include "hubbub.postgresName" $) -}}
{{- else if .url -}}
{{- $tls := include "hubbub.archiveTlsPath" $ -}}
{{- $query := list -}}
{{- if .tls.existingSecret -}}
{{- $query = append $query "sslmode=verify-full" -}}
{{- with .tls.caKey }}{{ $query = append $query (printf "sslrootcert=%s/%s" $tls .) }}{{ end -}}
{{- with .tls.certKey }}{{ $query = append $query (printf "sslcert=%s/%s" $tls .) }}{{ end -}}
{{- with .tls.keyKey }}{{ $query = append $query (printf "sslkey=%s/%s" $tls .) }}{{ end -}}
{{- end -}}
{{- with join "&" $query -}}
{{- printf "%s%s%s" $.Values.archive.postgres.url (contains "?" $.Values.archive.postgres.url | ternary "&" "?") . -}}
{{- else -}}
{{- .url -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The ports that the network policy lets out to PostgreSQL: those of the URL. */}}
{{- define "hubbub.postgresPorts" -}}
{{- $ports := list -}}
{{- range splitList "," (regexReplaceAll "[a-z]+://|[/?][^,]*" (include "hubbub.postgresUrl" .) "") -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "5432" | int) -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end }}

{{- define "hubbub.archiveEnv" -}}
{{- if include "hubbub.postgres" . }}
{{- with .Values.archive.postgres }}
{{- if and .existingSecret .url }}
{{- with .username }}
- name: ARCHIVE_USER
  value: {{ . | quote }}
{{- end }}
- name: ARCHIVE_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret | quote }}, key: {{ .passwordKey | quote }}}
{{- end }}
- name: ARCHIVE_URL
  {{- with include "hubbub.postgresUrl" $ }}
  value: {{ . | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret | quote }}, key: {{ .urlKey | quote }}}
  {{- end }}
{{- end }}
{{- end }}
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
{{- with .Values.archive.postgres.tls.existingSecret }}
- name: archive-tls
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "hubbub.archiveMounts" -}}
{{- if .Values.archive.sqlite.enabled }}
- {name: archive, mountPath: {{ include "hubbub.archivePath" . }}}
{{- end }}
{{- if .Values.archive.postgres.tls.existingSecret }}
- {name: archive-tls, mountPath: {{ include "hubbub.archiveTlsPath" . }}, readOnly: true}
{{- end }}
{{- end }}
