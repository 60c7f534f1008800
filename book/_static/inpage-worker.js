/* The thread in which the page's Python runs, so that a page never hangs and a loop without end can be stopped with its thread. */
"use strict";
let kernel = null;
const say = (kind, id = "", text = "") => postMessage({ kind, id, text });

/* NumPy was built where the C library has backtrace(), with which it finds out who called it before it reuses the memory of a large
   intermediate result (numpy/_core/src/multiarray/temp_elide.c). Pyodide has none. "No frames", which is what 0 says, makes NumPy leave
   that out for good. So this is a WebAssembly library with one function, backtrace(buffer, size) = 0. */
function backtraceLibrary() {
  const name = (text) => [text.length, ...new TextEncoder().encode(text)];
  const section = (kind, ...body) => [kind, body.length, ...body];
  const INT = 0x7f;
  return Uint8Array.of(
    ...[0, ...new TextEncoder().encode("asm"), 1, 0, 0, 0],
    ...section(0, ...name("dylink.0"), 1, 4, 0, 0, 0, 0), // a shared library that needs no memory and no table
    ...section(1, 1, 0x60, 2, INT, INT, 1, INT), // type 0: (int, int) -> int
    ...section(3, 1, 0), // function 0 is of type 0
    ...section(7, 1, ...name("backtrace"), 0, 0), // and is exported
    ...section(10, 1, 4, 0, 0x41, 0, 0x0b), // its body: no locals, the constant 0, end
  );
}

async function start({ files, lab }) {
  importScripts(`${files}pyodide/pyodide.js`);
  const load = async (name) => {
    const reply = await fetch(`${files}${name}?${lab.version}`);
    if (!reply.ok) throw new Error(`${name} is not there (${reply.status})`);
    return reply.arrayBuffer();
  };
  const [python, ...archives] = await Promise.all([loadPyodide({ indexURL: `${files}pyodide/` }), load("numpy.zip"), load("book.zip")]);
  const folder = python.runPython("import sysconfig; sysconfig.get_path('purelib')");
  for (const archive of archives) python.unpackArchive(archive, "zip", { extractDir: folder });
  python.FS.writeFile("/lib/libbacktrace.so", backtraceLibrary());
  python.runPython("import ctypes; ctypes.CDLL('/lib/libbacktrace.so', ctypes.RTLD_GLOBAL)");
  const { Kernel } = python.pyimport("pagekernel");
  const made = Kernel(lab.slug, python.toPy(lab.cells), say);
  kernel = { run: ({ id, answers, hint }) => made.run(id, python.toPy(answers), hint) };
  say("ready");
}

onmessage = async ({ data }) => {
  try {
    if (data.lab) await start(data);
    else kernel.run(data);
  } catch (error) {
    say("broken", "", String(error.message ?? error).trim().split("\n").at(-1));
  }
};
