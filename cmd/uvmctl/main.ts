import { uvmctl } from "./program.ts";

process.exit(await uvmctl(process.argv.slice(2)));
