import { apis } from "../../embedded/broker/api/all.ts";
import type { Api } from "../../embedded/broker/api/api.ts";
import { apiVersions } from "../../embedded/broker/versions.ts";

/** An API as far as the proxy understands it. */
export interface KnownApi {
  readonly key: number;
  readonly name: string;
  /** Last version that clients are let use. */
  readonly max: number;
  readonly flexibleFrom: number;
  /** Bytes of its requests and answers, where rules may ask for them. */
  readonly api: Api | undefined;
}

export const keys = {
  produce: 0,
  metadata: 3,
  findCoordinator: 10,
  apiVersions: 18,
  describeCluster: 60,
} as const;

/** Of these the proxy reads more versions than the embedded broker serves: some clients like them flexible. */
const further = new Map<number, number>([
  [keys.metadata, 9],
  [keys.findCoordinator, 3],
]);

/** By key. Newer versions of Produce and Fetch name brokers, too (KIP-951), so that they end where the table does. */
export const knownApis: ReadonlyMap<number, KnownApi> = new Map(
  [
    ...apiVersions.map(({ key, name, max, flexibleFrom }) => ({
      ...{ key, name, flexibleFrom, max: further.get(key) ?? max },
      api: apis.find((one) => one.key === key),
    })),
    { key: keys.describeCluster, name: "DescribeCluster", max: 2, flexibleFrom: 0, api: undefined },
  ].map((one) => [one.key, one]),
);
