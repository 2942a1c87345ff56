#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { register } from "tsx/esm/api";

enableCompileCache();
register();
await import("../scripts/cli/main.ts");
