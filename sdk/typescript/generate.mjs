// Generates src/gen from the schema. protoc finds its plugin on the PATH that npm run sets up; the
// schema stands outside this package because the server is generated from the same files.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
mkdirSync(`${here}src/gen`, { recursive: true });
execFileSync(
  process.env.PROTOC ?? "protoc",
  [
    "-I",
    "../../proto",
    "--es_out",
    "src/gen",
    "--es_opt",
    "target=ts,import_extension=js",
    "flare/model/v1/message.proto",
    "flare/client/v1/frame.proto",
  ],
  { cwd: here, stdio: "inherit" },
);
