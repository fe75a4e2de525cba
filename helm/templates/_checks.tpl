{{/* What the schema can't check, or reports badly: all faults at once, each with what to do. */}}
{{- define "hubbub.checks" -}}
{{- $faults := list -}}
{{- $v := .Values -}}
{{- $config := $v.config -}}

{{- if eq $v.broker "memory" -}}
{{- if gt (int $v.replicaCount) 1 -}}
{{- $faults = append $faults (printf "replicaCount=%d needs a broker that joins the pods: with broker=memory each pod would be a separate chat. Set broker=redis or broker=nats, or replicaCount=1." (int $v.replicaCount)) -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- $faults = append $faults "autoscaling needs a broker that joins the pods: with broker=memory each pod would be a separate chat. Set broker=redis or broker=nats." -}}
{{- end -}}
{{- if gt (get $config "HUBBUB_WORKERS" | default 1 | int) 1 -}}
{{- $faults = append $faults "config.HUBBUB_WORKERS above 1 needs broker=redis or broker=nats: each process would be a separate chat." -}}
{{- end -}}
{{- end -}}

{{- if and $v.archive.sqlite.enabled (ne $v.broker "memory") -}}
{{- $faults = append $faults (printf "archive.sqlite is a file of one pod: with broker=%s several pods would write to it. Set broker=memory, or archive.sqlite.enabled=false." $v.broker) -}}
{{- end -}}

