import { uvmVmservice } from "./program.ts";

process.exit(await uvmVmservice(process.argv.slice(2)));
