/** How does the panel speak to its server: same origin, Jupyter's login, events as a stream. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ICellView, IEvent, IRequest } from './events';

/** One frame of a stream: an event of a run, or a word about the run itself. */
export type Frame =
  | { kind: 'event'; event: IEvent }
  | { kind: 'run'; run: string; thread: string }
  | { kind: 'gone'; reason: string };

const STREAM = { Accept: 'text/event-stream', 'Content-Type': 'application/json' };

/** A refusal of the server, in words for the user. */
export class ServerRefusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly hint = ''
  ) {
    super(message);
  }
}

/** Call a route under `/clew/v1/` and give its JSON. */
export async function call<T>(
  path: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' = 'GET',
  body?: unknown
): Promise<T> {
  const response = await send(path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body)
  });
  const text = await response.text();
  return (text ? JSON.parse(text) : null) as T;
}

/** Read rows as an Arrow stream. */
export async function arrow(path: string): Promise<{ bytes: Uint8Array; headers: Headers }> {
  const headers = { Accept: 'application/vnd.apache.arrow.stream' };
  const response = await send(path, { method: 'GET', headers });
  return { bytes: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
}

/** Read a file. */
export async function download(path: string): Promise<Blob> {
  return (await send(path, { method: 'GET' })).blob();
}

/** Ask, and hear each frame as it comes; ends with the stream. */
export async function ask(
  request: IRequest,
  notebook: string | null,
  tell: (frame: Frame) => void,
  signal: AbortSignal
): Promise<void> {
  const query = notebook === null ? '' : `?notebook=${encodeURIComponent(notebook)}`;
  const init = { method: 'POST', body: JSON.stringify(request), headers: STREAM, signal };
  await readFrames(await send(`ask${query}`, init), tell);
}

/** Hear what happened in a run after the event number `after`, then what goes on in it. */
export async function follow(
  run: string,
  after: number,
  tell: (frame: Frame) => void,
  signal: AbortSignal
): Promise<void> {
  const path = `runs/${encodeURIComponent(run)}/events?after=${after}`;
  await readFrames(await send(path, { method: 'GET', headers: STREAM, signal }), tell);
}

/** Take up a run that waits or whose server died; its cells fit into the notebook as it is now. */
export async function resume(
  run: string,
  now: { cells?: ICellView[]; anchor?: string | null },
  notebook: string | null,
  tell: (frame: Frame) => void,
  signal: AbortSignal
): Promise<void> {
  const query = notebook === null ? '' : `?notebook=${encodeURIComponent(notebook)}`;
  const path = `runs/${encodeURIComponent(run)}/resume${query}`;
  const init = { method: 'POST', body: JSON.stringify(now), headers: STREAM, signal };
  await readFrames(await send(path, init), tell);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'clew', 'v1') + '/' + path;
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw await refusalOf(response);
  }
  return response;
}

/** Find the words of a refusal; Jupyter's own pages are no words for an analyst. */
async function refusalOf(response: Response): Promise<ServerRefusal> {
  try {
    const { reason, hint } = await response.json();
    if (typeof reason === 'string' && reason) {
      return new ServerRefusal(reason, response.status, typeof hint === 'string' ? hint : '');
    }
  } catch {
    // no JSON: the page of something that is not our server extension
  }
  if (response.status === 404) {
    return new ServerRefusal(
      'The server extension of Clew does not answer.',
      404,
      'Run "clew doctor" in a terminal: it says what is missing.'
    );
  }
  if (response.status === 403) {
    return new ServerRefusal('You are not logged in any more.', 403, 'Reload the page.');
  }
  return new ServerRefusal(
    `The server answered ${response.status} ${response.statusText}.`,
    response.status
  );
}

async function readFrames(response: Response, tell: (frame: Frame) => void): Promise<void> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    let end: number;
    while ((end = rest.indexOf('\n\n')) >= 0) {
      const frame = parseFrame(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (frame) {
        tell(frame);
      }
    }
    if (done) {
      return;
    }
  }
}

/** Read one frame; null for a comment that keeps the line open, and for what is no JSON. */
export function parseFrame(block: string): Frame | null {
  let name = '';
  const lines: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) {
      name = line.slice(6).trim();
    } else if (line.startsWith('data:')) {
      lines.push(line.slice(5).replace(/^ /, ''));
    }
  }
  if (lines.length === 0) {
    return null;
  }
  let data: any;
  try {
    data = JSON.parse(lines.join('\n'));
  } catch {
    return null;
  }
  if (name === 'run') {
    return { kind: 'run', run: String(data.run), thread: String(data.thread) };
  }
  if (name === 'gone') {
    return { kind: 'gone', reason: String(data.reason ?? '') };
  }
  return typeof data?.type === 'string' ? { kind: 'event', event: data } : null;
}
