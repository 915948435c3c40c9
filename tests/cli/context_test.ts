/** What people are told to type, by how the program was started. */
import { strictEqual } from "node:assert/strict";
import { programOf, type Started } from "../../cli/context.ts";

Deno.test("context: people are told to type what works where they are", () => {
  const unix: Started = {
    standalone: true,
    executable: "/opt/lab/heliograph",
    deno: "2.9.6",
    path: "/usr/bin:/bin",
    folder: "/home/ann",
    windows: false,
  };
  const windows: Started = {
    ...unix,
    executable: "C:\\Program Files\\lab\\heliograph.exe",
    path: "C:\\Windows;C:\\Users",
    folder: "C:\\Users",
    windows: true,
  };
  const cases: [started: Started, program: string][] = [
    [{ ...unix, path: "/usr/bin:/opt/lab/" }, "heliograph"],
    [{ ...unix, folder: "/opt/lab" }, "./heliograph"],
    [unix, "/opt/lab/heliograph"],
    [{ ...unix, executable: "" }, "heliograph"],
    [{ ...windows, path: "C:\\Windows;C:\\Program Files\\lab" }, "heliograph"],
    [{ ...windows, folder: "C:\\Program Files\\lab" }, ".\\heliograph.exe"],
    [windows, '"C:\\Program Files\\lab\\heliograph.exe"'],
    [{ ...unix, standalone: false, executable: "/usr/bin/deno" }, "deno task heliograph"],
    [
      { ...unix, standalone: false, executable: "/root/.npm/_npx/7a40be78/node_modules/deno/deno" },
      "npx -y deno@2.9.6 task heliograph",
    ],
    [
      { ...windows, standalone: false, executable: "C:\\npm-cache\\_npx\\7a40be78\\node_modules\\deno\\deno.exe" },
      "npx -y deno@2.9.6 task heliograph",
    ],
  ];
  for (const [started, program] of cases) strictEqual(programOf(started), program);
});
