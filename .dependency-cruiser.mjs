// Who may import whom, as a table: folder → folders (of src unless it says otherwise). The folder itself is always allowed.
const src = {
  core: [],
  codec: ["core/coded-error", "core/errors", "core/limits"],
  schema: ["core"],
  registry: ["core", "schema"],
  transport: ["core"],
  stores: ["core"],
  middleware: ["core"],
  compatibility: ["core", "schema"],
  serde: ["core", "codec", "schema", "registry"],
  observe: ["core", "transport"],
  embedded: ["core", "schema", "compatibility"],
  runtime: ["core", "codec"],
  producer: ["core", "serde", "transport"],
  consumer: ["core", "serde", "transport", "stores"],
  outbox: ["core", "serde", "transport", "stores"],
  config: ["core", "[a-z]+/options", "[a-z]+/port"],
  testing: ["core", "transport", "stores", "serde", "registry", "embedded", "keryx"],
  cli: ["core", "config", "serde", "registry", "transport", "observe", "embedded", "keryx"],
};
const codegen = {
  load: ["codegen/(model/|diagnostics)", "src/(core|schema|compatibility)/"],
  check: ["codegen/(model/|diagnostics)", "src/(core|schema|compatibility)/"],
  emit: ["codegen/(model/|diagnostics)", "src/(core|schema|compatibility)/"],
  model: ["codegen/diagnostics", "src/(core|schema)/"],
};

const only = (name, from, allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: "^(src|codegen|generated|test|examples|bench|bin|demo)/", pathNot: allowed },
});

/** Third-party libraries with one home each. */
const homes = {
  kafkajs: "^src/transport/kafkajs",
  pino: "^src/observe/logging\\.ts$",
  zod: "^src/([a-z/]+/options|config/[a-z-]+)\\.ts$",
  yaml: "^src/config/|^codegen/cli/",
  commander: "^(bin|src/cli|codegen/cli)/",
  "jsonc-parser": "^src/schema/",
  "lru-cache": "^src/registry/",
  snappyjs: "^src/transport/",
  "@peculiar/x509": "^codegen/cli/dev/tls\\.ts$",
  "reflect-metadata": "^codegen/cli/dev/tls\\.ts$",
  "@kafkajs/confluent-schema-registry": "^src/registry/kafkajs-registry\\.ts$",
  "@bufbuild/protobuf": "^(codegen|generated)/",
};
const oracles = ["avsc", "protobufjs"];

export default {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...Object.entries(src).map(([folder, allowed]) =>
      only(`src-${folder}`, `^src/${folder}/`, [`^src/(${[folder, ...allowed].join("|")})(/|\\.ts$)`]),
    ),
    only("src-keryx", "^src/keryx\\.ts$", ["^src/(?!runtime/|embedded/|cli/|testing/|index)"]),
    only("src-index", "^src/index\\.ts$", ["^src/(keryx\\.ts|core/|middleware/|[a-z]+/(options|port)\\.ts)"]),
    ...Object.entries(codegen).map(([folder, allowed]) =>
      only(`codegen-${folder}`, `^codegen/${folder}/`, [
        `^codegen/${folder}/`,
        ...allowed.map((path) => `^${path}`),
      ]),
    ),
    only("codegen-cli", "^codegen/cli/", [
      "^codegen/",
      "^src/(core|config|schema|compatibility|registry|embedded)/",
      // `keryx bench codec` measures what producers and consumers run.
      "^src/serde/json\\.ts$",
    ]),
    only("codegen-register", "^codegen/register", [
      "^codegen/(model/|diagnostics|register)",
      "^src/(core|registry)/",
    ]),
    only("generated", "^generated/", ["^generated/", "^src/runtime/v1\\.ts$"]),
    only("examples-by-name", "^(examples|bench|demo)/", [
      "^(examples|bench|demo|generated)/",
      "^src/(index|runtime/v1|testing/index)\\.ts$",
    ]),
    ...Object.entries(homes).map(([library, home]) => ({
      name: `home-of-${library}`,
      severity: "error",
      from: { path: "^(src|codegen)/", pathNot: home },
      to: { path: `^node_modules/${library}/` },
    })),
    {
      name: "test-oracles-only-in-tests",
      severity: "error",
      from: { path: "^(src|codegen|generated)/" },
      to: { path: `^node_modules/(${oracles.join("|")})/` },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|coverage)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["@keryx/source", "import", "node", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
