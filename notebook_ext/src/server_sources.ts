/** Which sources has the server? Read once it has opened them, and kept. */

import * as api from './api';
import { ISource } from './events';

let once: Promise<ISource[]> | null = null;

/** Give the sources; what failed is tried again by the next who asks. */
export function loadSources(): Promise<ISource[]> {
  once ??= api
    .call<{ sources: ISource[] }>('sources')
    .then(body => body.sources)
    .catch(error => {
      once = null;
      throw error;
    });
  return once;
}
