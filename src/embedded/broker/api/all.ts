import { produce } from "./00-produce.ts";
import { fetch } from "./01-fetch.ts";
import { listOffsets } from "./02-list-offsets.ts";
import { metadata } from "./03-metadata.ts";
import { apiVersions } from "./18-api-versions.ts";
import type { Api } from "./api.ts";

/** Every API that is served; a test holds it against the table of versions. */
export const apis: readonly Api[] = [produce, fetch, listOffsets, metadata, apiVersions];
