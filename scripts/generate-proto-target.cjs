// The custom target by itself: npx pbjs -t ./scripts/generate-proto-target.cjs -p proto --alt-comment FILE.proto
// pbjs requires its targets, so this is CommonJS; the work is in the TypeScript file beside it.
require("tsx/cjs");
module.exports = require("./generate-proto-target.ts").typescriptTarget;
