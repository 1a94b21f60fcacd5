import {
  generateMessages,
  type Plugin,
  type PluginProcess,
  type PrintMessages,
  printBy,
  startPlugin,
} from "./protobuf-messages.ts";

/** Prints Protobuf messages by a process that is started before it is needed: most of its time is its start. */
export interface WarmPlugin {
  readonly print: PrintMessages;
  close(): void;
}

/** Keeps one idle protoc-gen-es at hand, for whoever prints again and again. The first run starts it. */
export function createWarmPlugin(): WarmPlugin {
  let waiting: { readonly path: string; readonly child: PluginProcess } | undefined;

  const prepare = (plugin: Plugin): void => {
    const child = startPlugin(plugin);
    // It may end before it was asked for anything; then the next run does without it.
    child.on("close", () => {
      if (waiting?.child === child) waiting = undefined;
    });
    // An idle helper keeps nobody from ending.
    child.unref();
    waiting = { path: plugin.path, child };
  };

  return {
    async print(request) {
      const ready = waiting?.path === request.plugin.path ? waiting.child : undefined;
      waiting = undefined;
      try {
        if (ready === undefined) return await generateMessages(request);
        ready.ref();
        return await printBy(ready, request);
      } finally {
        prepare(request.plugin);
      }
    },
    close() {
      waiting?.child.kill();
      waiting = undefined;
    },
  };
}