{{- $postgres := $v.archive.postgres -}}
{{- if and (include "hubbub.postgres" $) (eq $v.broker "memory") -}}
{{- $faults = append $faults "archive.postgres needs a broker that stores messages until they are copied: set broker=redis or broker=nats. With broker=memory use archive.sqlite." -}}
{{- end -}}
{{- if and $postgres.bundled (or $postgres.url $postgres.existingSecret) -}}
{{- $faults = append $faults "archive.postgres.bundled installs its own PostgreSQL: leave out archive.postgres.url and archive.postgres.existingSecret." -}}
{{- end -}}
{{- if or (regexMatch "://[^/?]*@" $postgres.url) (regexMatch "[?&](user|password)=" $postgres.url) -}}
{{- $faults = append $faults (printf "archive.postgres.url contains a user or a password, which would be readable in the release. Put the whole URL in a Secret (archive.postgres.existingSecret, key %s), or the password alone (key %s) with archive.postgres.username." $postgres.urlKey $postgres.passwordKey) -}}
{{- end -}}
{{- if and $postgres.username (not (and $postgres.url $postgres.existingSecret)) -}}
{{- $faults = append $faults "archive.postgres.username needs archive.postgres.url and a password in archive.postgres.existingSecret: set all three, or put the whole URL in the Secret." -}}
{{- end -}}
{{- if and (or $postgres.tls.existingSecret $postgres.tls.certKey $postgres.tls.keyKey) (not (and $postgres.url $postgres.tls.existingSecret)) -}}
{{- $faults = append $faults "archive.postgres.tls is added to archive.postgres.url, and needs archive.postgres.tls.existingSecret. With the URL in a Secret, add sslmode and sslrootcert there." -}}
{{- end -}}
{{- range list "redis" "nats" -}}
{{- $broker := get $v . -}}
{{- if eq . $v.broker -}}
{{- if not (or $broker.bundled $broker.url $broker.existingSecret) -}}
{{- $faults = append $faults (printf "broker=%s needs an address: set %s.url, %s.existingSecret (with the URL in it), or %s.bundled=true for a test." . . . .) -}}
{{- end -}}
{{- if and $broker.bundled (or $broker.url $broker.username) -}}
{{- $faults = append $faults (printf "%s.bundled installs its own %s: leave out %s.url and %s.username." . . . .) -}}
{{- end -}}
{{- if regexMatch "://[^/?]*@" $broker.url -}}
{{- $faults = append $faults (printf "%s.url contains a user or a password, which would be readable in the release. Put the whole URL in a Secret (%s.existingSecret, key %s), or the password alone (key %s) with %s.username." . . $broker.urlKey $broker.passwordKey .) -}}
{{- end -}}
{{- if regexMatch "[?&][a-z_]*password=" $broker.url -}}
{{- $faults = append $faults (printf "%s.url contains a password after its ?, which would be readable in the release. Put the whole URL in a Secret (%s.existingSecret, key %s)." . . $broker.urlKey) -}}
{{- end -}}
{{- if and $broker.username (not $broker.bundled) (not (and $broker.url $broker.existingSecret)) -}}
{{- $faults = append $faults (printf "%s.username needs %s.url and a password in %s.existingSecret: set all three, or put the whole URL in the Secret." . . .) -}}
{{- end -}}
{{- else if $broker.bundled -}}
{{- $faults = append $faults (printf "%s.bundled=true has no effect with broker=%s: set broker=%s." . $v.broker .) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.broker "nats") (or $v.nats.credsKey $v.nats.nkeyKey) (not (and $v.nats.url $v.nats.existingSecret)) -}}
{{- $faults = append $faults "nats.credsKey and nats.nkeyKey name a key of nats.existingSecret, and need nats.url: set all three." -}}
{{- end -}}
{{- if and $v.nats.credsKey $v.nats.nkeyKey -}}
{{- $faults = append $faults "nats.credsKey and nats.nkeyKey are both set: leave out one." -}}
{{- end -}}
{{- if and (eq $v.broker "nats") $v.nats.streamReplicas (not $v.nats.url) -}}
{{- $faults = append $faults "nats.streamReplicas is added to nats.url. With the URL in a Secret, add ?replicas= there." -}}
{{- end -}}
{{- if and (eq $v.broker "redis") $v.redis.waitReplicas (not $v.redis.url) -}}
{{- $faults = append $faults "redis.waitReplicas is added to redis.url. With the URL in a Secret, add ?replicas= there." -}}
{{- end -}}
{{- if ne $v.broker "memory" -}}
{{- $broker := get $v $v.broker -}}
{{- $encrypted := regexMatch "^(rediss|rediss\\+cluster|tls|wss)://|^redis\\+sentinel://.*[?&]tls=1(&|$)" $broker.url -}}
{{- if and (or $broker.tls.certKey $broker.tls.keyKey) (not (and $broker.tls.certKey $broker.tls.keyKey $broker.tls.existingSecret $encrypted)) -}}
{{- $faults = append $faults (printf "a client certificate needs %s.url with TLS (rediss://, rediss+cluster://, redis+sentinel://…?tls=1, tls://), and %s.tls.existingSecret, certKey and keyKey." $v.broker $v.broker) -}}
{{- end -}}
{{- end -}}

{{- range $name, $value := dict "HUBBUB_PORT" "service.port" "HUBBUB_DRAIN_SECONDS" "stop.drainSeconds" "HUBBUB_BROKER_URL" "redis.url or nats.url" "HUBBUB_DATA" "archive" -}}
{{- if hasKey $config $name -}}
{{- $faults = append $faults (printf "config.%s is set by the chart: use %s instead." $name $value) -}}
{{- end -}}
{{- end -}}
{{- range $name, $key := dict "HUBBUB_TOKEN_KEY" "tokenKey" "HUBBUB_API_KEY" "apiKey" "HUBBUB_FILES_SECRET" "filesSecret" "HUBBUB_PUSH_PRIVATE_KEY" "pushKey" -}}
{{- if hasKey $config $name -}}
{{- $faults = append $faults (printf "config.%s would be readable in a ConfigMap: use auth.%s." $name $key) -}}
{{- end -}}
{{- end -}}

