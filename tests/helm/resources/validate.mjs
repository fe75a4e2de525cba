// Reads a JSON list of objects and fails with a line for each that its operator or gateway would refuse.
import { readFileSync } from "node:fs";
import * as gateway from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import * as operator from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const known = { ...gateway, ...operator };
for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const Kind = known[object.kind];
  if (Kind === undefined) throw new Error(`${object.kind} is not known here`);
  try {
    new Kind(object).validate();
  } catch (error) {
    process.stdout.write(`${object.kind} ${object.metadata.name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
