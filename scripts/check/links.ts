import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Links between our pages, and from them to files, that lead nowhere. */
export function checkLinks(root: string): string[] {
  const docs = join(root, "docs");
  const pages = ["README.md", ...(existsSync(docs) ? readdirSync(docs).map((name) => join("docs", name)) : [])];
  return pages
    .filter((page) => page.endsWith(".md") && existsSync(join(root, page)))
    .flatMap((page) => {
      const text = readFileSync(join(root, page), "utf8");
      return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: links to ${target}, which is not there`);
    });
}
