/** Which variables live in the kernel? Names, types, shapes and columns; never values. */

import { NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';

import { IVariable } from './events';

const WAIT_MS = 400;
const MOST = 200;

// One expression, so that nothing of it stays in the user's namespace. Attributes are read of
// known types only: a property of an unknown one could run anything.
const LOOK = `__import__("json").dumps((lambda ns: [
  {"name": n, "type": type(v).__name__,
   "shape": [int(k) for k in v.shape] if type(v).__module__.split(".")[0] in ("pandas", "numpy", "polars", "pyarrow") and isinstance(getattr(v, "shape", None), tuple) else ([len(v)] if type(v) in (list, dict, tuple, set) else []),
   "schema": {str(c): str(d) for c, d in list(zip(v.columns, v.dtypes))[:100]} if type(v).__module__.split(".")[0] in ("pandas", "polars") and type(v).__name__ == "DataFrame" else {}}
  for n, v in list(ns.items())
  if not n.startswith("_") and type(v).__name__ not in ("module", "function", "type", "method", "builtin_function_or_method")
  and n not in ("In", "Out", "exit", "quit", "open", "get_ipython")][:${MOST}])(globals()))`;

/** Ask the kernel; an empty list where it is busy, missing or no Python. */
export async function liveVariables(panel: NotebookPanel): Promise<IVariable[]> {
  try {
    return await look(panel);
  } catch {
    return []; // the kernel died meanwhile
  }
}

async function look(panel: NotebookPanel): Promise<IVariable[]> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel || kernel.status !== 'idle' || kernel.connectionStatus !== 'connected') {
    return [];
  }
  const info = await Promise.race([kernel.info, new Promise<null>(r => setTimeout(r, WAIT_MS, null))]);
  if (info?.language_info.name !== 'python') {
    return [];
  }
  const future = kernel.requestExecute(
    {
      code: '',
      silent: true,
      store_history: false,
      allow_stdin: false,
      user_expressions: { clew: LOOK.replace(/\n\s*/g, ' ') }
    },
    true
  );
  const reply = await Promise.race([
    future.done,
    new Promise<null>(resolve => window.setTimeout(resolve, WAIT_MS, null))
  ]);
  return reply ? read(reply as KernelMessage.IExecuteReplyMsg) : [];
}

function read(reply: KernelMessage.IExecuteReplyMsg): IVariable[] {
  try {
    const found = (reply.content as any).user_expressions.clew;
    const text: string = found.data['text/plain'];
    // The repr of a Python string: its quotes and escapes are undone.
    const body = text.slice(1, -1).replace(/\\(x..|u....|U........|[\s\S])/g, (_, sign) => {
      if (sign.length > 1) {
        return String.fromCodePoint(parseInt(sign.slice(1), 16));
      }
      return ({ n: '\n', t: '\t', r: '\r' } as any)[sign] ?? sign;
    });
    return JSON.parse(body);
  } catch {
    return [];
  }
}
