// Preloaded into the process of protoc-gen-es.
import { quickenPlugin } from "./quick-plugin.ts";

quickenPlugin();
