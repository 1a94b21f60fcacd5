import dns from "node:dns";

/** Host names that only these tests know, under a domain that no resolver answers for (RFC 6761). */
export interface TestResolver {
  /** While true, the names cannot be resolved. */
  isDown: boolean;
  /** Lookups that failed. */
  readonly failed: number;
  restore(): void;
}

type Lookup = (
  name: string,
  options: dns.LookupOptions,
  done: (error: NodeJS.ErrnoException | null, address?: unknown, family?: number) => void,
) => void;

/** Takes the place of Node's resolver for names that end so; all others are looked up as before. */
export function hookResolver(domain: string): TestResolver {
  const original = dns.lookup;
  let failed = 0;
  const self = {
    isDown: false,
    get failed() {
      return failed;
    },
    restore() {
      dns.lookup = original;
    },
  };
  const lookup: Lookup = (name, options, done) => {
    if (!name.endsWith(domain)) return original(name, options as dns.LookupAllOptions, done as never);
    setImmediate(() => {
      if (self.isDown) {
        failed++;
        done(
          Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND", hostname: name }),
        );
      } else if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    });
  };
  const hooked = (name: string, options: unknown, done?: unknown): void =>
    typeof options === "function"
      ? lookup(name, {}, options as Parameters<Lookup>[2])
      : lookup(name, options as dns.LookupOptions, done as Parameters<Lookup>[2]);
  dns.lookup = hooked as typeof dns.lookup;
  return self;
}
