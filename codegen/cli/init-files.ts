/** Text as a YAML scalar: JSON strings are YAML. */
const quote = (text: string): string => (/^[a-zA-Z][\w./-]*$/.test(text) ? text : JSON.stringify(text));

export function keryxYaml(clientId: string, schemas: string): string {
  return `# Settings of this project. Environment variables win over this file: KERYX__REGISTRY__URL sets registry.url.
# \`keryx config explain\` shows every setting and where its value comes from.
clientId: ${quote(clientId)}
brokers: ["localhost:9092"]
registry:
  url: http://localhost:8081

# Where the schemas are, and where the generated code goes.
schemas:
  dir: ${quote(schemas)}
  out: generated

# Delivery policy of every event. A folder, a topic and the schema itself may say otherwise; the later wins.
# \`keryx explain <event>\` shows where each value comes from.
defaults:
  compatibility: BACKWARD
  retry:
    delays: ["1s", "10s", "60s"]
`;
}

export function bufYaml(schemas: string): string {
  return `# For editors, \`buf lint\` and \`buf breaking\`; \`keryx generate\` reads the same folder.
version: v2
modules:
  - path: ${quote(schemas)}
lint:
  use:
    - STANDARD
  ignore:
    - ${quote(`${schemas}/keryx`)}
breaking:
  use:
    - WIRE_JSON
  ignore:
    - ${quote(`${schemas}/keryx`)}
`;
}

export const sampleEvent = `syntax = "proto3";

package shop.v1;

import "google/protobuf/timestamp.proto";
import "keryx/v1/options.proto";

// A customer placed an order.
message OrderPlaced {
  option (keryx.v1.event) = {
    type: "order.placed"
    topic: "shop-orders"
    key: "order_id"
    id: "event_id"
    time: "placed_at"
    retry: { delays: ["1s", "30s", "5m"] }
  };

  // Unique per event; a repeat carries the same one.
  string event_id = 1;
  // All events of one order share a partition.
  string order_id = 2;
  // Where the receipt goes. Never appears in logs, errors or dead-letter headers.
  string customer_email = 3 [(keryx.v1.field) = { sensitive: true }];
  // Sum in minor units, for example cents.
  int64 total_minor = 4;
  // When the order was accepted.
  google.protobuf.Timestamp placed_at = 5;
}
`;