{{- $ours := list -}}
{{- if not $faults -}}
{{- range include "hubbub.env" . | fromYamlArray }}{{ $ours = append $ours .name }}{{ end -}}
{{- end -}}
{{- range $v.extraEnv -}}
{{- if has .name $ours -}}
{{- $faults = append $faults (printf "extraEnv has %s, which the chart sets." .name) -}}
{{- end -}}
{{- if has .name (list "HUBBUB_AUTH" "HUBBUB_CLOSE_SECONDS" "HUBBUB_CONNECTIONS" "HUBBUB_WORKERS") -}}
{{- $faults = append $faults (printf "extraEnv has %s, which the chart computes with: use config.%s." .name .name) -}}
{{- end -}}
{{- end -}}

{{- $mode := get $config "HUBBUB_AUTH" | default "guests" -}}
{{- $keyed := or $v.auth.tokenKey.value $v.auth.tokenKey.existingSecret -}}
{{- if and (ne $mode "guests") (not $keyed) -}}
{{- $faults = append $faults (printf "config.HUBBUB_AUTH=%s needs auth.tokenKey, to verify tokens." $mode) -}}
{{- end -}}
{{- if and (eq $mode "guests") $keyed -}}
{{- $faults = append $faults "auth.tokenKey is set, but tokens are not accepted: set config.HUBBUB_AUTH to tokens or both." -}}
{{- end -}}
{{- range $name, $secret := $v.auth -}}
{{- if and $secret.value $secret.existingSecret -}}
{{- $faults = append $faults (printf "auth.%s has a value and an existingSecret: leave out one." $name) -}}
{{- end -}}
{{- end -}}

{{- $keys := dict -}}
{{- range $name, $secret := $v.auth -}}
{{- if $secret.value -}}
{{- with get $keys $secret.key -}}
{{- $faults = append $faults (printf "auth.%s.key and auth.%s.key are both %s, and would collide in the chart's Secret." $name . $secret.key) -}}
{{- end -}}
{{- $_ := set $keys $secret.key $name -}}
{{- end -}}
{{- end -}}

{{- with $v.terminationGracePeriodSeconds -}}
{{- if lt (int .) (include "hubbub.leastGrace" $ | int) -}}
{{- $faults = append $faults (printf "terminationGracePeriodSeconds=%d would kill pods that are draining: preStop, drain and close take up to %s. Leave it out, or lower stop.drainSeconds." (int .) (include "hubbub.leastGrace" $)) -}}
{{- end -}}
{{- end -}}

{{- with $v.autoscaling -}}
{{- if .enabled -}}
{{- if not (or .cpuPercent .memoryPercent .connectionsPerPod .extraMetrics) -}}
{{- $faults = append $faults "autoscaling needs a metric: set autoscaling.cpuPercent, memoryPercent, connectionsPerPod or extraMetrics." -}}
{{- end -}}
{{- $most := mul (get $config "HUBBUB_CONNECTIONS" | default 50000 | int64) (get $config "HUBBUB_WORKERS" | default 1 | int64) -}}
{{- if ge (int64 .connectionsPerPod) $most -}}
{{- $faults = append $faults (printf "autoscaling.connectionsPerPod=%d is never exceeded: a pod rejects connections above %d (config.HUBBUB_CONNECTIONS). Lower the one, or raise the other." (int64 .connectionsPerPod) $most) -}}
{{- end -}}
{{- if lt (int .maxReplicas) (int .minReplicas) -}}
{{- $faults = append $faults (printf "autoscaling.maxReplicas=%d is less than minReplicas=%d." (int .maxReplicas) (int .minReplicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if and $v.service.nodePort (eq $v.service.type "ClusterIP") -}}
{{- $faults = append $faults "service.nodePort needs service.type NodePort or LoadBalancer." -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute needs a gateway: set httpRoute.parentRefs to its name (and namespace)." -}}
{{- end -}}
{{- if and $v.metrics.serviceMonitor.enabled $v.metrics.podMonitor.enabled -}}
{{- $faults = append $faults "metrics.serviceMonitor and metrics.podMonitor would count every pod twice: enable one." -}}
{{- end -}}

{{- with $faults -}}
{{- fail (printf "\n\n  - %s\n" (join "\n  - " .)) -}}
{{- end -}}
{{- end }}
